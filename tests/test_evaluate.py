"""``evaluate``, ``train`` and ``score --model`` from the outside, for Vietnamese, foreign and bare sources."""

from __future__ import annotations

import json
import os
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from pipeline.config import DEMO_KEY, RunConfig, load_run_config
from pipeline.labels import read_outcomes
from pipeline.lock import lock
from pipeline.sources.mapping import load_mappings
from pipeline.stages.judge import read_features
from pipeline.stages.learn import learn
from pipeline.stages.run import finish_run
from pipeline.stages.simulate import simulate_market
from pipeline.stages.take_in import take_in
from pipeline.stages.train import Trained
from tests.commands import soihang


def foreign(folder: Path, n: int = 900, *, title_only: bool = False) -> tuple[Path, Path]:
    """An English source with a signal in the words and in a further column, sellers, one day."""
    draw = random.Random(5)
    rows, outcomes = [], []
    for number in range(n):
        bad = number % 9 == 0
        seller = f"{'b' if bad else 'g'}{draw.randrange(60)}"
        praise = draw.choice(["mirror quality", "AAA"]) if bad and draw.random() < 0.7 else "with receipt"
        title = f"{draw.choice(['Leather', 'Canvas', 'Sport'])} {draw.choice(['bag', 'shoe', 'watch'])} {praise} {number}"
        row: dict[str, Any] = {"platform": "eu", "id": f"{number}", "title": title}
        if not title_only:
            row |= {"price": draw.uniform(20, 60) if bad else draw.uniform(80, 300), "seller_id": seller}
            row |= {"x_photos": draw.gauss(2 if bad else 6, 1.5), "x_channel": draw.choice(["live", "shop", "chat"])}
        rows.append(row)
        outcomes.append({"platform": "eu", "listing_id": f"{number}", "status": int(bad)})
    (folder / "sources").mkdir(parents=True, exist_ok=True)
    (folder / "sources" / "eu.yaml").write_text(
        "about: test\nformats: [csv]\ndetect: {paths: [platform, id, title]}\nfields:\n  platform: platform\n  listing_id: id\n  title: title\n"
        "  price_vnd: price\n  seller_id: seller_id\n  x_photos: {path: x_photos, parse: number}\n  x_channel: x_channel\n",
        encoding="utf-8",
    )
    (folder / "crawl").mkdir()
    pd.DataFrame(rows).to_csv(folder / "crawl" / "eu.csv", index=False)
    pd.DataFrame(outcomes).to_csv(folder / "outcomes.csv", index=False)
    return folder / "crawl" / "eu.csv", folder / "outcomes.csv"


def simple_config(folder: Path) -> Path:
    from pipeline.config import configs_dir

    path = folder / "run.yaml"
    text = (configs_dir() / "run.yaml").read_text(encoding="utf-8")
    path.write_text(text.replace("tokenizer: underthesea", "tokenizer: simple").replace("resamples: 200", "resamples: 60"), encoding="utf-8")
    return path


@pytest.mark.parametrize("title_only", [False, True])
def test_evaluate_works_for_a_foreign_source_and_for_bare_titles(title_only: bool, tmp_path: Path) -> None:
    crawl, outcomes = foreign(tmp_path, title_only=title_only)
    done = soihang(
        "evaluate", "--listings", crawl, "--outcomes", outcomes, "--source", "eu", "--sources", tmp_path / "sources",
        "--config", simple_config(tmp_path), "--json",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert said["n"] == 900 and said["n_positive"] == 100
    assert said["split"]["kind"] == ("group" if title_only else "seller") and said["split"]["why"]
    named = {"random", "missingness_only", "price_only", "evidence_only", "seller_history", "tfidf_logistic", "lightgbm_raw"}
    assert set(said["baselines"]) == named == set(said["paired"])
    for one in (said["model"], *said["baselines"].values()):
        assert set(one) >= {"roc_auc", "pr_auc", "f1", "precision_at", "recall_at", "harm_at"}
        for measure in ("precision_at", "recall_at", "harm_at"):
            assert set(one[measure]) == {"0.01", "0.02", "0.05", "0.1", "capacity"}
        assert set(one["pr_auc"]) == {"value", "ci"}
    assert {"brier_skill", "calibration_slope", "observed_over_expected_at", "reliability", "rung"} <= set(said["model"])
    assert set(said["paired"]["random"]["pr_auc"]) == {"difference", "ci", "verdict"}
    assert {"populations", "definitions", "slices", "within_source", "ties", "timeline", "selection"} <= set(said)
    assert said["paired"]["random"]["pr_auc"]["ci"][0] > 0.2, "the words alone tell most of them apart"


def test_too_few_labels_are_an_error_that_says_so(tmp_path: Path) -> None:
    crawl, outcomes = foreign(tmp_path, n=60)
    done = soihang("evaluate", "-l", crawl, "--outcomes", outcomes, "--source", "eu", "--sources", tmp_path / "sources")
    assert done.returncode == 2 and "at least 10 of each" in done.stderr


def test_outcomes_of_another_crawl_are_an_error_that_says_so(tmp_path: Path) -> None:
    crawl, _ = foreign(tmp_path)
    other = tmp_path / "other.csv"
    other.write_text("platform,listing_id,status\nelsewhere,1,1\n", encoding="utf-8")
    done = soihang("evaluate", "-l", crawl, "--outcomes", other, "--source", "eu", "--sources", tmp_path / "sources")
    assert done.returncode == 2 and "none of the 1 outcomes names a listing" in done.stderr


# Training on the invented market


def eager() -> RunConfig:
    config = load_run_config()
    return config.model_copy(update={"learn": config.learn.model_copy(update={"min_positives": 40, "min_sellers": 10, "resamples": 60})})


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("market")
    simulate_market(folder / "simulated", n_listings=7_000, seed=11)
    config = eager()
    with lock(folder):
        taken = take_in([folder / "simulated" / "crawl"], out=folder, config=config, mappings=load_mappings(), key=DEMO_KEY)
        read_features(folder, config=config, n_listings=taken.n_listings, with_text=True)
    # Everything is known, as if every listing had been inspected: what remains is what the listing shows.
    truth = pd.read_parquet(folder / "simulated" / "truth.parquet")
    told = pd.DataFrame({"platform": truth["platform"], "listing_id": truth["listing_id"], "status": truth["behaviour"].notna().astype(int)})
    told.assign(behaviours=truth["behaviour"]).to_parquet(folder / "all.parquet")
    return folder


@pytest.fixture(scope="module")
def trained(market: Path) -> Trained:
    return learn(market, read_outcomes(market / "all.parquet"), config=eager())


def test_training_judges_on_later_months_and_says_what_it_decided(trained: Trained) -> None:
    summary = trained.summaries["counterfeit"]
    assert summary["split"]["kind"] == "time+seller"
    assert set(trained.verdict) == {"counterfeit", "scam", "prohibited"}
    assert summary["paired"]["random"]["pr_auc"]["ci"][0] > 0
    bounds = {name: one["pr_auc"]["ci"] for name, one in summary["paired"].items()}
    learners = {"tfidf_logistic", "lightgbm_raw"}
    beats_what_stands = all(one[0] > 0 for name, one in bounds.items() if name not in learners)
    assert ("counterfeit" in trained.model.takes_over) is (beats_what_stands and all(bounds[name][1] > 0 for name in learners))


def test_training_twice_gives_the_same_version(market: Path, trained: Trained) -> None:
    assert learn(market, read_outcomes(market / "all.parquet"), config=eager()).model.version == trained.model.version


def test_the_card_says_synthetic_and_what_the_model_is_not_for(market: Path, trained: Trained) -> None:
    card = (market / "model_card.md").read_text(encoding="utf-8")
    assert "SYNTHETIC" in card and "no ground for an inspection" in card and trained.model.version in card


def test_a_model_that_takes_over_gives_probabilities_and_leaves_nobody_without_a_reason(market: Path, trained: Trained) -> None:
    from dataclasses import replace

    config = eager()
    model = replace(trained.model, takes_over=["counterfeit"])
    taken = take_in([market / "simulated" / "crawl"], out=market, config=config, mappings=load_mappings(), key=DEMO_KEY)
    done = finish_run(market, taken, config=config, model=model, features_done=True)
    scores = pd.read_parquet(market / "scores.parquet")
    assert scores["score_kind"].eq("probability").mean() > 0.99 and scores["model_version"].eq(model.version).all()
    unlike = scores[scores["score_kind"].eq("evidence")]
    assert unlike["probability_counterfeit"].isna().all() and unlike["band"].ne("green").all(), "unlike anything learned from: look first"
    like = scores.drop(unlike.index)
    assert (like["probability_low_counterfeit"] <= like["probability_counterfeit"]).all()
    assert scores["probability_scam"].isna().all(), "no model stands behind the others"
    assert done.plan.targets["reasons"].map(len).min() >= 1
    assert "xác suất do mô hình ước lượng" in (market / "index.html").read_text(encoding="utf-8")


def test_registry_champion_is_loaded_and_a_loser_is_not(market: Path, trained: Trained, tmp_path: Path) -> None:
    from dataclasses import replace

    from pipeline.tracking import has_registry, load_champion, log_training

    assert not has_registry(tmp_path)
    lost = replace(trained, model=replace(trained.model, takes_over=[]))
    assert log_training(lost, parameters={"seed": 1}, folder=tmp_path)["alias"] == "coldstart"
    assert has_registry(tmp_path) and load_champion(tmp_path) is None
    won = replace(trained, model=replace(trained.model, takes_over=["counterfeit"]))
    assert log_training(won, parameters={"seed": 1}, folder=tmp_path)["alias"] == "champion"
    champion = load_champion(tmp_path)
    assert champion is not None and champion.version == trained.model.version


def test_mlflow_users_can_load_it_through_pyfunc(trained: Trained, tmp_path: Path) -> None:
    import mlflow

    from pipeline.tracking import log_training, tracking_uri

    logged = log_training(trained, parameters={"seed": 1}, folder=tmp_path)
    mlflow.set_tracking_uri(tracking_uri(tmp_path))
    model = mlflow.pyfunc.load_model(f"models:/soihang/{logged['registered_version']}")
    learner = trained.model.learners["counterfeit"]
    words = dict.fromkeys([*learner.categories, "description"], "Giày Dép")
    frame = pd.DataFrame(0.0, index=range(3), columns=learner.columns).assign(title="Giày Nike rep 1:1", **words)
    said = model.predict(frame)
    assert list(said.columns) == list(trained.model.learners) and said["counterfeit"].between(0, 1).all()


def test_a_server_that_is_away_exits_with_6(tmp_path: Path) -> None:
    crawl, _ = foreign(tmp_path)
    os.environ["MLFLOW_TRACKING_URI"] = "http://127.0.0.1:9"
    os.environ["MLFLOW_HTTP_REQUEST_MAX_RETRIES"] = "0"
    try:
        done = soihang("run", crawl, "--out", tmp_path / "o", "--source", "eu", "--sources", tmp_path / "sources")
    finally:
        del os.environ["MLFLOW_TRACKING_URI"], os.environ["MLFLOW_HTTP_REQUEST_MAX_RETRIES"]
    assert done.returncode == 6 and "does not answer" in done.stderr


def test_a_damaged_model_exits_with_5(tmp_path: Path, trained: Trained) -> None:
    import shutil

    crawl, _ = foreign(tmp_path)
    shutil.copytree(trained.folder, tmp_path / "model")
    with (tmp_path / "model" / "model.json").open("a", encoding="utf-8") as stream:
        stream.write(" ")
    done = soihang("run", crawl, "--out", tmp_path / "o", "--source", "eu", "--sources", tmp_path / "sources", "--model", tmp_path / "model")
    assert done.returncode == 5 and "changed after training" in done.stderr


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Keep MLflow's database out of the checkout."""
    monkeypatch.chdir(tmp_path)
    yield
