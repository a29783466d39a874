"""`soihang doctor --compare`: what an upgrade does to an earlier run's scores and list, shown on a run whose scores were made to be others."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from features.errors import DataError
from pipeline.cli import app
from pipeline.config import load_run_config
from pipeline.stages.choose import choose
from pipeline.stages.compare_run import compare_run
from pipeline.stages.run import RunReport

KEY = ["platform", "listing_id", "captured_at"]


def contents(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def older(demo: RunReport, tmp_path: Path) -> tuple[Path, pd.Series, int]:
    """The demo as a version would have left it that saw nothing in the listings of the first target: folder, that target, number of listings."""
    folder = Path(shutil.copytree(demo.out, tmp_path / "older"))
    first = pd.read_parquet(folder / "work" / "targets.parquet").query("not reserve and subject_kind == 'seller'").iloc[0]
    scores = pd.read_parquet(folder / "scores.parquet")
    unseen = scores["seller_id"].eq(first["seller_id"]) & scores["points"].gt(0)
    scores.loc[unseen, ["risk", "points"]], scores.loc[unseen, "band"] = 0.0, "green"
    scores.to_parquet(folder / "scores.parquet")
    reasons = pd.read_parquet(folder / "reasons.parquet")
    hidden = pd.MultiIndex.from_frame(reasons[KEY]).isin(pd.MultiIndex.from_frame(scores.loc[unseen, KEY]))
    reasons[~hidden].to_parquet(folder / "reasons.parquet")
    choose(folder, config=load_run_config())
    return folder, first, int(unseen.sum())


def test_by_the_same_code_nothing_moves_and_the_run_stays_as_it_is(demo: RunReport) -> None:
    before = contents(demo.out)
    found = compare_run(demo.out, config=load_run_config())
    assert (found.exit_code, int(found.changed.sum()), len(found.moves), len(found.replanned)) == (0, 0, 0, 0)
    assert len(found.rows) == min(1000, demo.ingest.n_listings) and found.on_list > 0
    assert "scores: none changed" in found.lines() and contents(demo.out) == before


def test_a_shop_that_only_today_s_code_sees_is_named_as_entering(older: tuple[Path, pd.Series, int]) -> None:
    folder, shop, n = older
    old = pd.read_parquet(folder / "work" / "targets.parquet")
    assert shop["subject"] not in set(old.loc[~old["reserve"], "subject"])
    done = CliRunner().invoke(app, ["doctor", "--compare", str(folder), "--model", "coldstart", "--json"])
    said = json.loads(done.stdout)
    assert done.exit_code == 3 and said["changed"] == n and said["now_over_the_line"] > 0 and said["now_under_the_line"] == 0
    assert said["risk_moved_by"]["most"] > 0 and all(name.startswith("green to ") for name in said["bands"])
    (entering,) = [one for one in said["moves"] if one["move"] == "enters"]
    assert (entering["seller_name"], entering["platform"]) == (shop["seller_name"], shop["platform"])
    assert said["moves_by_planning_alone"] == []
    told = CliRunner().invoke(app, ["doctor", "--compare", str(folder), "--model", "coldstart"]).stdout
    assert f"enters {entering['code']} {entering['seller_name']}" in told and f"scores: {n} changed" in told


def test_what_was_shown_on_the_list_goes_first_and_the_draw_is_the_same_each_time(demo: RunReport) -> None:
    shown = pd.read_parquet(demo.out / "work" / "target_listings.parquet").drop_duplicates(KEY)
    few = [compare_run(demo.out, config=load_run_config(), at_most=n) for n in (len(shown) + 5, len(shown) + 5, 3)]
    assert [one.on_list for one in few] == [len(shown), len(shown), 3] and few[0].rows.equals(few[1].rows)
    listed = set(zip(shown["platform"], shown["listing_id"], strict=True))
    again = set(zip(few[0].rows["platform"], few[0].rows["listing_id"], strict=True))
    assert listed <= again and len(again) == len(shown) + 5


def test_a_run_whose_tables_were_taken_away_is_refused_in_words(demo: RunReport, tmp_path: Path) -> None:
    shutil.copy(demo.out / "run.json", tmp_path)
    with pytest.raises(DataError, match="no finished run with its work/"):
        compare_run(tmp_path, config=load_run_config())


def test_a_column_that_a_mapping_only_carried_later_is_no_difference(demo: RunReport, tmp_path: Path) -> None:
    """Further columns of a mapping may come and go between versions."""
    folder = Path(shutil.copytree(demo.out, tmp_path / "without"))
    for part in (folder / "work" / "listings").glob("part-*.parquet"):
        table = pd.read_parquet(part)
        assert "x_synthetic" in table
        table.drop(columns="x_synthetic").to_parquet(part)
    found = compare_run(folder, config=load_run_config(), at_most=200)
    assert np.isfinite(found.rows["risk_now"]).all() and not found.changed.any()
