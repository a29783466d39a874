"""Law tables dropped in as CSV: taken where sound, refused with file, line and column where not, and logged either way."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from typer.testing import CliRunner

from features.errors import ConfigError
from pipeline.cli import app
from pipeline.config import configs_dir
from pipeline.law import UNVERIFIED, cite, load_law
from pipeline.law.agreement import disagreements
from pipeline.law.report import BEHAVIOURS
from pipeline.law.tables import COLUMNS, DATED, LEVELS, read_tables

OURS = configs_dir() / "reference" / "law"
TODAY = date(2026, 11, 24)
Rows = list[dict[str, str]]


def table(name: str) -> Rows:
    with (OURS / f"{name}.csv").open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


@pytest.fixture
def drop(tmp_path: Path) -> Callable[..., Path]:
    """A function that writes a changed copy of one of our tables into a folder of one's own."""

    def write(name: str, change: Callable[[Rows], object], columns: list[str] | None = None) -> Path:
        rows = table(name)
        change(rows)
        with (tmp_path / f"{name}.csv").open("w", encoding="utf-8", newline="") as stream:
            writer = csv.DictWriter(stream, columns or list(COLUMNS[name] | DATED), extrasaction="ignore")
            writer.writeheader()
            writer.writerows(rows)
        return tmp_path

    return write


def test_our_tables_are_sound_and_agree_among_themselves() -> None:
    tables = read_tables()
    assert list(disagreements(tables)) == []
    assert {version.table for version in tables.versions} == set(COLUMNS) == {path.stem for path in OURS.glob("*.csv")}
    assert not any(version.own for version in tables.versions)


def test_every_fact_says_where_it_comes_from_and_how_well_it_is_known() -> None:
    for name, frame in read_tables().frames.items():
        assert frame["source"].str.len().gt(3).all() and set(frame["verified"]) <= set(LEVELS), name


def test_what_rests_on_memory_or_on_others_is_never_called_settled() -> None:
    settled = {row["code"] for row in table("citations") if row["verified"] == "full_text"}
    assert settled.isdisjoint({"IP.CF", "IP.INF", "IP.STAMP", "FR.PRM", "LBL", "ADV", "REG", "inspection_limit"})
    assert {row["verified"] for row in table("criminal_thresholds")} <= {"secondary", "recall"}


def test_a_milder_later_rule_in_a_table_of_ones_own_is_flagged(drop: Callable[..., Path]) -> None:
    def milder(rows: Rows) -> None:
        old = next(row for row in rows if row["code"] == "SMG")
        rows.append({**old, "article": "khoản 1 Điều 99", "instrument": "24/2025/NĐ-CP", "valid_from": "2026-01-01"})
        old.update(valid_to="2025-12-31", ended_how="lighter", ended_by="24/2025/NĐ-CP")

    law = load_law(drop("citations", milder))
    (then,) = law.citations("SMG", act_date=date(2025, 12, 31), as_of=TODAY)
    assert then.favourable and "có quy định nhẹ hơn (Nghị định 24/2025/NĐ-CP)" in str(then) and "từ sau ngày 31/12/2025" in str(then)
    assert cite(law.citations("SMG", act_date=date(2026, 1, 1), as_of=TODAY)).startswith("khoản 1 Điều 99")
    assert [version.table for version in law.versions if version.own] == ["citations"]


def test_a_row_marked_unverified_is_unverified_in_the_output(drop: Callable[..., Path]) -> None:
    def doubt(rows: Rows) -> None:
        for row in rows:
            row["verified"] = "recall"

    (one,) = load_law(drop("citations", doubt)).citations("SMG", act_date=TODAY, as_of=TODAY)
    assert str(one).endswith(UNVERIFIED)


@pytest.mark.parametrize(
    ("name", "column", "value", "message"),
    [
        ("citations", "verified", "sure", r"citations\.csv, line 2, column verified: 'sure'"),
        ("citations", "kind", "maybe", r"citations\.csv, line 2, column kind: 'maybe'"),
        ("citations", "source", "", r"citations\.csv, line 2, column source"),
        ("citations", "valid_from", "15/10/2020", r"citations\.csv, line 2, column valid_from: '15/10/2020' breaks the rule .*write 2026-11-24"),
        ("citations", "valid_to", "2026-02-30", r"citations\.csv, line 2, column valid_to: '2026-02-30'"),
        ("fine_brackets", "basis", "n_sold", r"fine_brackets\.csv, line 2, column basis: 'n_sold'"),
        ("fine_brackets", "fine_max", "-3", r"fine_brackets\.csv, line 2, column fine_max: '-3' breaks the rule .*number"),
        ("citations", "code", "XX", r"citations\.csv, line 2: code 'XX' is not in behaviours\.csv"),
        ("citations", "instrument", "1/1999/NĐ-CP", r"citations\.csv, line 2: instrument '1/1999/NĐ-CP' is not in legal_status\.csv"),
        ("fine_brackets", "upper", "2000000", r"98/2020-9\.1 leaps from 2000000\.0 to 3000000\.0 on 2020-10-15"),
        ("checklists", "codes", "IP.CF|ZZ", r"checklists\.csv, line 2: code 'ZZ'"),
    ],
)
def test_a_wrong_cell_is_named_with_file_line_and_column(
    drop: Callable[..., Path], name: str, column: str, value: str, message: str
) -> None:
    folder = drop(name, lambda rows: rows[0].__setitem__(column, value))
    with pytest.raises(ConfigError, match=message):
        load_law(folder)


def test_an_end_before_the_beginning_is_refused(drop: Callable[..., Path]) -> None:
    with pytest.raises(ConfigError, match="valid_to before valid_from"):
        load_law(drop("citations", lambda rows: rows[0].update(valid_to="2020-10-14")))


def test_a_missing_or_unknown_column_is_refused(drop: Callable[..., Path]) -> None:
    columns = [column for column in COLUMNS["referral"] | DATED if column != "source"]
    with pytest.raises(ConfigError, match=r"referral\.csv: columns missing \['source'\], unknown \['sauce'\]"):
        load_law(drop("referral", lambda rows: None, [*columns, "sauce"]))


def test_a_file_that_is_no_law_table_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no CSV file"):
        read_tables(tmp_path)
    (tmp_path / "citation.csv").write_text("a\n1\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"unknown tables \['citation'\]; known: .*citations\.csv"):
        read_tables(tmp_path)
    with pytest.raises(ConfigError, match="no folder of law tables"):
        read_tables(tmp_path / "nowhere")


def test_two_leading_codes_for_one_behaviour_are_refused(drop: Callable[..., Path]) -> None:
    def second(rows: Rows) -> None:
        next(row for row in rows if row["code"] == "UNK")["lead"] = "yes"

    with pytest.raises(ConfigError, match="smuggled has 2 leading codes"):
        load_law(drop("behaviours", second))


# The command


def test_the_command_prints_what_stands_on_a_day() -> None:
    done = CliRunner().invoke(app, ["law", "check", "--as-of", "2025-02-20"])
    assert done.exit_code == 0 and "law tables as of 20/02/2025: all valid" in done.stdout
    assert "điểm c khoản 1 Điều 17" in done.stdout and "Nghị định 24/2025/NĐ-CP" not in done.stdout
    assert UNVERIFIED in done.stdout


def test_the_command_takes_tables_of_ones_own_from_the_option_and_from_the_settings(drop: Callable[..., Path], tmp_path: Path) -> None:
    folder = drop("referral", lambda rows: rows[0].update(agency_vi="Công an thử"))
    by_option = CliRunner().invoke(app, ["law", "check", "--law", str(folder), "--as-of", "2026-11-24", "--json"])
    said = json.loads(by_option.stdout)
    assert {table["table"]: table["own"] for table in said["tables"]}["referral"] and "Công an thử" in said["behaviours"]["scam"]["referral"][0]
    settings = tmp_path / "run.yaml"
    text = (configs_dir() / "run.yaml").read_text(encoding="utf-8")
    settings.write_text(text.replace("law_tables: ", f"law_tables: {folder} ", 1), encoding="utf-8")
    by_settings = CliRunner().invoke(app, ["law", "check", "--config", str(settings), "--as-of", "2026-11-24", "--json"])
    assert json.loads(by_settings.stdout) == said


def test_the_command_refuses_a_table_that_is_wrong(drop: Callable[..., Path]) -> None:
    folder = drop("citations", lambda rows: rows[0].update(verified="sure"))
    done = CliRunner().invoke(app, ["law", "check", "--law", str(folder)])
    assert isinstance(done.exception, ConfigError) and "line 2, column verified" in str(done.exception)


def test_the_document_names_every_phrase_and_table() -> None:
    from pipeline.law import CONSIDER, NO_BASIS, NOT_ENOUGH, REFER

    law = load_law()
    said = (OURS.parent.parent.parent / "docs" / "law.md").read_text(encoding="utf-8")
    names = [name for behaviour in BEHAVIOURS for name in law.display_names(behaviour)]
    phrases = [*names, CONSIDER, NO_BASIS, NOT_ENOUGH, REFER, UNVERIFIED, *(f"`{name}`" for name in COLUMNS)]
    assert [text for text in phrases if text not in said] == []
