"""What came of issued lists: coverage that adds up, and outcomes in the form that training reads."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from typer.testing import CliRunner, Result

from pipeline.labels import read_outcomes
from pipeline.register.coverage import COUNTS, coverage
from pipeline.register.export import outcomes_table
from pipeline.reports.results_sheet import RESULT_CHOICES
from pipeline.stages.outcomes_export import write_outcomes
from tests.conftest import ROOT
from tests.returned_lists import BACK, CODES, DUE, MONDAY, issued, opinions, register, results, take

FOUND, CLEAN = "Có vi phạm đúng dấu hiệu", "Không phát hiện vi phạm"


def answers(path: Path) -> Path:
    """Found at S1, clean at S2, pending at S3, not there at S4, not looked at S5; nothing of the other three."""
    said = [FOUND, CLEAN, "Chờ giám định/kiểm nghiệm", "Không tìm thấy cơ sở", "Chưa kiểm tra"]
    useful = [5, 2, None, None, None]
    rows = [{"code": code, "result": choice, "usefulness": stars} for code, choice, stars in zip(CODES, said, useful, strict=False)]
    return results(path, *rows, *({"code": code} for code in CODES[5:]))


def test_coverage_adds_up_and_names_what_is_overdue(tmp_path: Path) -> None:
    with register(tmp_path / "r.db") as connection:
        take(connection, answers(tmp_path / "a.xlsx"))
        on_the_day = coverage(connection, today=DUE).by().iloc[0]
        assert on_the_day[COUNTS].tolist() == [8, 1, 1, 1, 1, 1, 3] and on_the_day["issued"] == on_the_day[COUNTS[1:]].sum()
        # Four of eight were looked at; 3 silent rows and the one not looked at are owed, from the day after the due day.
        assert (on_the_day["answered"], on_the_day["coverage"], on_the_day["overdue"]) == (4, 0.5, 0)
        late = coverage(connection, today=DUE + timedelta(days=3))
        assert late.overdue()["code"].tolist() == CODES[4:] and set(late.overdue()["overdue_days"]) == {3.0}
        assert late.by("authority")[["authority", "overdue", "usefulness", "n_useful"]].to_numpy().tolist() == [["An Giang", 4, 3.5, 2]]


def test_a_row_that_was_sent_back_is_told_from_one_that_nobody_answered(tmp_path: Path) -> None:
    with register(tmp_path / "r.db") as connection:
        unclear = [{"code": CODES[0], "result": "Có vi phạm"}, {"code": CODES[1], "result": "Có vi phạm"}]
        take(connection, results(tmp_path / "a.xlsx", *unclear))
        take(connection, results(tmp_path / "b.xlsx", {"code": CODES[1], "result": CLEAN}), received=DUE)
        found = coverage(connection, today=DUE + timedelta(days=1))
        assert found.overdue().query("sent_back")["code"].tolist() == [CODES[0]] and found.by().iloc[0]["sent_back"] == 1


def test_expected_finds_stand_beside_found_ones_over_the_same_rows(tmp_path: Path) -> None:
    with register(tmp_path / "r.db") as connection:
        take(connection, answers(tmp_path / "a.xlsx"))
        one = coverage(connection, today=DUE).by().iloc[0]
        # Two rows are decided, each expected at 0.5.
        assert (one["n_expected"], one["expected"], one["found_of_expected"]) == (2, 1.0, 1)
        assert 0 < one["found_low"] < 1 < one["found_high"] < 2


def test_coverage_is_told_as_it_was_known_on_a_day(tmp_path: Path) -> None:
    with register(tmp_path / "r.db") as connection:
        take(connection, answers(tmp_path / "a.xlsx"))
        assert coverage(connection, today=BACK - timedelta(days=1)).by().iloc[0]["silent"] == 8
        assert coverage(connection, today=MONDAY - timedelta(days=1)).rows.empty


def test_a_row_that_a_correction_took_off_is_owed_by_nobody(tmp_path: Path) -> None:
    with register(tmp_path / "r.db", issued(), issued(version=2, codes=CODES[:6])) as connection:
        assert coverage(connection, today=DUE).by().iloc[0]["issued"] == 6


def test_outcomes_come_out_as_training_and_labels_read_them(tmp_path: Path) -> None:
    with register(tmp_path / "r.db") as connection:
        take(connection, answers(tmp_path / "a.xlsx"), opinions(tmp_path / "b.xlsx", {"code": CODES[0], "opinion": "Đồng ý"}))
        table = outcomes_table(connection)
    for name in ("o.parquet", "o.csv"):
        write_outcomes(table, tmp_path / name)
        labels = read_outcomes(tmp_path / name)
        # Two shown listings a seller: what was found is known of the seller, not of either listing.
        assert labels.table.empty and len(labels.outcomes) == 6
        assert dict(zip(labels.sellers["seller_id"], labels.sellers["y"], strict=True)) == {"S1": True, "S2": False}
    assert table.loc[table["source"].eq("desk_review"), ["status", "selection_probability"]].to_numpy().tolist() == [["worth_a_look", 1.0]]
    assert table.loc[table["source"].eq("inspection"), "selection_probability"].isna().all()


@pytest.mark.parametrize(
    ("listing_ids", "shown", "told"),
    [
        (["L1"], False, {("S1", "L1"), ("S2", "L1")}),
        (["L1", "M1"], False, {("S1", None), ("S2", None)}),
        (["L1", "M1"], True, {("S1", "L1"), ("S1", "M1"), ("S2", None)}),
        ([], True, {("S1", None), ("S2", None)}),
    ],
)
def test_a_finding_speaks_of_a_listing_only_where_it_can(tmp_path: Path, listing_ids: list[str], shown: bool, told: set[Any]) -> None:
    """S1: the list's own sign was confirmed; S2: something else was found, which says nothing of the listings that were shown."""
    with register(tmp_path / "r.db", issued(listing_ids=json.dumps(listing_ids))) as connection:
        take(connection, results(tmp_path / "a.xlsx", {"code": CODES[0], "result": FOUND}, {"code": CODES[1], "result": "Có vi phạm khác"}))
        table = outcomes_table(connection, shown_listings=shown).astype("object")
    table = table.where(table.notna(), None)
    assert set(zip(table["seller_id"], table["listing_id"], strict=True)) == told


def test_an_outcome_of_a_day_is_the_one_known_then(tmp_path: Path) -> None:
    with register(tmp_path / "r.db") as connection:
        take(connection, results(tmp_path / "a.xlsx", {"code": CODES[0], "result": "Chờ giám định"}))
        take(connection, results(tmp_path / "b.xlsx", {"code": CODES[0], "result": FOUND}), received=date(2026, 12, 20))
        assert outcomes_table(connection, as_of=date(2026, 12, 19))["status"].tolist() == ["pending"]
        assert outcomes_table(connection, as_of=date(2026, 12, 20))["status"].tolist() == ["confirmed"]
        assert outcomes_table(connection, as_of=date(2026, 11, 30)).empty


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """A function that runs a command in this process, with a register of its own."""
    from pipeline.cli import app

    monkeypatch.setenv("SOIHANG_DATABASE", str(tmp_path / "soihang.db"))
    monkeypatch.setenv("SOIHANG_LOG", str(tmp_path / "log.jsonl"))
    monkeypatch.chdir(tmp_path)
    return lambda *words: CliRunner().invoke(app, [str(word) for word in words])


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    """A folder of issued lists as `soihang plan --issue` lays it out: one list with two sellers."""
    folder = tmp_path / "issued" / "2026-W48" / "ban-1"
    folder.mkdir(parents=True)
    targets = pd.DataFrame(
        {
            "code": CODES[:2], "authority": "An Giang", "platform": "shopee", "seller_id": ["S1", "S2"], "seller_name": "Shop thử",
            "subject_kind": "seller", "standing": "Chính thức", "behaviours": [["counterfeit"], ["scam"]], "probability": [0.4, None],
            "selection": "Theo mức ưu tiên", "selection_probability": 1.0,
        }
    )  # fmt: skip
    targets.to_parquet(folder / "targets.parquet")
    pd.DataFrame({"code": CODES[:2], "listing_id": ["L1", "L2"]}).to_parquet(folder / "target_listings.parquet")
    (folder / "issue.json").write_text(json.dumps({"list": "48/2026", "version": 1, "kind": "weekly", "as_of": "2026-11-23"}), encoding="utf-8")
    return tmp_path / "issued"


def test_the_whole_way_back_on_the_command_line(command: Callable[..., Result], bundle: Path, tmp_path: Path) -> None:
    folder = tmp_path / "tra ve"
    folder.mkdir()
    results(folder / "a.xlsx", {"code": CODES[0], "result": FOUND, "happened_at": "25/11/2026"}, {"code": CODES[1], "result": "có lẽ"})
    done = command("outcomes", "import", folder, "--issued", bundle, "--received", "2026-12-01", "--json")
    assert done.exit_code == 0, done.output
    said = json.loads(done.stdout)
    assert (said["read"], said["taken"], said["returned"], said["untouched"]) == (2, 1, 1, 0)
    assert (tmp_path / "tra-lai-2026-12-01.xlsx").is_file()
    status = json.loads(command("outcomes", "status", "--as-of", "2026-12-20", "--json").stdout)
    assert status["all"]["coverage"] == 0.5 and [one["code"] for one in status["overdue"]] == [CODES[1]]
    assert command("outcomes", "export", tmp_path / "o.parquet").exit_code == 0
    assert read_outcomes(tmp_path / "o.parquet").table[["listing_id", "y"]].to_numpy().tolist() == [["L1", True]]
    assert "inspection – confirmed – counterfeit" in command("watchlist", "history", "shopee", "S1", "--by", "Tổ 1").stdout
    assert json.loads(command("db", "status", "--json").stdout)["rows"]["outcomes"] == 1
    logged = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text(encoding="utf-8").splitlines()]
    assert logged[0]["event"] == "outcomes_taken"
    assert (logged[0]["facts"]["taken"], logged[0]["facts"]["returned"]) == (1, 1)


def test_each_office_can_get_its_own_rows_back_alone(command: Callable[..., Result], bundle: Path, tmp_path: Path) -> None:
    books = [results(tmp_path / f"{name}.xlsx", {"code": code, "result": "có lẽ"}) for name, code in zip("ab", CODES, strict=False)]
    good = results(tmp_path / "c.xlsx", {"code": CODES[0], "result": CLEAN})
    assert command("outcomes", "import", *books, good, "--issued", bundle, "--returned", tmp_path / "back").exit_code == 0
    assert sorted(path.name for path in (tmp_path / "back").iterdir()) == ["tra-lai-a.xlsx", "tra-lai-b.xlsx"]
    rows = pd.read_excel(tmp_path / "back" / "tra-lai-a.xlsx", header=1)
    assert rows[["Tệp", "Mã dòng"]].to_numpy().tolist() == [["a.xlsx", CODES[0]]]


def test_exit_codes_say_that_all_was_known_or_that_a_file_could_not_be_read(command: Callable[..., Result], bundle: Path, tmp_path: Path) -> None:
    path = results(tmp_path / "a.xlsx", {"code": CODES[0], "result": FOUND})
    (tmp_path / "b.xlsx").write_text("no workbook", encoding="utf-8")
    assert command("outcomes", "import", path, "--issued", bundle).exit_code == 0
    assert command("outcomes", "import", path).exit_code == 4
    done = command("outcomes", "import", path, tmp_path / "b.xlsx")
    assert done.exit_code == 3 and "b.xlsx: not read" in done.stdout and "a.xlsx: taken before" in done.stdout


def test_what_cannot_be_told_back_is_not_taken(command: Callable[..., Result], bundle: Path, tmp_path: Path) -> None:
    path = results(tmp_path / "a.xlsx", {"code": CODES[0], "result": FOUND})
    (tmp_path / "file").write_text("x", encoding="utf-8")
    assert command("outcomes", "import", path, "--issued", bundle, "--returned", tmp_path / "file" / "back.xlsx").exit_code != 0
    assert json.loads(command("outcomes", "status", "--json").stdout)["all"] is None
    assert command("outcomes", "import", path, "--issued", bundle).exit_code == 0


def test_each_command_says_how_it_is_used_and_is_in_the_documentation(command: Callable[..., Result]) -> None:
    text = (ROOT / "docs" / "outcomes.md").read_text(encoding="utf-8")
    for group, names in (("outcomes", ("import", "status", "export")), ("db", ("status", "upgrade"))):
        for name in names:
            assert "--json" in command(group, name, "--help").stdout
            assert f"soihang {group} {name}" in text


def test_the_documentation_names_every_result_that_the_drop_down_offers() -> None:
    text = (ROOT / "docs" / "outcomes.md").read_text(encoding="utf-8")
    assert all(f"{choice} | `{status}`" in text for choice, status in RESULT_CHOICES.items())


@pytest.mark.libreoffice
def test_a_workbook_that_libreoffice_saved_anew_is_read_the_same(tmp_path: Path) -> None:
    if shutil.which("soffice") is None:
        pytest.skip("LibreOffice is not installed")
    path = answers(tmp_path / "a.xlsx")
    profile = f"-env:UserInstallation=file://{tmp_path / 'profile'}"
    told = ["soffice", profile, "--headless", "--convert-to", "xlsx:Calc MS Excel 2007 XML", "--outdir", str(tmp_path / "again"), str(path)]
    subprocess.run(told, check=True, capture_output=True, timeout=120)
    tables = []
    for number, one in enumerate((path, tmp_path / "again" / "a.xlsx")):
        with register(tmp_path / f"{number}.db") as connection:
            assert take(connection, one).to_json()["taken"] == 5
            tables.append(outcomes_table(connection))
    pd.testing.assert_frame_equal(*tables)
