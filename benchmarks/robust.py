"""How much of a listing survives evasion, and what the reading costs: ``python -m benchmarks.robust``. Prints one JSON document.

Three questions. *Kept*: of the cue hits that count and the brands that real titles name, how many are still found when exactly those words
are rewritten by a tactic (`benchmarks.obfuscation`)? *Rank*: how far do planted listings fall in a batch of real ones when they do so?
*New*: which hits on the untouched real listings exist only because of the reading, and which of them are false? These were read by a
person; ``reviewed_hits.csv`` holds the verdicts, and a hit nobody has read is printed as unread.
"""

from __future__ import annotations

import csv
import json
import random
import sys
import tempfile
import time
import unicodedata
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from benchmarks.obfuscation import disguise, names, write
from features.assemble import Lexicons, row_features
from features.brands import find_brands
from features.canonical import canonicalise, canonicalise_all
from features.cues import CONTEXT_COLUMNS, find_cues
from features.fold import fold
from features.price import PEER_COLUMNS, PriceReference, against_genuine
from features.seller import official
from features.seller_profile import seller_profile
from models.evidence import weigh
from pipeline.config import DEMO_KEY, load_run_config
from pipeline.lock import lock
from pipeline.reference import Reference, load_lexicons, load_reference
from pipeline.sources.mapping import load_mappings
from pipeline.stages.score import with_lexicon
from pipeline.stages.take_in import take_in
from pipeline.store import parts, read_parquet

REAL = Path(__file__).resolve().parent.parent.parent / "shared" / "data" / "listings"
REVIEWED = Path(__file__).with_name("reviewed_hits.csv")
SEED = 20261124
BATCH, PLANTED, BRAND_TITLES, PER_BRAND = 5000, 100, 600, 12
PHRASES = ("rep 1:1", "super fake", "siêu cấp", "like auth", "hàng replica", "quảng châu cao cấp", "hàng xuất dư", "bản đẹp nhất thị trường")


class Kept(NamedTuple):
    """``found`` of ``changed`` rewritten words were still found; words that a tactic could not change are not counted."""

    found: int
    changed: int

    def to_json(self) -> dict[str, Any]:
        """Return counts and their share."""
        return {"kept": round(self.found / self.changed, 4) if self.changed else None, "of": self.changed}


# --- kept ---


def real_hits(listings: pd.DataFrame, lexicons: Lexicons) -> pd.DataFrame:
    """Return the hits that count as signs, with row positions in ``listings``."""
    hits = row_features(listings, lexicons).hits
    return hits[hits["polarity"].eq("sign")].reset_index(drop=True)


def cue_hits_kept(listings: pd.DataFrame, hits: pd.DataFrame, tactic: str, lexicons: Lexicons) -> Kept:
    """Rewrite the words of every hit where they stand and read the listings again."""
    changed = listings.reset_index(drop=True)
    wanted: list[tuple[int, str]] = []
    for (row, field), group in hits.groupby(["row", "field"]):
        old = str(changed.at[row, field])
        new = disguise(old, zip(group["start"], group["end"], strict=True), tactic, seed=SEED)
        if new != old:
            changed.at[row, field] = new
            wanted += [(int(row), cue) for cue in set(group["cue_id"])]
    found = real_hits(changed, lexicons)
    return _kept(wanted, set(zip(found["row"], found["cue_id"], strict=True)))


def table_hits_kept(reference: Reference, tactic: str, lexicons: Lexicons) -> Kept:
    """Every active phrase of the table in an invented title whose facts its cue asks for."""
    draw = random.Random(f"{tactic} {SEED}")
    wanted, titles, facts = [], [], []
    for cue, phrase, context in synthetic_titles(reference, lexicons):
        written = write(phrase, tactic, draw)
        if written != phrase:
            wanted.append((len(titles), cue))
            titles.append(_title(written, cue))
            facts.append(context)
    hits = _signs(titles, facts, lexicons)
    return _kept(wanted, hits)


def synthetic_titles(reference: Reference, lexicons: Lexicons) -> list[tuple[str, str, dict[str, str]]]:
    """Return ``(cue_id, phrase, facts)`` for every phrase that is a sign when written plainly."""
    active = reference.cues[reference.cues["status"].eq("active")]
    rows = []
    for cue in active.itertuples():
        forms = [str(cue.term), *(str(cue.variants).split("|") if isinstance(cue.variants, str) else [])]
        if not any("re:" in form for form in forms) and not (isinstance(cue.needs, str) and "near:" in cue.needs):
            rows += [(str(cue.cue_id), form, _facts(cue.needs)) for form in forms]
    signs = _signs([_title(phrase, cue) for cue, phrase, _ in rows], [facts for *_, facts in rows], lexicons)
    return [row for at, row in enumerate(rows) if (at, row[0]) in signs]


def brands_kept(titles: Sequence[tuple[str, str, int, int]], tactic: str, lexicons: Lexicons) -> Kept:
    """Rewrite the brand where real titles name it as maker, and find it again; ``titles`` hold (title, brand, start, end)."""
    joinable = lexicons.brands.joinable | lexicons.cues.joinable
    written = [(disguise(title, [(start, end)], tactic, seed=SEED), title, brand) for title, brand, start, end in titles]
    changed = [(new, brand) for new, old, brand in written if new != old]
    found = find_brands(canonicalise_all([new for new, _ in changed], joinable), pd.Series([None] * len(changed), dtype="str"), lexicons.brands)
    hits = found["brand"].where(found["brand_role"].eq("mark"))
    return Kept(sum(one == brand for one, (_, brand) in zip(hits, changed, strict=True)), len(changed))


def branded_titles(listings: pd.DataFrame, lexicons: Lexicons) -> list[tuple[str, str, int, int]]:
    """Draw titles that name a brand as maker, at most `PER_BRAND` of one brand."""
    titles = listings["title"].drop_duplicates().sample(frac=1, random_state=SEED).tolist()[:40_000]
    joinable = lexicons.brands.joinable | lexicons.cues.joinable
    found = find_brands(canonicalise_all(titles, joinable), pd.Series([None] * len(titles), dtype="str"), lexicons.brands)
    found = found.assign(title=titles)[found["brand_role"].eq("mark") & found["n_brands"].eq(1)]
    found = found.groupby("brand").head(PER_BRAND).head(BRAND_TITLES)
    rows = zip(found["title"], found["brand"], found["brand_start"].astype(int), found["brand_end"].astype(int), strict=True)
    return list(rows)


def _kept(wanted: Iterable[tuple[int, str]], found: set[tuple[int, str]]) -> Kept:
    pairs = list(wanted)
    return Kept(sum(pair in found for pair in pairs), len(pairs))


def _signs(titles: list[str], facts: list[dict[str, str]], lexicons: Lexicons) -> set[tuple[int, str]]:
    joinable = lexicons.brands.joinable | lexicons.cues.joinable
    context = pd.DataFrame([dict.fromkeys(CONTEXT_COLUMNS) | one for one in facts], columns=CONTEXT_COLUMNS).astype("str")
    texts = dict.fromkeys(("title", "description"), titles)
    hits = find_cues({field: canonicalise_all(titles, joinable) for field in texts}, texts, context, lexicons.cues)
    hits = hits[hits["polarity"].eq("sign")]
    return set(zip(hits["row"], hits["cue_id"], strict=True))


def _title(phrase: str, cue_id: str) -> str:
    return f"Mẫu mới về, {phrase} , giao nhanh"


def _facts(needs: object) -> dict[str, str]:
    facts = {"platform": "shopee"}
    for part in needs.split(";") if isinstance(needs, str) else []:
        name, _, values = part.split(" or ")[0].strip().partition(":")
        if name == "brand":
            facts |= {"brand": "Nike", "brand_role": "mark"}
        elif name == "goods":
            facts["goods_group"] = values.split("|")[0].strip()
    return facts


# --- rank ---


class Batch(NamedTuple):
    """Real rows and planted ones, both with what is known of their sellers, and prices fitted once on all of them."""

    rows: pd.DataFrame
    planted: pd.DataFrame
    spans: list[list[tuple[int, int]]]
    price: PriceReference


def plant(listings: pd.DataFrame, lexicons: Lexicons, reference: Reference) -> Batch:
    """Return a batch in which `PLANTED` branded listings say openly what they are."""
    rows = listings.sample(BATCH, random_state=SEED).reset_index(drop=True)
    columns = row_features(listings.sample(20_000, random_state=SEED + 1), lexicons).columns
    goods = ["giày dép", "thời trang", "túi xách, ví, balo", "đồng hồ"]
    able = columns[columns["brand_from"].eq("title") & columns["brand_role"].eq("mark") & columns["goods_group"].isin(goods)]
    pool = listings.sample(20_000, random_state=SEED + 1).reset_index(drop=True)
    chosen = able.groupby("brand").head(PER_BRAND).head(PLANTED)
    planted, spans = pool.loc[chosen.index].reset_index(drop=True), []
    for at, (start, end) in enumerate(zip(chosen["brand_start"], chosen["brand_end"], strict=True)):
        title, phrase = str(planted.at[at, "title"]), PHRASES[at % len(PHRASES)]
        planted.at[at, "title"] = f"{title} {phrase}"
        spans.append([(int(start), int(end)), (len(title) + 1, len(title) + 1 + len(phrase))])
    planted = planted.assign(listing_id=[f"planted-{at}" for at in range(len(planted))], is_official=False)
    together = pd.concat([rows, planted], ignore_index=True)
    read = row_features(together, lexicons)
    compact = _with_columns(together, read.columns)
    compact["is_official"] = official(compact).eq(1.0)
    compact["has_sign"] = compact.index.isin(read.hits.loc[read.hits["polarity"].eq("sign"), "row"])
    price = PriceReference().fit(compact[PEER_COLUMNS])
    gap = price.transform(compact)["price_gap"]
    sellers = seller_profile(compact, gap, reference.seller_identity, settings=reference.sellers)
    both = pd.concat([together, sellers[[name for name in sellers if name not in together]]], axis=1)
    return Batch(both.head(len(rows)), both.tail(len(planted)).reset_index(drop=True), spans, price)


def points(listings: pd.DataFrame, batch: Batch, lexicons: Lexicons, reference: Reference) -> np.ndarray:
    """Return evidence points, one per listing."""
    columns, hits, *_ = row_features(listings, lexicons)
    rows = _with_columns(listings.reset_index(drop=True), columns)
    rows = pd.concat([rows, batch.price.transform(rows), against_genuine(rows, reference.genuine_prices)], axis=1)
    return weigh(rows, with_lexicon(hits, reference), reference.weights).scores["points"].to_numpy()


def _with_columns(listings: pd.DataFrame, columns: pd.DataFrame) -> pd.DataFrame:
    own = columns.drop(columns=["platform", "listing_id", "captured_at", "seller_id"])
    return pd.concat([listings.rename(columns={"brand": "brand_field"}), own], axis=1)


def rank_change(batch: Batch, others: np.ndarray, plain: np.ndarray, tactic: str, lexicons: Lexicons, reference: Reference) -> dict[str, Any]:
    """Mean rank of the planted rows (1 is best) when they write so, and what they lost to writing plainly."""
    titles = [disguise(title, spans, tactic, seed=SEED) for title, spans in zip(batch.planted["title"], batch.spans, strict=True)]
    written = points(batch.planted.assign(title=pd.Series(titles, dtype="str")), batch, lexicons, reference)
    before, after = _ranks(plain, others), _ranks(written, others)
    rho = pd.Series(plain).rank().corr(pd.Series(written).rank())
    return {
        "mean_rank": round(float(after.mean()), 1),
        "mean_rank_loss": round(float((after - before).mean()), 1),
        "in_first_hundred": int((after <= PLANTED).sum()),
        "spearman": None if np.isnan(rho) else round(float(rho), 3),
    }


def _ranks(mine: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Rank of each planted row among the real ones: 1 + how many of those stand higher, half of those that stand level."""
    return np.array([1 + (others > one).sum() + 0.5 * (others == one).sum() for one in mine])


# --- new ---


def new_hits(listings: Path, lexicons: Lexicons, reference: Reference) -> dict[str, Any]:
    """Count and list the hits that owe themselves to the reading: their quote is no form of the table as it stands."""
    forms = _table_forms(reference)
    verdicts = {(row["cue_id"], row["quote"]): row["verdict"] for row in csv.DictReader(REVIEWED.open(encoding="utf-8"))}
    n_rows, n_hits, new = 0, 0, []
    for part in parts(listings):
        rows = read_parquet(part)
        hits = row_features(rows, lexicons).hits
        n_rows, n_hits = n_rows + len(rows), n_hits + len(hits)
        keys = hits["quote"].map(lambda quote: " ".join(fold(quote).split()))
        own = [quote in forms.get(cue, set()) or not forms.get(cue) for cue, quote in zip(hits["cue_id"], keys, strict=True)]
        new.append(hits.assign(quote=keys.map(lambda quote: unicodedata.normalize("NFC", quote)))[~np.array(own, dtype=bool)])
    table = pd.concat(new).groupby(["cue_id", "quote", "polarity"]).size().reset_index(name="n")
    table["verdict"] = [verdicts.get(key, "unread") for key in zip(table["cue_id"], table["quote"], strict=True)]
    signs = table[table["polarity"].eq("sign")]
    false = int(signs.loc[signs["verdict"].eq("false"), "n"].sum())
    return {
        "listings": n_rows,
        "hits": n_hits,
        "new_hits": int(table["n"].sum()),
        "new_signs": int(signs["n"].sum()),
        "false_new_signs": false,
        "false_new_signs_per_hit": round(false / n_hits, 6),
        "unread": int(table["verdict"].eq("unread").sum()),
        "list": table.sort_values(["polarity", "cue_id", "quote"], ascending=[False, True, True]).to_dict("records"),
    }


def _table_forms(reference: Reference) -> dict[str, set[str]]:
    forms: dict[str, set[str]] = {}
    for cue in reference.cues.itertuples():
        cells = [str(cue.term), str(cue.variants) if isinstance(cue.variants, str) else ""]
        if not any("re:" in cell for cell in cells):
            forms[str(cue.cue_id)] = {" ".join(fold(form).split()) for cell in cells for form in cell.split("|") if form}
    return forms


# --- cost ---


def cost(listings: pd.DataFrame, lexicons: Lexicons) -> dict[str, Any]:
    """Microseconds of one core for a listing whose description has 1,200 to 1,600 characters: canonical text, then the search for cues."""
    long = listings[listings["description"].fillna("").str.len().between(1200, 1600)].sample(2000, random_state=SEED)
    texts = {field: long[field].fillna("").astype(str).tolist() for field in ("title", "description")}
    joinable = lexicons.brands.joinable | lexicons.cues.joinable
    canonicalise("", joinable)
    context = pd.DataFrame(dict.fromkeys(CONTEXT_COLUMNS, pd.Series([None] * len(long), dtype="str")))
    read, found = [], []
    for _ in range(3):
        begun = time.process_time()
        canonical = {field: canonicalise_all(values, joinable) for field, values in texts.items()}
        read.append(time.process_time() - begun)
        begun = time.process_time()
        find_cues(canonical, texts, context, lexicons.cues)
        found.append(time.process_time() - begun)
    each = 1e6 / len(long)
    return {"canonical_us": round(min(read) * each, 1), "cues_us": round(min(found) * each, 1), "us": round((min(read) + min(found)) * each, 1)}


def main() -> None:
    """Take the real listings in once, answer the questions and print the answers."""
    files = [Path(name) for name in sys.argv[1:]] or sorted(REAL.glob("*.parquet"))
    if not files:
        sys.exit(f"no real listings at {REAL}; name files to measure others")
    lexicons, reference = load_lexicons(), load_reference()
    with tempfile.TemporaryDirectory() as folder, lock(Path(folder)):
        take_in(files, out=Path(folder), config=load_run_config(), mappings=load_mappings(), key=DEMO_KEY)
        print(json.dumps(answers(next(Path(folder).rglob("part-*.parquet")).parent, lexicons, reference), ensure_ascii=False, indent=1))


def answers(folder: Path, lexicons: Lexicons, reference: Reference) -> dict[str, Any]:
    """Measure everything on the listings in ``folder``."""
    listings = pd.concat([read_parquet(part) for part in parts(folder)], ignore_index=True)
    with_words = listings[real_rows_with_signs(folder, lexicons)].drop_duplicates(["title", "description"]).reset_index(drop=True)
    hits = real_hits(with_words, lexicons)
    titles = branded_titles(listings, lexicons)
    batch = plant(listings, lexicons, reference)
    others, plain = points(batch.rows, batch, lexicons, reference), points(batch.planted, batch, lexicons, reference)
    tactics = {}
    for tactic in names():
        tactics[tactic] = {
            "cues_in_real_listings": cue_hits_kept(with_words, hits, tactic, lexicons).to_json(),
            "cues_of_the_table": table_hits_kept(reference, tactic, lexicons).to_json(),
            "brands_in_real_titles": brands_kept(titles, tactic, lexicons).to_json(),
            "rank": rank_change(batch, others, plain, tactic, lexicons, reference),
        }
    measures = ("cues_in_real_listings", "cues_of_the_table", "brands_in_real_titles")
    shares = {name: [one[name]["kept"] for one in tactics.values() if one[name]["kept"] is not None] for name in measures}
    return {
        "seed": SEED,
        "tactics": tactics,
        "kept_on_average": {name: round(float(np.mean(values)), 4) for name, values in shares.items()},
        "least_kept": {name: min(values) for name, values in shares.items()},
        "mean_rank_written_plainly": round(float(_ranks(plain, others).mean()), 1),
        "batch": BATCH + len(batch.planted),
        "new_hits_on_untouched_listings": new_hits(folder, lexicons, reference),
        "cost_of_a_listing_of_1400_characters": cost(listings, lexicons),
    }


def real_rows_with_signs(folder: Path, lexicons: Lexicons) -> np.ndarray:
    """Return a mask over all listings: at most 40 rows of each cue that counts somewhere."""
    masks = []
    seen: dict[str, int] = {}
    for part in parts(folder):
        rows = read_parquet(part)
        mask = np.zeros(len(rows), dtype=bool)
        for row, cue in real_hits(rows, lexicons)[["row", "cue_id"]].drop_duplicates().itertuples(index=False):
            if seen.get(cue, 0) < 40:
                seen[cue] = seen.get(cue, 0) + 1
                mask[row] = True
        masks.append(mask)
    return np.concatenate(masks)


if __name__ == "__main__":
    main()
