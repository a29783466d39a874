"""The same training again: inputs are known by their bytes, what is missing is named, and a model is the same or the difference is said."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from features.errors import ConfigError, DataError
from pipeline.commit import git_commit
from pipeline.config import DEMO_KEY, load_run_config
from pipeline.lock import lock
from pipeline.recipe import Recipe, differences, find_inputs, write_recipe
from pipeline.stages.reproduce import Reproduction, compare_folders, json_differences, reproduce
from tests.small_market import eager, small_market


def silent(stage: str, rows: int, total: int | None) -> None:
    pass


@pytest.fixture
def recipe(tmp_path: Path) -> Recipe:
    (tmp_path / "crawl").mkdir()
    for name in ("a.csv", "b.csv"):
        (tmp_path / "crawl" / name).write_text(f"id,title\n1,{name}\n", encoding="utf-8")
    (tmp_path / "outcomes.csv").write_text("platform,listing_id,status\n", encoding="utf-8")
    return write_recipe(
        [tmp_path / "crawl"], tmp_path / "outcomes.csv", sources=None, source="auto", as_of=None, config=load_run_config(), key=DEMO_KEY
    )


def test_a_recipe_survives_its_file(recipe: Recipe) -> None:
    assert Recipe.from_json(json.loads(json.dumps(recipe.to_json()))) == recipe
    with pytest.raises(DataError, match="logged by another version"):
        Recipe.from_json({"source": "auto"})


def test_moved_and_renamed_inputs_are_known_by_their_bytes(recipe: Recipe, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    shutil.move(tmp_path / "crawl" / "b.csv", tmp_path / "elsewhere" / "zzz.csv")
    found = find_inputs(recipe, [tmp_path / "elsewhere"])
    assert [path.name for path in found["listings"]] == ["a.csv", "zzz.csv"] and found["outcomes"] == [tmp_path / "outcomes.csv"]


def test_every_missing_or_changed_input_is_named(recipe: Recipe, tmp_path: Path) -> None:
    (tmp_path / "crawl" / "a.csv").unlink()
    (tmp_path / "outcomes.csv").write_text("platform,listing_id,status\na,1,1\n", encoding="utf-8")
    with pytest.raises(DataError) as caught:
        find_inputs(recipe)
    said = str(caught.value)
    assert "2 of 3 inputs are missing" in said and "a.csv (is not there" in said and "outcomes.csv (was changed since" in said and "--inputs" in said


def test_what_differs_here_is_said_and_nothing_else(recipe: Recipe) -> None:
    assert differences(recipe, key=DEMO_KEY) == []
    other = replace(recipe, code_hash="0" * 16, versions=recipe.versions | {"numpy": "1.0"}, commit="abc")
    said = " / ".join(differences(other, key=b"another key"))
    assert all(word in said for word in ("code: trained with 0000", "numpy: trained with 1.0", "contact key", "the commit was abc"))


def test_the_key_itself_is_never_in_a_recipe(recipe: Recipe) -> None:
    text = json.dumps(recipe.to_json())
    assert DEMO_KEY.decode() not in text and DEMO_KEY.hex() not in text and len(recipe.key) == 16


def test_a_commit_is_named_only_of_a_checkout_of_ours(tmp_path: Path) -> None:
    assert git_commit(tmp_path) == "unknown"
    (tmp_path / ".git").mkdir()
    assert git_commit(tmp_path) == "unknown", "a broken one says nothing"


def folders(tmp_path: Path, old: dict[str, str], new: dict[str, str]) -> tuple[Path, Path]:
    for side, files in (("old", old), ("new", new)):
        (tmp_path / side).mkdir()
        for name, text in files.items():
            (tmp_path / side / name).write_text(text, encoding="utf-8")
    return tmp_path / "old", tmp_path / "new"


def made(tmp_path: Path, old: dict[str, str], new: dict[str, str]) -> Reproduction:
    left, right = folders(tmp_path, old, new)
    return Reproduction("r", "m", compare_folders(left, right), json_differences(left, right), [])


def test_the_same_bytes_are_identical(tmp_path: Path) -> None:
    same = {"model.json": '{"facts": {"seed": 1}}', "x.npy": "1"}
    one = made(tmp_path, same, same)
    assert one.identical and one.learned_the_same and "all 2 files" in one.lines()[0]


def test_notes_about_a_training_may_differ_and_what_was_learned_may_not(tmp_path: Path) -> None:
    one = made(
        tmp_path,
        {"model.json": '{"facts": {"code_hash": "a"}, "format": 4}', "checksums.json": "1", "x.npy": "1"},
        {"model.json": '{"facts": {"code_hash": "b"}, "format": 4}', "checksums.json": "2", "x.npy": "1"},
    )
    assert not one.identical and one.learned_the_same and one.details == ['facts.code_hash: "a" -> "b"']


@pytest.mark.parametrize(
    "new", [{"model.json": '{"takes_over": ["scam"]}', "x.npy": "1"}, {"model.json": "{}", "x.npy": "2"}, {"model.json": "{}"}]
)
def test_a_model_that_would_score_otherwise_is_called_different(new: dict[str, str], tmp_path: Path) -> None:
    one = made(tmp_path, {"model.json": "{}", "x.npy": "1"}, new)
    assert not one.learned_the_same and "DIFFER" in one.lines()[0]


def test_a_training_is_repeated_bit_by_bit(tmp_path: Path) -> None:
    market = small_market()
    shutil.copytree(market.folder / "out" / "model", tmp_path / "logged")
    again = replace(market.recipe, settings=eager(2).model_dump(mode="json"))
    with lock(tmp_path / "again"):
        one = reproduce("r", again, tmp_path / "logged", tmp_path / "again", elsewhere=[], key=DEMO_KEY, on_rows=silent)
    assert one.identical, one.lines()
    assert one.environment == []


def test_settings_of_another_version_are_refused_by_name(tmp_path: Path) -> None:
    again = replace(small_market().recipe, settings={"seeed": 1})
    with pytest.raises(ConfigError, match=r"seeed.*check out commit"):
        reproduce("r", again, tmp_path, tmp_path / "out", elsewhere=[], key=DEMO_KEY, on_rows=silent)
