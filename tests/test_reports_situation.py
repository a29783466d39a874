"""The situation report: rates with intervals, least counts, and a second count that agrees with the lists."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pytest

from models.group_shares import group_shares
from models.proportions import share
from pipeline.planning.places import places_on
from pipeline.reference import load_reference
from pipeline.reports.situation import ANY, MIN_LISTINGS, MIN_SELLERS, TOO_FEW, _expected, write_situation
from pipeline.stages.run import RunReport
from pipeline.stages.situation import SMALL, Situation, facts, situation
from pipeline.store import read_json, read_parquet, write_parquet
from pipeline.tables.targets import with_lists

KEY = ["platform", "listing_id"]


def made_of(out: Path, targets: pd.DataFrame | None = None) -> Situation:
    work, summary = out / "work", read_json(out / "work" / "summary.json")
    day = pd.Timestamp(summary["as_of"]).date()
    told = with_lists(read_parquet(work / "targets.parquet")) if targets is None else targets
    places = places_on(day, load_reference().provinces)
    scores = read_parquet(out / "scores.parquet")
    return situation(work / "listings", work, scores, told, as_of=day, flagged_points=summary["flagged_points"], places=places)


@pytest.fixture(scope="module")
def made(demo: RunReport) -> Situation:
    return made_of(demo.out)


def invented(n_groups: int, seed: int) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    table = pd.DataFrame({"group": rng.integers(0, n_groups, 600), "seller": rng.integers(0, 60, 600).astype(str)})
    table["sign"] = rng.random(600) < np.where(table["seller"].astype(int) % 5 == 0, 0.6, 0.02)
    return table


@pytest.mark.parametrize("n_groups", [1, 4, 40])
def test_many_shares_at_once_are_those_one_by_one(n_groups: int) -> None:
    table = invented(n_groups, n_groups)
    together = group_shares(table, ["group"], ["sign"], "seller").set_index("group")
    for group, rows in table.groupby("group"):
        alone = share(rows["sign"], cluster=rows["seller"])
        assert together.loc[group, ["value", "low", "high"]].tolist() == pytest.approx([alone.value, alone.low, alone.high])
        assert together.at[group, "n"] == alone.n and together.at[group, "hits"] == rows["sign"].sum()


def test_listings_of_one_seller_count_as_little_more_than_one_look() -> None:
    """A hundred listings with signs among two hundred: of one shop each, or all of a single shop beside a hundred others."""
    apart = pd.DataFrame({"group": 1, "seller": [str(n) for n in range(200)], "sign": [True] * 100 + [False] * 100})
    together = apart.assign(seller=["0"] * 100 + [str(n) for n in range(100, 200)])
    wide, narrow = (group_shares(table, ["group"], ["sign"], "seller").iloc[0] for table in (together, apart))
    assert narrow["high"] - narrow["low"] < 0.16 < 0.5 < wide["high"] - wide["low"]


def test_both_ways_of_counting_agree_by_authority(made: Situation, demo: RunReport) -> None:
    assert facts(made)["agrees_with_lists"] and made.agreement["counted"].sum() == demo.plan.targets["n_flagged"].sum() > 0
    scores = read_parquet(demo.out / "scores.parquet").sort_values("points", ascending=False).drop_duplicates(KEY)
    assert made.agreement["counted"].sum() + made.n_below == scores["points"].ge(1.0).sum() and made.n_listings == len(scores)


def test_a_list_that_counts_differently_is_told(demo: RunReport, tmp_path: Path) -> None:
    wrong = demo.plan.targets.assign(n_flagged=demo.plan.targets["n_flagged"] + 1)
    made = made_of(demo.out, wrong)
    assert not facts(made)["agrees_with_lists"]
    write_situation(tmp_path / "a.xlsx", made, wrong, read_json(demo.out / "work" / "summary.json"))
    sheet = openpyxl.load_workbook(tmp_path / "a.xlsx")["Đối chiếu"]
    assert {row[3].value for row in sheet.iter_rows(min_row=3)} == {"LỆCH"}


def test_every_dimension_adds_up_to_all_listings(made: Situation) -> None:
    whole = made.margins[made.margins["behaviour"].eq(ANY)].groupby("dimension")["n"].sum()
    assert set(whole[["goods", "platform", "authority"]]) == {made.n_listings}
    cells = made.cells[made.cells["behaviour"].eq(ANY)]
    assert cells["n"].sum() == whole["month"] and SMALL in set(cells["goods"])


def test_too_little_gives_no_rate_and_small_cells_are_put_together(made: Situation, demo: RunReport, tmp_path: Path) -> None:
    for table in (made.margins, made.cells):
        few = table["n"].lt(MIN_LISTINGS) | table["sellers"].lt(MIN_SELLERS)
        assert table.loc[few, "value"].isna().all() and table.loc[~few, "value"].between(0, 1).all()
        assert (table.loc[~few, "low"] <= table.loc[~few, "value"]).all() and (table.loc[~few, "value"] <= table.loc[~few, "high"]).all()
    named = made.cells[made.cells["goods"].ne(SMALL)]
    assert (named["n"] >= MIN_LISTINGS).all() and (named["sellers"] >= MIN_SELLERS).all()
    write_situation(tmp_path / "a.xlsx", made, demo.plan.targets, read_json(demo.out / "work" / "summary.json"))
    said = [cell.value for sheet in openpyxl.load_workbook(tmp_path / "a.xlsx") for row in sheet.iter_rows() for cell in row]
    assert TOO_FEW in said


def test_a_listing_seen_twice_in_a_month_counts_once_and_in_two_months_twice(demo: RunReport, tmp_path: Path) -> None:
    out = tmp_path / "out"
    for name in ("listings", "rows"):
        shutil.copytree(demo.out / "work" / name, out / "work" / name)
    for name in ("targets.parquet", "summary.json"):
        shutil.copy(demo.out / "work" / name, out / "work" / name)
    (part,) = (out / "work" / "listings").iterdir()
    listings, scores = read_parquet(part), read_parquet(demo.out / "scores.parquet")
    again = [listings.head(3).assign(captured_at=listings["captured_at"].head(3) - pd.Timedelta(days=days)) for days in (1, 40)]
    write_parquet(pd.concat([listings, *again], ignore_index=True), part)
    rows = read_parquet(out / "work" / "rows" / part.name)
    write_parquet(pd.concat([rows, rows.head(3), rows.head(3)], ignore_index=True), out / "work" / "rows" / part.name)
    write_parquet(pd.concat([scores, scores.head(3), scores.head(3)], ignore_index=True), out / "scores.parquet")
    before, after = made_of(demo.out), made_of(out)
    assert after.n_listings == before.n_listings and facts(after)["agrees_with_lists"]
    months = after.margins[after.margins["dimension"].eq("month") & after.margins["behaviour"].eq(ANY)].set_index("name")["n"]
    assert months.sum() == before.n_listings + 3 and months.iloc[0] == 3


@pytest.mark.parametrize(("low", "said"), [(6.16, "6,2 trong 3/4 đối tượng"), (5.9, "6,2 (từ 5,9 đến 6,2) trong 3/4 đối tượng")])
def test_a_range_of_no_width_is_not_said_as_one(low: float, said: str) -> None:
    assert _expected({"low": low, "expected": 6.2, "high": 6.24, "of": 4, "with_probability": 3}) == said


def test_only_the_central_role_gets_it_and_expected_finds_stand_nowhere_else(demo: RunReport, tmp_path: Path) -> None:
    assert (demo.out / "thuc-trang.xlsx").is_file() and not list((demo.out / "plans").glob("thuc-trang*"))
    summary = read_json(demo.out / "work" / "summary.json")
    name = demo.plan.targets["authority"].iat[0]
    summary["expected_finds"] = {name: {"low": 1.25, "expected": 2.5, "high": 3.75, "of": 3, "with_probability": 3}}
    write_situation(tmp_path / "a.xlsx", made_of(demo.out), demo.plan.targets, summary)
    rows = [[cell.value for cell in row] for row in openpyxl.load_workbook(tmp_path / "a.xlsx")["Tóm tắt cho lãnh đạo"].iter_rows()]
    assert next(row for row in rows if row[0] == name)[5] == "2,5 (từ 1,2 đến 3,8) trong 3/3 đối tượng"
    for path in (demo.out / "plans").glob("*.xlsx"):
        for sheet in openpyxl.load_workbook(path):
            assert not any("Dự kiến phát hiện" in str(cell.value) for row in sheet.iter_rows() for cell in row)
