"""Print how often the kind of thing is read right, on titles read by hand (``tests/data/kinds_gold.csv``): one JSON document.

Three parts: ``development`` (its errors were read while the tables were changed), ``held_out`` (its titles were read for their labels before
the tables were changed, its errors never) and ``fresh`` (drawn after the last change; the honest figure). The titles are re-written; where
the real listings lie beside the repository, the same labels are also judged on the real titles.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pandas as pd

from features.brands import find_brands
from features.canonical import canonicalise_all
from features.kind import classify
from features.kind_quality import by_class, confusion, figures, judged
from pipeline.reference import load_lexicons

ROOT = Path(__file__).resolve().parent.parent
GOLD = ROOT / "tests" / "data" / "kinds_gold.csv"
REAL = ROOT.parent / "shared" / "data" / "listings"
HALVES = ("development", "held_out", "fresh")


def read_gold() -> pd.DataFrame:
    """Return the titles read by hand, an empty category as missing."""
    gold = pd.read_csv(GOLD, dtype="str", keep_default_na=False)
    return gold.assign(category=gold["category"].where(gold["category"].ne("")), stands_for=gold["stands_for"].astype(float))


def judge(gold: pd.DataFrame, titles: pd.Series) -> pd.DataFrame:
    """Return ``gold`` with the answers for ``titles`` (same rows) beside it."""
    lexicons = load_lexicons()
    read = canonicalise_all(titles.tolist(), lexicons.brands.joinable)
    no_field = pd.Series([None] * len(gold), dtype="str")
    brands = find_brands(read, no_field, lexicons.brands)
    return judged(gold, classify(read, gold["category"], brands, lexicons.kinds))


def real_titles() -> dict[str, str]:
    """Return the real titles by the key that the gold rows carry; empty where the listings are absent."""
    titles: dict[str, str] = {}
    for path in sorted(REAL.glob("*.parquet")):
        try:
            table = pd.read_parquet(path, columns=["platform", "title"]).dropna()
        except (OSError, ValueError):
            continue  # reviews and sellers have no title
        for platform, title in zip(table["platform"], table["title"], strict=True):
            titles[hashlib.sha256(f"{platform}|{title}".encode()).hexdigest()[:12]] = title
    return titles


def report(table: pd.DataFrame) -> dict[str, Any]:
    """Return the figures of each part, and for the parts that were not tuned on together the classes and the errors."""
    unseen = table[table["half"].ne("development")]
    group = {"truth": "goods_group", "said": "said_group", "right": "group_right"}
    item = {"truth": "item_type", "said": "said_item", "right": "item_right"}
    return {
        **{half: figures(table[table["half"].eq(half)]) for half in HALVES if table["half"].eq(half).any()},
        "groups": by_class(unseen, **group),
        "group_confusion": confusion(unseen, **group),
        "items": by_class(unseen, **item),
        "item_confusion": confusion(unseen, **item),
    }


def main() -> None:
    """Judge the re-written titles, and the real ones where they are."""
    gold = read_gold()
    titles = gold["real_key"].map(real_titles())
    found = titles.notna()
    said = {"rewritten": report(judge(gold, gold["title"]))}
    if found.any():
        said["real"] = report(judge(gold[found].reset_index(drop=True), titles[found]))
    print(json.dumps({"interval": "95 % Wilson: share, low, high, count", **said}, ensure_ascii=False, indent=1))


if __name__ == "__main__":
    main()
