"""A model that learned from past findings and is not told of any says so, and does not take "unknown" for "cleared"."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from features.text_hashes import from_lists
from models.artifact import Model
from models.boosted import fit_boosted
from models.evidence import weigh
from models.learner import Learner, fit_learner
from models.matrix import matrix
from pipeline.config import DEMO_KEY, load_run_config
from pipeline.lock import lock
from pipeline.reference import load_reference
from pipeline.sources.mapping import load_mappings
from pipeline.stages.ingest import IngestReport
from pipeline.stages.judge import judge, read_features
from pipeline.stages.market import build_market, join_rows
from pipeline.stages.run import finish_run
from pipeline.stages.score import with_lexicon
from pipeline.stages.take_in import take_in
from pipeline.stages.unfed import PAST, as_if_new, unfed_columns
from pipeline.store import parts, read_json, read_parquet

SHARE = "seller_past_share"
CRAWL = [
    {
        "sàn": "sàn thử",
        "mã tin": f"T{number}",
        "ngày thu thập": "2026-11-20",
        "tiêu đề": f"{'Túi rep 1:1' if number % 4 == 0 else 'Giày da'} mẫu {number}",
        "giá bán": f"{100 + number}000",
        "mã gian hàng": f"S{number % 24}",
    }
    for number in range(160)
]


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """``CRAWL`` taken in, read with its words, and placed in its market."""
    folder = tmp_path_factory.mktemp("unfed")
    pd.DataFrame(CRAWL).to_csv(folder / "crawl.csv", index=False)
    with lock(folder):
        taken = take_in([folder / "crawl.csv"], out=folder, config=load_run_config(), mappings=load_mappings(), key=DEMO_KEY)
        read_features(folder, config=load_run_config(), n_listings=taken.n_listings, with_text=True)
        build_market(folder / "work" / "listings", folder / "work", load_reference())
    return folder


@pytest.fixture(scope="module")
def model(out: Path) -> Model:
    """Learned where bad shops had mostly been confirmed before: half of all on average."""
    part, reference = parts(out / "work" / "listings")[0], load_reference()
    rows, hits = join_rows(part, out / "work"), with_lexicon(read_parquet(out / "work" / "hits" / part.name), reference)
    groups = sorted(reference.goods_groups["group"].astype(str))
    table = matrix(rows, hits, weigh(rows, hits, reference.weights).scores, groups)
    y = rows["title"].str.contains("rep").to_numpy()
    draw = np.random.default_rng(1)
    table = table.assign(**{SHARE: (0.5 + np.where(y, 0.3, -0.1) + draw.normal(0, 0.1, len(y))).astype("float32")})
    text = from_lists(read_parquet(out / "work" / "text" / part.name)["columns"].tolist())
    sellers = pd.factorize(rows["seller_id"])[0].astype(np.int64)
    learner = fit_learner(table, text, y, sellers, None, seed=1, n_folds=2, n_boosters=1)
    return Model({"counterfeit": replace(learner, rung="logistic")}, ["counterfeit"], groups, version="m1")


def test_every_named_column_is_one_that_the_matrix_has(model: Model) -> None:
    assert set(PAST) <= set(model.learners["counterfeit"].columns)


def test_a_run_without_outcomes_names_what_the_model_lacks_in_run_json_and_at_the_end(model: Model, out: Path) -> None:
    assert unfed_columns(model) == {"counterfeit": [SHARE]}
    taken = IngestReport.from_json(read_json(out / "work" / "ingest.json"))
    with lock(out):
        run = finish_run(out, taken, config=load_run_config(), model=model, features_done=True)
    said = read_json(out / "run.json")
    assert said["model"]["unfed"] == {"counterfeit": [SHARE]} and len(said["warnings"]) == 1
    assert all(words in said["warnings"][0] for words in ("no outcomes were given", "m1", "counterfeit", SHARE, "--outcomes", "--model coldstart"))
    assert run.lines()[-2] == said["warnings"][0] and run.lines()[-1].startswith("open ")


def test_with_outcomes_or_without_a_model_nothing_is_missing(model: Model, out: Path) -> None:
    day = pd.Timestamp("2026-10-01", tz="UTC")
    found = pd.DataFrame({"platform": ["sàn thử"], "listing_id": ["T0"], "status": ["confirmed"], "known_at": [day], "happened_at": [day]})
    found = found.assign(seller_id="S0", source="inspection", behaviours="counterfeit")
    with lock(out):
        for options in ({"model": model, "outcomes": found}, {"model": None}):
            scored = judge(out, config=load_run_config(), features_done=True, **options)
            assert scored.unfed == {} and scored.warnings == []


def test_a_model_that_learned_without_findings_lacks_nothing(model: Model) -> None:
    learner = model.learners["counterfeit"]
    blind = replace(learner, stack=replace(learner.stack, numbers=[name for name in learner.stack.numbers if name != SHARE]))
    assert unfed_columns(replace(model, learners={"counterfeit": blind})) == {}
    assert unfed_columns(replace(model, learners={"counterfeit": replace(learner, rung="evidence")})) == {}
    assert unfed_columns(replace(model, takes_over=[])) == {}


def test_unknown_counts_as_usual_and_not_as_cleared(model: Model) -> None:
    """Trees that never met a missing share read it as zero, a shop where all was cleared; so it is set to the median learned from."""
    learner: Learner = model.learners["counterfeit"]
    share = np.repeat([0.1, 0.9], 60).astype("float32")
    nothing = np.empty((120, 0), dtype=np.float32)
    trees = fit_boosted(pd.DataFrame({SHARE: share}), nothing, share > 0.5, rounds=20, n_boosters=1, seed=1)
    asked = pd.DataFrame({SHARE: np.array([np.nan, 0.0, 0.9], dtype="float32")})
    said = trees.log_odds(asked, nothing[:3])[:, 0]
    assert said[0] == said[1] < said[2]
    filled = as_if_new(asked, learner)[SHARE]
    assert filled.iloc[1:].tolist() == asked[SHARE].iloc[1:].tolist() and 0.4 < filled.iloc[0] < 0.7
    assert np.isnan(asked[SHARE].iloc[0]), "the table that was given is not changed"
