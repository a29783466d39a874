"""Upgrades: every table says its version, what an older SoiHàng left is read, and what this one cannot read it refuses in words."""

from __future__ import annotations

import json
import logging
import re
import sqlite3
import zipfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner, Result

from features.errors import DataError, SoiHangError
from models.artifact import FORMAT
from pipeline import backup
from pipeline.cli import app
from pipeline.config import load_run_config
from pipeline.monitor import figures
from pipeline.sharing import package
from pipeline.stages.judge import read_features
from pipeline.stages.learned_rows import _NOTHING
from pipeline.stages.requests_sent import SENT_COLUMNS
from pipeline.state_folder import ADDRESSES, ANSWERS, SENT
from pipeline.store import read_json, read_parquet, write_json, write_parquet
from pipeline.tables import complaints, seller_addresses
from pipeline.tables.versions import DOCUMENTS, SCHEMA, TABLES, Added, Table, document_of, table_of
from pipeline.trail import manifest

ROOT = Path(__file__).resolve().parent.parent
OLD = Path(__file__).parent / "data" / "old_runs" / "0.1.0.zip"
#: Of each table its columns and their types by version, of each document its keys. Never changed, only added to.
KNOWN = json.loads((Path(__file__).parent / "data" / "table_columns.json").read_text(encoding="utf-8"))
PAGE = (ROOT / "docs" / "upgrades.md").read_text(encoding="utf-8")
CRAWL = ["sàn,mã tin,tiêu đề,ngày thu thập,giá bán,mã gian hàng,tên gian hàng,nơi gửi"]
CRAWL += [f"shopee,T{n},Giày Nike Pegasus 40 rep 1:1,2026-11-20,250.000,S{n},Gian mẫu {n},An Giang" for n in range(3)]
CRAWL += ["shopee,,không có mã,2026-11-20,1,S1,Gian mẫu 1,An Giang"]

NIGHT = "runs/2026-11-21"

Columns = dict[str, str]
#: What nobody need have recorded; words that only reading without a model leaves.
OPTIONAL = {"outcomes": {"authority", "usefulness"}, "rows": {"title_words"}}


def soihang(*arguments: object, fails: bool = False) -> Result:
    done = CliRunner().invoke(app, [str(one) for one in arguments])
    assert fails or done.exit_code == 0, (done.output, done.exception)
    return done


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which every kind of table was written once, by the commands that write them wherever they are quick."""
    folder = tmp_path_factory.mktemp("written")
    crawl, out, state = folder / "crawl.csv", folder / "out", folder / "state"
    crawl.write_text("\n".join(CRAWL), encoding="utf-8")
    (folder / "complaints.csv").write_text("Ngày tiếp nhận;Sàn;Mã gian hàng;Nội dung\n20/11/2026;Shopee;S1;nhận hàng giả\n", encoding="utf-8")
    (folder / "reviews.csv").write_text("platform,listing_id,rating,text\nshopee,T1,1,hàng giả\n", encoding="utf-8")
    soihang("complaints", "import", folder / "complaints.csv", "--state", state)
    soihang("run", crawl, "--out", out, "--model", "coldstart", "--reviews", folder / "reviews.csv", "--complaints", state)
    soihang("plan", out, "--issue", "--by", "Người thử", "--crawl", crawl, "--issued", folder / "issued")
    soihang("request", next(folder.glob("issued/*/ban-1")), "--out", folder / "letters", "--state", state)
    soihang("review", "sample", out)
    soihang("simulate", "--out", folder / "simulated", "--listings", 100)
    soihang("outcomes", "export", folder / "what-was-found.parquet", "--database", folder / "soihang.db")
    read_features(out, config=load_run_config(), n_listings=3, with_text=True)
    for name, columns in ((ADDRESSES, seller_addresses.COLUMNS), (ANSWERS, complaints.ANSWER_COLUMNS)):
        write_parquet(pd.DataFrame({one: pd.Series(dtype=kind) for one, (kind, _, _) in columns.items()}), state / name)
    write_parquet(pd.DataFrame(columns=SENT_COLUMNS, dtype="str"), state / SENT)
    # Real ones need a market to learn from, and a crawl that did not change.
    write_parquet(_NOTHING, out / "learned_rows.parquet")
    return folder


def tables_in(folder: Path) -> dict[Path, str | None]:
    """Every Parquet file but a simulated crawl, which is input, with the version it bears."""
    return {
        path: (pq.read_schema(path).metadata or {}).get(SCHEMA, b"").decode() or None
        for path in sorted(folder.rglob("*.parquet"))
        if path.parent.name != "crawl"
    }


def columns_of(path: Path) -> Columns:
    """Names and types; what a source adds to the listings under ``x_`` is nobody's promise, and the width of strings pandas' own affair."""
    return {one.name: str(one.type).replace("large_string", "string") for one in pq.read_schema(path) if not one.name.startswith("x_")}


def forgotten(name: str, found: Columns, table: Table, known: Mapping[str, Columns]) -> str:
    """Return in words what was changed in a table without raising its version or saying what older ones get; empty where nothing was."""
    today = {one: kind for one, kind in known.get(str(table.version), {}).items() if one in found or one not in OPTIONAL.get(name, ())}
    # A column without a value in the few rows of a test has no type.
    if found.keys() != today.keys() or any("null" not in kind + today[one] and kind != today[one] for one, kind in found.items()):
        return f"{name} is not as version {table.version} was; raise it in pipeline/tables/versions.py, add to table_columns.json: {found}"
    for number in range(table.oldest, table.version):
        filled = {one for one, added in table.added.items() if number < added.since}
        if today.keys() - known[str(number)].keys() != filled:
            return f"{name}/{number} lacks {sorted(today.keys() - known[str(number)].keys())}, versions.py fills {sorted(filled)}"
    return ""


def test_every_table_that_is_written_bears_a_version_and_the_registry_names_no_other(written: Path) -> None:
    found = tables_in(written)
    assert not [path for path, said in found.items() if said is None]
    assert {said for said in found.values() if said} == {f"{name}/{table.version}" for name, table in TABLES.items()}


def test_no_table_changes_without_its_version(written: Path) -> None:
    named = {path: said.split("/")[0] for path, said in tables_in(written).items() if said}
    assert {forgotten(name, columns_of(path), TABLES[name], KNOWN["tables"][name]) for path, name in named.items()} == {""}
    assert KNOWN["tables"].keys() == TABLES.keys()


def test_a_changed_column_is_noticed_until_its_version_says_it() -> None:
    one, two = {"a": "string"}, {"a": "string", "b": "double"}
    said = Table(2, "soihang score", added={"b": Added(2, "float64", np.nan)})
    assert "raise it" in forgotten("t", two, Table(1, ""), {"1": one}) and "raise it" in forgotten("t", {"a": "int64"}, Table(1, ""), {"1": one})
    assert "t/1 lacks ['b']" in forgotten("t", two, Table(2, ""), {"1": one, "2": two})
    assert not forgotten("t", two, said, {"1": one, "2": two}) and not forgotten("t", two, Table(2, "", oldest=2), {"1": one, "2": two})


def test_what_0_1_0_wrote_counts_as_version_1_and_has_its_columns(old: Path) -> None:
    found = tables_in(old)
    assert len(found) > 15 and set(found.values()) == {None}
    for path in found:
        name = table_of(path, pq.read_schema(path).names)
        assert name is not None and columns_of(path).keys() ^ KNOWN["tables"][name]["1"].keys() <= OPTIONAL.get(name, set()), path


def test_documents_keep_what_their_version_had(written: Path) -> None:
    for name, keys in KNOWN["documents"].items():
        for path in written.rglob(name):
            if document_of(path) is None:
                continue
            said = json.loads(path.read_text(encoding="utf-8"))
            assert said["schema"] == DOCUMENTS[name].version and set(keys[str(said["schema"])]) <= said.keys() - {"schema"}, path
    assert KNOWN["documents"].keys() == DOCUMENTS.keys()


@pytest.fixture
def scores(tmp_path: Path) -> Path:
    """Two parts of scores as today writes them."""
    for part in range(2):
        write_parquet(pd.DataFrame({"listing_id": ["1", "2"], "risk": [0.5, 0.1]}), tmp_path / "scores" / f"part-{part:05d}.parquet")
    return tmp_path / "scores"


def test_an_older_table_is_read_with_its_new_columns_filled_and_says_so_once(
    scores: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setitem(TABLES, "scores", Table(2, "soihang score", added={"harm": Added(2, "float64", 1.5), "why": Added(2, "str", None)}))
    with caplog.at_level(logging.WARNING):
        whole, some, none = (
            read_parquet(scores / "part-00000.parquet"),
            read_parquet(scores / "part-00001.parquet", ["harm", "risk"]),
            read_parquet(scores / "part-00001.parquet", ["risk"]),
        )
    assert whole["harm"].tolist() == [1.5, 1.5] and whole["why"].isna().all() and whole["why"].dtype == "str"
    assert list(some.columns) == ["harm", "risk"] and list(none.columns) == ["risk"]
    assert len(caplog.records) == 1 and "harm, why" in caplog.text


@pytest.mark.parametrize(
    ("there", "now", "words"),
    [
        (3, Table(2, "soihang score"), r"written by a newer SoiHàng \(scores/3, this one reads 1–2\): update SoiHàng, or run `soihang score` again"),
        (1, Table(2, "soihang score", oldest=2), r"written by an older SoiHàng \(scores/1, this one reads 2\): run `soihang score` again"),
    ],
    ids=["newer", "too old"],
)
def test_what_cannot_be_read_is_refused_with_file_versions_and_command(
    there: int, now: Table, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(TABLES, "scores", Table(there, "soihang score"))
    write_parquet(pd.DataFrame({"risk": [0.5]}), tmp_path / "scores.parquet")
    monkeypatch.setitem(TABLES, "scores", now)
    with pytest.raises(DataError, match=words) as refused:
        read_parquet(tmp_path / "scores.parquet", ["risk"])
    assert str(refused.value).startswith(str(tmp_path / "scores.parquet")) and "\n" not in str(refused.value)


def test_a_column_that_is_missing_and_a_version_that_is_no_number_are_one_line(scores: Path) -> None:
    with pytest.raises(DataError, match="has no column 'nowhere'"):
        read_parquet(scores / "part-00000.parquet", ["risk", "nowhere"])
    table = pq.read_table(scores / "part-00000.parquet").replace_schema_metadata({SCHEMA: b"scores/x"})
    pq.write_table(table, scores / "part-00000.parquet")
    with pytest.raises(DataError, match="scores/x, which is no number"):
        read_parquet(scores / "part-00000.parquet")


def test_a_document_comes_back_as_it_was_and_a_newer_one_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "run.json"
    write_json({"counts": {"read": 1}}, path)
    assert read_json(path) == {"counts": {"read": 1}} and json.loads(path.read_text())["schema"] == DOCUMENTS["run.json"].version
    write_json({"counts": {"read": 1}, "schema": 9}, tmp_path / "other.json")
    assert read_json(tmp_path / "other.json")["schema"] == 9, "a document that is not ours keeps its own word"
    path.write_text(path.read_text().replace('"schema": 1', '"schema": 9'))
    done = soihang("status", tmp_path, fails=True)
    assert isinstance(done.exception, DataError) and "run.json was written by a newer SoiHàng (run/9, this one reads 1)" in str(done.exception)


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """What 0.1.0 left: two nights, an issued list, a complaint and an empty register (``tests/data/old_runs/freeze.sh``)."""
    with zipfile.ZipFile(OLD) as packed:
        packed.extractall(tmp_path / "old")
    return tmp_path / "old"


def test_what_0_1_0_left_is_watched_verified_planned_and_told_by_this_one(old: Path) -> None:
    before = read_parquet(old / NIGHT / "work" / "targets.parquet", ["subject", "priority"])
    assert "read 4, listings 3" in soihang("status", old / "runs").output
    assert "2 nights" in soihang("monitor", "show", old / "runs").output
    soihang("verify", old / "issued/2026-W47/ban-1")
    soihang("report", old / NIGHT)
    assert (old / NIGHT / "plan.xlsx").is_file()
    soihang("plan", old / NIGHT, "--issued", old / "issued")
    pd.testing.assert_frame_equal(read_parquet(old / NIGHT / "work" / "targets.parquet", ["subject", "priority"]), before)
    assert "shopee A" in soihang("complaints", "due", "--state", old / "state", "--as-of", "2026-11-22").output


def test_doctor_compares_with_what_0_1_0_left(old: Path) -> None:
    if "--compare" not in soihang("doctor", "--help").output:
        pytest.skip("doctor --compare is not there")
    soihang("doctor", "--compare", old / NIGHT)


def test_the_night_after_an_upgrade_goes_on_from_the_old_ones(old: Path) -> None:
    soihang("night", old / "2026-11-21.csv", "--runs", old / "runs", "--night", "2026-11-22", "--model", "coldstart")
    lines = (old / "runs" / "night.log").read_text(encoding="utf-8").splitlines()
    assert re.search(r"night=2026-11-22 .* new=0 changed=0 gone=0", lines[-1])
    assert "3 nights" in soihang("monitor", "show", old / "runs").output


def test_the_register_of_0_1_0_serves_and_one_of_another_form_is_named_with_what_to_do(old: Path) -> None:
    database = old / "state" / "soihang.db"
    soihang("outcomes", "status", "--database", database)
    with sqlite3.connect(database) as connection:
        connection.execute("UPDATE soihang_version SET version_num = 'ffff'")
    connection.close()
    for command in (("outcomes", "status"), ("db", "upgrade")):
        done = soihang(*command, "--database", database, fails=True)
        assert isinstance(done.exception, SoiHangError) and "newer SoiHàng" in str(done.exception) and "update SoiHàng" in str(done.exception)


def test_the_page_names_every_version_that_there_is() -> None:
    rows = {cells[0].strip(" `"): cells[1].strip() for line in PAGE.splitlines() if len(cells := line.strip("|").split("|")) >= 2}
    assert {name: rows.get(name) for name in TABLES | DOCUMENTS} == {name: str(one.version) for name, one in (TABLES | DOCUMENTS).items()}
    forms = {
        "config_version": 1, "monitor.json": figures.VERSION, "model": FORMAT, "bundle": manifest.FORMAT, "backup": backup.FORMAT,
        "package": f"{package.FORMAT} {package.VERSION}",
    }  # fmt: skip
    assert {name: rows.get(name) for name in forms} == {name: str(one) for name, one in forms.items()}
