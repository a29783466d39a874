"""What each family of columns adds is asked of the same rows, and noise is said to add nothing."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from features.text_hashes import text_counts
from models.families import FAMILIES, by_family, family_of
from pipeline.config import LearnConfig, load_run_config
from pipeline.labels import Labels
from pipeline.stages.ablate import ablate, ablate_lines
from pipeline.stages.dataset import Dataset
from pipeline.stages.evaluate import evaluate


def settings(resamples: int = 100) -> LearnConfig:
    return load_run_config().learn.model_copy(update={"resamples": resamples, "boosters": 1, "text_folds": 3})


def made(n: int = 1500, *, days: int = 1, drawn: float | None = None) -> tuple[Dataset, np.ndarray]:
    """Price and an own column tell, seller columns are noise; ``days`` of captures; ``drawn``: the share looked at by chance."""
    draw = np.random.default_rng(2)
    y = draw.random(n) < 0.2
    day = draw.integers(0, days, n)
    when = pd.Series(pd.Timestamp("2026-01-01", tz="UTC") + pd.to_timedelta(day, unit="D")).astype("datetime64[us, UTC]")
    sellers = pd.Series([f"s{number}" for number in draw.integers(0, 300, n)], dtype="str")
    sellers = sellers + pd.Series(day // 30).astype(str)
    groups = np.unique(sellers.to_numpy(dtype=str), return_inverse=True)[1].astype(np.int64)
    titles = [f"Giày mẫu {draw.choice(['đỏ', 'xanh', 'đen'])} {draw.choice(['nam', 'nữ'])}" for _ in range(n)]
    table = pd.DataFrame({"price_gap": draw.normal(size=n) - 1.5 * y, "seller_rating": draw.normal(size=n), "seller_age": draw.normal(size=n)})
    table = table.assign(x_own=draw.normal(size=n) - 1.2 * y, evidence_points=np.where(y, 1.0, 0.0) * (draw.random(n) < 0.3)).astype("float32")
    rows = pd.DataFrame({"platform": "thử", "title": titles, "description": None, "category": None, "price_vnd": np.exp(table["price_gap"] + 12)})
    names = ["list_price_vnd", "seller_rating", "seller_n_products", "seller_n_followers", "rating", "n_reviews", "n_sold", "n_images"]
    rows = rows.assign(**dict.fromkeys([*names, "price_to_genuine"], np.nan), price_gap=table["price_gap"], x_own=table["x_own"])
    rows = rows.astype({"description": "str", "category": "str"})
    known = when + pd.Timedelta(days=3)
    chance = pd.Series(np.where(draw.random(n) < 0.5, drawn, np.nan) if drawn else np.nan, index=range(n)).astype(float)
    labels = pd.DataFrame({"platform": "thử", "listing_id": [f"{number}" for number in range(n)], "y": y, "strict": draw.random(n) < 0.8})
    labels = labels.assign(behaviours=None, known_at=known, happened_at=known, selection_probability=chance, kind="finding")
    seen = pd.DataFrame({"first_seen": when, "last_seen": when})
    data = Dataset(
        rows=rows, table=table, text=text_counts(titles, [""] * n), points=table["evidence_points"].to_numpy(dtype=float), labels=Labels(labels),
        sellers=sellers, when=when, text_keys=np.arange(n), groups=groups, n_unmatched=0, seen=seen, harm=np.ones(n),
    )  # fmt: skip
    return data, y


@pytest.mark.parametrize(
    ("column", "family"),
    [
        ("price_gap", "price"), ("log_price_vnd", "price"), ("log_list_price_vnd", "price"), ("seller_rating", "seller"), ("x_channel", "x"),
        ("seller_review_burst", "reviews"), ("dup_n_sellers", "links"), ("cues_strong", "cues"), ("evidence_points", "evidence"),
        ("role=mark", "brand and kind"), ("goods=nước hoa", "brand and kind"), ("title_length", "text"), ("n_images", "listing"),
    ],
)  # fmt: skip
def test_a_column_belongs_to_the_family_of_its_name(column: str, family: str) -> None:
    assert family_of(column) == family and family in FAMILIES


def test_every_column_belongs_to_one_family() -> None:
    columns = ["price_gap", "x_a", "n_sold", "never heard of"]
    assert sorted(name for mine in by_family(columns).values() for name in mine) == sorted(columns)


def test_what_tells_adds_and_what_is_noise_adds_nothing() -> None:
    data, y = made()
    said = ablate(data, y, settings=settings(), seed=1)
    families = said["families"]
    assert families["price"]["verdict"] == "adds" and families["x"]["verdict"] == "adds"
    assert families["seller"]["verdict"] == "adds nothing" and families["text"]["verdict"] == "adds nothing"
    low, high = families["price"]["pr_auc"]["ci"]
    assert low < families["price"]["pr_auc"]["difference"] < high and low > 0
    assert any("adds nothing" in line and line.startswith("seller") for line in ablate_lines(said))


def test_the_evidence_columns_are_no_hiding_place_for_another_family() -> None:
    data, y = made()
    # The evidence knows everything: were it kept on both sides, no family would add anything.
    told = data.table.assign(evidence_points=y.astype("float32"))
    families = ablate(Dataset(**{**data.__dict__, "table": told}), y, settings=settings(), seed=1)["families"]
    assert families["price"]["verdict"] == "adds" and families["evidence"]["verdict"] == "adds"


def test_strict_negatives_new_sellers_and_looks_of_recorded_chance_are_told_apart() -> None:
    data, y = made(2400, days=200, drawn=0.1)
    said = evaluate(data, y, settings=settings(60), seed=1).summary
    assert said["split"]["kind"] == "time+seller"
    assert said["definitions"]["strict"]["n"] < said["definitions"]["primary"]["n"] == said["n"]
    assert 0 < said["populations"]["new_sellers"]["n"] <= said["populations"]["all_future"]["n"] == said["n"]
    assert said["selection"]["n"] < said["n"] and set(said["selection"]["prevalence"]) >= {"naive", "inverse_propensity"}
    assert said["timeline"]["days_earlier"]["model"]["n_positive"] == said["n_positive"]
    assert sum(week["positive"] for week in said["timeline"]["by_week"]) == said["n_positive"]
    assert said["model"]["rung"] in ("evidence", "logistic", "boosted") and said["capacity"]["rows"] <= said["n"]
    assert said["sellers"]["n"] > 50
