"""What the seller family costs and how often it fires where nothing is fake: ``python benchmarks/sellers.py [WORK]``.

Prints one JSON document; nothing is asserted. WORK is the ``work`` folder of a run (``soihang run … --out DIR`` leaves ``DIR/work``); without it the
real listings beside the repository are ingested and read first. Where there are none, only the cost is printed.
"""

from __future__ import annotations

import json
import resource
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from lightgbm import LGBMClassifier
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GroupKFold, cross_val_predict

from features.seller import seller_key
from features.seller_profile import SellerSettings, seller_profile
from models.control import is_control
from models.evidence import weigh
from models.matrix import matrix
from models.seller_priority import seller_priority
from pipeline.config import DEMO_KEY, load_run_config
from pipeline.lock import lock
from pipeline.reference import load_reference
from pipeline.sources.mapping import load_mappings
from pipeline.stages.judge import read_features
from pipeline.stages.market import build_market, join_rows
from pipeline.stages.score import with_lexicon
from pipeline.stages.take_in import take_in
from pipeline.store import parts, read_parquet

REAL = Path(__file__).resolve().parent.parent.parent / "shared" / "data" / "listings"
SEED = 20261124
_SHARPENERS = ("seller_new", "seller_many_brands", "seller_other_signs", "seller_found_before", "seller_complaints")
#: A file needs so many listings with and without signs before an AUC means anything.
_ENOUGH = 20


def main() -> None:
    """Print cost, and on real listings firing rates, rank correlation with size and what missing cells alone explain."""
    said: dict[str, Any] = {"cost_of_1_000_000_rows": {f"{days} days": cost(1_000_000, days) for days in (1, 300)}}
    if len(sys.argv) > 1:
        said |= on_real(Path(sys.argv[1]))
    elif list(REAL.glob("*.parquet")):
        with tempfile.TemporaryDirectory() as folder:
            said |= on_real(prepared(Path(folder)))
    print(json.dumps(said, ensure_ascii=False, indent=2))


# --- cost ---


def cost(n_rows: int, n_days: int) -> dict[str, Any]:
    """Processor seconds and peak memory (of this process so far) of one profile, compiled before."""
    reference = load_reference()
    _profile(invented(2_000, n_days), reference.seller_identity)
    table = invented(n_rows, n_days)
    begun = time.process_time()
    _profile(table, reference.seller_identity)
    seconds = time.process_time() - begun
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    held = round(float(table.memory_usage(deep=True).sum()) / 1e9, 2)
    return {"processor_seconds": round(seconds, 1), "peak_memory_gb": round(peak, 2), "crawl_gb": held}


def _profile(table: pd.DataFrame, duties: pd.DataFrame) -> pd.DataFrame:
    known = pd.DataFrame(
        {"platform": table["platform"], "listing_id": table["listing_id"], "seller_id": table["seller_id"], "known_at": table["captured_at"]}
    ).head(len(table) // 20)
    known["status"] = np.where(np.arange(len(known)) % 3 == 0, "confirmed", "cleared")
    return seller_profile(table, table["gap"], duties, settings=SellerSettings(), outcomes=known)


def invented(n_rows: int, n_days: int) -> pd.DataFrame:
    """A crawl with shops of very different sizes, of which every column is filled somewhere; 5 % of its rows have an outcome."""
    draw = np.random.default_rng(SEED)
    n_sellers = max(10, n_rows // 15)
    seller = np.minimum((draw.pareto(1.2, n_rows) * n_sellers / 20).astype(np.int64), n_sellers - 1)
    listing = draw.integers(0, max(1, n_rows // (3 if n_days > 1 else 1)), n_rows)
    day = pd.Timestamp("2026-01-01", tz="UTC") + pd.to_timedelta(draw.integers(0, n_days, n_rows), unit="D")
    names = pd.Series([f"Cửa hàng {number % 50_000}" for number in range(n_sellers)], dtype="str")
    table = pd.DataFrame({"platform": pd.Series(np.where(seller % 2 == 0, "shopee", "lazada"), dtype="str")})
    table["listing_id"] = pd.Series(listing).astype("str")
    table["seller_id"] = pd.Series(seller).astype("str")
    table["seller_name"] = names.take(seller).reset_index(drop=True)
    table["captured_at"] = pd.Series(day).astype("datetime64[us, UTC]")
    table["seller_joined_at"] = table["captured_at"] - pd.to_timedelta(draw.integers(0, 2000, n_rows), unit="D")
    table["created_at"] = table["captured_at"] - pd.to_timedelta(draw.integers(0, 200, n_rows), unit="D")
    table["is_official"] = pd.array(draw.random(n_rows) < 0.1, dtype="boolean")
    for name, value in (("seller_type", "normal"), ("observes", "tax_code,licence_no,seller_id"), ("tax_code", None), ("licence_no", "GP-1")):
        table[name] = pd.Series([value] * n_rows, dtype="str")
    table["contact_keys"] = pd.Series(np.where(draw.random(n_rows) < 0.05, "k" + pd.Series(seller % 9_999).astype(str), None), dtype="str")
    for name in ("seller_rating", "rating"):
        table[name] = np.round(draw.normal(4.7, 0.2, n_rows).clip(1, 5), 1)
    for name in ("seller_n_products", "seller_n_followers", "n_reviews", "n_sold"):
        table[name] = draw.integers(0, 5_000, n_rows).astype(float)
    table["brand"] = pd.Series(np.where(draw.random(n_rows) < 0.3, pd.Series(listing % 200).astype(str), None), dtype="str")
    table["brand_role"] = pd.Series(["mark"] * n_rows, dtype="str")
    table["brand_famous"] = draw.random(n_rows) < 0.3
    table["goods_group"] = pd.Series(listing % 20).astype("str")
    table["has_sign"] = draw.random(n_rows) < 0.01
    table["gap"] = np.where(draw.random(n_rows) < 0.3, draw.normal(0, 0.5, n_rows), np.nan)
    return table


# --- real listings ---


def prepared(folder: Path) -> Path:
    """Ingest and read the real listings into ``folder``; returns its ``work``."""
    with lock(folder):
        settings = load_run_config()
        taken = take_in(sorted(REAL.glob("*.parquet")), out=folder, config=settings, mappings=load_mappings(), key=DEMO_KEY)
        read_features(folder, config=settings, n_listings=taken.n_listings)
    return folder / "work"


def on_real(work: Path) -> dict[str, Any]:
    """Return everything that needs real listings."""
    reference = load_reference()
    build_market(work / "listings", work, reference)
    judged = pd.concat([_judge(part, work) for part in parts(work / "listings")], ignore_index=True)
    settings = load_run_config().plan
    named = judged[judged["seller"].notna()]
    ranked = seller_priority(named["points"], named["seller"], flagged_from=settings.flagged_points)
    control = named[named["control"]]
    masked = seller_priority(control["masked_points"], control["seller"], flagged_from=settings.flagged_points)
    # Those that would stand on a list as if the platform had never vouched for them.
    listed = masked[masked["strongest"] >= settings.min_points]
    return {
        "listings": len(judged),
        "sellers": len(ranked),
        "priority_rank_correlation_with_shop_size": _size_correlation(ranked),
        "the_same_among_sellers_with_signs": _size_correlation(ranked[ranked["n_flagged"] > 0]),
        "control_sellers": len(masked),
        "control_sellers_that_would_be_listed": len(listed),
        "those": listed["priority"].round(2).to_dict(),
        "sharpeners_on_all": {name: int(judged[name].sum()) for name in _SHARPENERS},
        "sharpeners_on_control": {name: int(judged.loc[judged["control"], f"masked_{name}"].sum()) for name in _SHARPENERS},
        "missingness_only_auc_by_file": missingness(judged),
    }


def _judge(part: Path, work: Path) -> pd.DataFrame:
    """One part's listings with points, and with points as if nobody vouched for the control."""
    reference = load_reference()
    rows = join_rows(part, work)
    hits = with_lexicon(read_parquet(work / "hits" / part.name), reference)
    control = is_control(rows)
    table = pd.DataFrame({"seller": seller_key(rows), "control": control, "source": rows["source_file"]})
    for prefix, judged in (("", rows), ("masked_", rows.assign(seller_official=rows["seller_official"].where(~control)))):
        evidence = weigh(judged, hits, reference.weights)
        table[f"{prefix}points"] = evidence.scores["points"].to_numpy()
        for name in _SHARPENERS:
            fired = evidence.signs.loc[evidence.signs["sign_id"].eq(name), "row"]
            table[f"{prefix}{name}"] = table.index.isin(fired)
    signs = hits[hits["polarity"].eq("sign") & hits["strength"].ne("weak") & ~hits["behaviour"].isin(["claim", "evasion", "undisclosed"])]
    table["has_sign"] = table.index.isin(signs["row"])
    seen = matrix(rows, hits, evidence.scores, sorted(reference.goods_groups["group"].astype(str)))
    missing = seen[[name for name in seen if name.removeprefix("log_").startswith("seller_")]].isna().add_prefix("missing_")
    return pd.concat([table, missing], axis=1)


def _size_correlation(sellers: pd.DataFrame) -> float | None:
    if len(sellers) < 3 or sellers["priority"].nunique() == 1:
        return None
    return round(float(sellers["priority"].rank().corr(sellers["n_collected"].rank())), 3)


def missingness(judged: pd.DataFrame) -> dict[str, Any]:
    """AUC of a model that sees only which of its seller columns are missing, for a word sign on the listing: out of fold, sellers kept together.

    Pooled it tells crawls apart; within one file (one way of crawling) it should tell nothing.
    """
    out: dict[str, Any] = {}
    for source, rows in [("all together", judged), *judged.groupby("source")]:
        n = int(rows["has_sign"].sum())
        if n < _ENOUGH:
            out[str(source)] = f"too few signs ({n} of {len(rows)})"
            continue
        flags = rows[[name for name in rows if name.startswith("missing_")]].astype(float)
        varied = int(flags.nunique().gt(1).sum())
        groups = rows["seller"].fillna(pd.Series(rows.index.astype(str), index=rows.index))
        model = LGBMClassifier(n_estimators=50, num_leaves=8, random_state=SEED, n_jobs=1, verbose=-1)
        guess = cross_val_predict(model, flags, rows["has_sign"], groups=groups, cv=GroupKFold(5), method="predict_proba")[:, 1]
        auc = round(float(roc_auc_score(rows["has_sign"], guess)), 3)
        out[str(source)] = {"auc": auc, "signs": n, "listings": len(rows), "columns_that_vary": varied}
    return out


if __name__ == "__main__":
    main()
