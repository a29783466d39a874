"""Runs and the registry: what a run holds, which model is champion, and that a broken one can always be left."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.errors import ModelError
from models.artifact import load_model
from pipeline.cli.evaluate import evaluate_command
from pipeline.stages.evaluation_report import write_evaluation
from pipeline.tracking import (
    UnknownRun,
    champion,
    fetch_learned_rows,
    fetch_run,
    find_registered,
    load_champion,
    log_training,
    rivals,
    roll_back,
    runs_table,
    switch_champion,
    tracking_uri,
)
from pipeline.tracking.figures import figures
from tests.commands import soihang
from tests.small_market import BEHAVIOUR, saved_anew, small_market
from tests.test_evaluate import foreign, simple_config


@pytest.fixture(autouse=True)
def _no_server(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("MLFLOW_TRACKING_URI", "MLFLOW_EXPERIMENT_NAME"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder whose database MLflow has already laid out, which takes seconds."""
    folder = tmp_path_factory.mktemp("empty")
    assert champion(folder) is None
    return folder


@pytest.fixture
def registry(empty: Path, tmp_path: Path) -> Path:
    (tmp_path / "mlflow.db").write_bytes((empty / "mlflow.db").read_bytes())
    return tmp_path


@pytest.fixture(scope="module")
def logged(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    folder = tmp_path_factory.mktemp("logged")
    market = small_market()
    return folder, log_training(market.first, parameters={"seed": 1}, folder=folder, recipe=market.recipe)


def client(folder: Path) -> Any:
    import mlflow

    mlflow.set_tracking_uri(uri := tracking_uri(folder))
    mlflow.set_registry_uri(uri)
    # MLflow writes the address into the environment; the next folder is not to be looked for there.
    os.environ.pop("MLFLOW_TRACKING_URI", None)
    return mlflow.MlflowClient(uri, uri)


def artifacts(folder: Path, run_id: str, path: str = "") -> set[str]:
    found = set()
    for one in client(folder).list_artifacts(run_id, path or None):
        found |= artifacts(folder, run_id, one.path) if one.is_dir else {one.path}
    return found


# A training run


def test_a_training_is_one_run_with_a_run_a_behaviour_beneath_it(logged: tuple[Path, dict[str, str]]) -> None:
    folder, said = logged
    below = client(folder).search_runs(
        [client(folder).get_run(said["run_id"]).info.experiment_id], f"tags.mlflow.parentRunId = '{said['run_id']}'"
    )
    assert {run.data.tags["behaviour"] for run in below} == set(small_market().first.summaries) >= {BEHAVIOUR}
    one = next(run for run in below if run.data.tags["behaviour"] == BEHAVIOUR)
    told = small_market().first.summaries[BEHAVIOUR]
    assert one.data.metrics["model.pr_auc"] == pytest.approx(told["model"]["pr_auc"]["value"])
    assert one.data.metrics["paired.evidence_only.pr_auc.low"] == pytest.approx(told["paired"]["evidence_only"]["pr_auc"]["ci"][0])


def test_the_data_stand_in_the_run_by_fingerprint_and_without_their_rows(logged: tuple[Path, dict[str, str]]) -> None:
    from pipeline.manifest import fingerprint

    folder, said = logged
    inputs = {one.dataset.name: one for one in client(folder).get_run(said["run_id"]).inputs.dataset_inputs}
    assert set(inputs) == {"listings", "outcomes"}
    market = small_market()
    recipe = fetch_run(said["run_id"], folder / "fetched", folder).recipe
    assert {one.sha256 for one in recipe.files} == {fingerprint(path) for path in (market.crawl / "listings.parquet", market.some)}
    assert recipe.digest("outcomes").startswith(inputs["outcomes"].dataset.digest)
    assert market.recipe == recipe, "what was logged comes back as it was"


def test_every_table_and_plot_is_an_artifact_and_the_commit_a_tag(logged: tuple[Path, dict[str, str]]) -> None:
    folder, said = logged
    assert artifacts(folder, said["run_id"]) >= {"model_card.md", "recipe.json", "evaluation.json", "environment.json", "learned_rows.parquet"}
    tags = client(folder).get_run(said["run_id"]).data.tags
    assert tags["commit"] == small_market().recipe.commit and tags["code_hash"] == small_market().recipe.code_hash
    runs = runs_table(folder)
    child = runs.loc[runs["tags.behaviour"].eq(BEHAVIOUR), "run_id"].iloc[0]
    names = artifacts(folder, child)
    assert {f"plots/{name}.svg" for name in ("precision_recall", "calibration", "gains")} <= names
    assert {f"tables/{name}.csv" for name in ("scorers", "paired", "importance", "slices", "populations", "model_reliability")} <= names
    write_evaluation(small_market().first.summaries[BEHAVIOUR], folder / "shown")
    assert {path.name for path in (folder / "shown").iterdir()} <= names, "what evaluate writes for people is logged too"


def test_the_logged_model_has_a_signature_and_the_same_bytes(logged: tuple[Path, dict[str, str]]) -> None:
    import mlflow

    folder, said = logged
    client(folder)
    signature = mlflow.models.get_model_info(f"models:/soihang/{said['registered_version']}").signature
    assert {"title", "description", "price_gap"} <= set(signature.inputs.input_names())
    assert signature.outputs.input_names() == list(small_market().first.model.learners)
    kept = fetch_run(said["run_id"], folder / "bytes", folder).model
    ours = small_market().first.folder
    assert {path.name: path.read_bytes() for path in kept.iterdir()} == {path.name: path.read_bytes() for path in ours.iterdir()}


def test_the_rows_learned_from_are_hashes_and_none_of_the_test_rows(logged: tuple[Path, dict[str, str]]) -> None:
    folder, said = logged
    rows = fetch_learned_rows(said["run_id"], folder)
    judged = small_market().first.judged
    assert list(rows) == ["behaviour", "key", "seller", "captured_at"] and not rows.duplicated(["behaviour", "key"]).any()
    assert rows["behaviour"].value_counts().to_dict() == {name: len(one.learned) for name, one in judged.items()}
    assert all(not set(one.learned) & set(one.test) for one in judged.values() if one.summary["split"]["kind"] == "time+seller")


def test_a_run_that_nobody_logged_is_named(logged: tuple[Path, dict[str, str]], tmp_path: Path) -> None:
    with pytest.raises(UnknownRun, match="no run 'abc'"):
        fetch_run("abc", tmp_path, logged[0])


LEAVES = st.floats() | st.text(max_size=3) | st.booleans() | st.none()


@given(st.recursive(LEAVES, lambda inner: st.dictionaries(st.sampled_from("abc"), inner, max_size=2), max_leaves=5))
def test_figures_are_finite_numbers_with_a_name_each(value: Any) -> None:
    found = figures({"top": value})
    assert all(name.startswith("top") and math.isfinite(number) for name, number in found.items())


# What `soihang evaluate --track` logs


@pytest.fixture(scope="module")
def evaluated(empty: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, dict[str, Any]]]:
    """The folder, and what was said by kind of run; ``KIND/`` beneath it is what ``--out`` got."""
    folder = tmp_path_factory.mktemp("evaluated")
    (folder / "mlflow.db").write_bytes((empty / "mlflow.db").read_bytes())
    crawl, outcomes = foreign(folder, n=450)
    told: dict[str, dict[str, Any]] = {}
    with pytest.MonkeyPatch.context() as patched:
        patched.chdir(folder)
        for name in ("MLFLOW_TRACKING_URI", "MLFLOW_EXPERIMENT_NAME"):
            patched.delenv(name, raising=False)
        for kind in ("evaluation", "ablation"):
            with redirect_stdout(StringIO()) as printed:
                evaluate_command(
                    [str(crawl)], outcomes, source="eu", sources=folder / "sources", config=simple_config(folder), out=folder / kind,
                    ablate=kind == "ablation", track=True, as_json=True,
                )  # fmt: skip
            told[kind] = json.loads(printed.getvalue())
    return folder, told


@pytest.mark.parametrize("kind", ["evaluation", "ablation"])
def test_everything_that_evaluate_writes_and_prints_is_in_its_run(kind: str, evaluated: tuple[Path, dict[str, dict[str, Any]]]) -> None:
    folder, told = evaluated
    run_id = told[kind]["mlflow"]["run_id"]
    run = client(folder).get_run(run_id)
    assert run.data.tags["kind"] == kind and {one.dataset.name for one in run.inputs.dataset_inputs} == {"listings", "outcomes"}
    said = figures({name: part for name, part in told[kind].items() if name != "mlflow"})
    assert run.data.metrics == pytest.approx(said) and len(said) > 10
    names = artifacts(folder, run_id)
    for path in (folder / kind).iterdir():
        kept = client(folder).download_artifacts(run_id, path.name, str(folder))
        assert Path(kept).read_bytes() == path.read_bytes()
    tables = {"families"} if kind == "ablation" else {"scorers", "paired", "slices", "populations", "definitions", "ties", "importance"}
    assert {f"tables/{name}.csv" for name in tables} | {"recipe.json"} <= names
    assert kind == "ablation" or {"reliability.svg", "plots/gains.svg", "plots/precision_recall.svg"} <= names


def test_the_ablation_table_says_of_every_family_what_falls_without_it(evaluated: tuple[Path, dict[str, dict[str, Any]]]) -> None:
    folder, told = evaluated
    path = client(folder).download_artifacts(told["ablation"]["mlflow"]["run_id"], "tables/families.csv", str(folder))
    table = pd.read_csv(path, index_col="family")
    families = told["ablation"]["families"]
    assert set(table.index) == set(families) and "text" in families
    assert table.loc["text", "pr_auc"] == pytest.approx(families["text"]["pr_auc"]["difference"])
    assert table["verdict"].to_dict() == {name: one["verdict"] for name, one in families.items()}


def test_an_evaluation_registers_no_model(evaluated: tuple[Path, dict[str, dict[str, Any]]]) -> None:
    assert champion(evaluated[0]) is None and not client(evaluated[0]).search_model_versions("name='soihang'")


# Aliases and the way back


def test_the_first_winner_is_champion_and_the_next_one_must_show_what_it_can(registry: Path) -> None:
    market = small_market()
    loser = saved_anew(market.first, registry / "loser", [])
    assert log_training(loser, parameters={}, folder=registry)["alias"] == "coldstart"
    assert champion(registry) is None and load_champion(registry) is None
    assert log_training(market.first, parameters={}, folder=registry)["alias"] == "champion"
    assert log_training(market.second, parameters={}, folder=registry)["alias"] == "challenger"
    held = load_champion(registry)
    assert held is not None and held.version == market.first.model.version
    assert find_registered(None, registry).model_version == market.second.model.version


@pytest.fixture
def two(registry: Path) -> tuple[Path, str, str]:
    """A registry whose champion is the second of two versions."""
    market = small_market()
    first, second = (log_training(one, parameters={}, folder=registry) for one in (market.first, market.second))
    switch_champion(second["registered_version"], second["run_id"], registry)
    return registry, first["registered_version"], second["registered_version"]


def held(folder: Path) -> str | None:
    now = champion(folder)
    return now.version if now else None


def test_rollback_goes_back_one_champion_at_a_time_to_the_evidence(two: tuple[Path, str, str]) -> None:
    folder, first, second = two
    assert held(folder) == second and find_registered(first, folder).version == first
    with pytest.raises(UnknownRun, match="no model 'challenger'"):
        find_registered(None, folder)
    left, now = roll_back(folder=folder)
    assert (left and left.version, now and now.version) == (second, first) and held(folder) == first
    assert roll_back(folder=folder)[1] is None and held(folder) is None and load_champion(folder) is None
    with pytest.raises(UnknownRun, match="evidence orders already"):
        roll_back(folder=folder)


def test_rollback_can_name_any_version_and_the_evidence(two: tuple[Path, str, str]) -> None:
    folder, first, second = two
    assert roll_back(first, folder)[1] == find_registered(first, folder)
    assert roll_back(small_market().second.model.version, folder)[1] == find_registered(second, folder)
    assert roll_back("coldstart", folder)[1] is None and held(folder) is None
    with pytest.raises(UnknownRun, match="no model '99'"):
        roll_back("99", folder)


def damage(folder: Path, version: str) -> None:
    """Change one number in the model files of a registered version."""
    wanted = find_registered(version, folder).model_version
    found = [path for path in folder.rglob("model.json") if "mlruns" in path.parts and load_model(path.parent).version == wanted]
    assert found
    for path in found:
        path.write_text(path.read_text(encoding="utf-8").replace('"format"', '"Format"'), encoding="utf-8")


def test_a_broken_champion_can_be_left(two: tuple[Path, str, str]) -> None:
    folder, first, second = two
    damage(folder, second)
    with pytest.raises(ModelError):
        load_champion(folder)
    assert roll_back(folder=folder)[1] == find_registered(first, folder)
    model = load_champion(folder)
    assert model is not None and model.version == small_market().first.model.version


def test_a_broken_model_does_not_come_back_and_nothing_changes(two: tuple[Path, str, str]) -> None:
    folder, first, second = two
    damage(folder, first)
    with pytest.raises(ModelError, match=f"version {first} cannot come back.*--to coldstart"):
        roll_back(folder=folder)
    assert held(folder) == second


def test_a_model_trained_by_other_code_comes_back(registry: Path) -> None:
    market = small_market()
    old = log_training(saved_anew(market.first, registry / "old", [BEHAVIOUR], code_hash="0123456789abcdef"), parameters={}, folder=registry)
    new = log_training(market.second, parameters={}, folder=registry)
    switch_champion(new["registered_version"], new["run_id"], registry)
    now = roll_back(folder=registry)[1]
    assert now is not None and (now.version, now.code_hash) == (old["registered_version"], "0123456789abcdef")
    assert load_champion(registry) is not None


# The pair to be compared


def test_the_challenger_meets_the_champion_with_the_rows_that_each_learned_from(registry: Path) -> None:
    market = small_market()
    for one in (market.first, market.second):
        log_training(one, parameters={}, folder=registry)
    pair = rivals(None, registry)
    assert pair.champion is not None and pair.note == ""
    assert (pair.challenger.version, pair.champion.version) == (market.second.model.version, market.first.model.version)
    assert [set(table["behaviour"]) for table in pair.learned] == [set(market.second.judged), set(market.first.judged)]
    with pytest.raises(UnknownRun, match="is the champion already"):
        rivals("champion", registry)


def test_a_champion_that_cannot_be_loaded_is_replaced_by_the_evidence_and_the_note_says_so(two: tuple[Path, str, str]) -> None:
    folder, first, second = two
    damage(folder, second)
    pair = rivals(first, folder)
    assert pair.champion is None and len(pair.learned) == 1 and f"champion version {second} cannot be loaded" in pair.note


def test_a_champion_that_does_not_say_what_it_learned_from_may_know_the_rows_that_judge(registry: Path) -> None:
    market = small_market()
    silent = saved_anew(market.first, registry / "silent", [BEHAVIOUR])
    (registry / "silent" / "learned_rows.parquet").unlink()
    for one in (silent, market.second):
        log_training(one, parameters={}, folder=registry)
    pair = rivals(None, registry)
    assert pair.champion is not None and len(pair.learned) == 1 and "which favours it" in pair.note


# Who needs MLflow


@pytest.mark.parametrize("name", ["promote", "rollback", "reproduce"])
def test_each_command_explains_itself(name: str) -> None:
    done = soihang(name, "--help")
    assert done.returncode == 0 and done.stdout.startswith(f"Usage: soihang {name}") and "--json" in done.stdout


@pytest.mark.parametrize("arguments", [["schema", "scores"], ["ingest", "{crawl}", "--out", "{out}"], ["plan", "--help"], ["promote", "--help"]])
def test_commands_that_need_no_mlflow_do_not_import_it(arguments: list[str], crawl: Callable[..., Path], tmp_path: Path) -> None:
    path = crawl([{"tiêu đề": "Giày da"}])
    code = (
        "import sys, atexit\n"
        "atexit.register(lambda: print('mlflow' in sys.modules, file=sys.stderr))\n"
        "from pipeline.cli import main\nmain(sys.argv[1:])"
    )
    given = [part.format(crawl=path, out=tmp_path / "out") for part in arguments]
    done = subprocess.run([sys.executable, "-c", code, *given], capture_output=True, text=True, cwd=tmp_path, timeout=120, check=False)
    assert done.returncode == 0 and done.stderr.splitlines()[-1] == "False", done.stderr


def test_a_server_that_is_away_is_said_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")
    monkeypatch.chdir(tmp_path)
    done = soihang("rollback")
    assert done.returncode == 6 and "does not answer" in done.stderr and len(done.stderr.splitlines()) == 1


def test_rollback_prints_what_was_left_and_what_holds(two: tuple[Path, str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    folder, first, second = two
    monkeypatch.chdir(folder)
    done = soihang("rollback", "--json")
    said = json.loads(done.stdout)
    assert done.returncode == 0 and (said["left"]["version"], said["champion"]["version"]) == (second, first)
