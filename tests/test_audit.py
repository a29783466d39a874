"""Whether honest sellers are harmed: groups compared with intervals, silence where there are few, and peace after an appeal."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection

from features.errors import ConfigError, DataError
from pipeline.fairness.audit import Audit, Line, audit, period, to_json, wilson
from pipeline.fairness.content import content_hash
from pipeline.fairness.groups import ENTERPRISE, HOUSEHOLD, LARGE, NEW, SMALL, UNKNOWN
from pipeline.fairness.protection import FILE, protect, write_protected
from pipeline.fairness.report import TOO_FEW, shown, write_audit
from pipeline.fairness.settings import load_fairness_rule
from pipeline.fairness.spare import spare
from pipeline.planning.inputs import read_inputs
from pipeline.privacy.contents import texts_of
from pipeline.register.connect import connected
from pipeline.register.facts import add
from pipeline.register.lists import IssuedList, record_list
from pipeline.register.schema import COMPLAINTS, OUTCOMES
from pipeline.register.upgrade import ready
from pipeline.sources.tax_codes import stored_tax_code

RULE = load_fairness_rule()
TODAY, LISTED_ON = date(2026, 12, 31), date(2026, 11, 23)
NOW = datetime(2026, 12, 10, tzinfo=UTC)
HOUSE, FIRM = stored_tax_code("001099000001", b"k"), "0100000001"


def listing(seller: str, **changed: Any) -> dict[str, Any]:
    """An old middle-sized shop of An Giang without a tax code."""
    row: dict[str, Any] = {
        "platform": "shopee", "seller_id": seller, "listing_id": f"L-{seller}", "captured_at": pd.Timestamp("2026-11-20", tz="UTC"),
        "seller_n_products": 50.0, "seller_joined_at": pd.Timestamp("2020-01-01", tz="UTC"), "tax_code": None, "location": "An Giang",
        "title": f"Giày {seller}", "description": "mô tả", "variants": None,
    }  # fmt: skip
    return row | changed


def write_run(out: Path, rows: list[dict[str, Any]]) -> Path:
    """The folder of a run with these listings, in two partitions."""
    folder = out / "work" / "listings"
    folder.mkdir(parents=True)
    table = pd.DataFrame(rows).astype(dict.fromkeys(("tax_code", "location", "description", "variants", "seller_id"), "str"))
    half = max(1, len(table) // 2)
    table.iloc[:half].reset_index(drop=True).to_parquet(folder / "part-00000.parquet")
    table.iloc[half:].reset_index(drop=True).to_parquet(folder / "part-00001.parquet")
    return out


def list_of(sellers: list[str], *, number: str = "48/2026", day: date = LISTED_ON, listing_ids: list[str] | None = None) -> IssuedList:
    rows = [
        {
            "code": f"AG-{number[:2]}-{seller}", "authority": "Chi cục Quản lý thị trường tỉnh An Giang", "platform": "shopee", "seller_id": seller,
            "listing_id": None, "seller_name": f"Shop {seller}", "standing": "Chính thức", "behaviours": "counterfeit", "expected": None,
            "selection_kind": "Theo mức ưu tiên", "selection_probability": 1.0, "listing_ids": json.dumps(listing_ids or [f"L-{seller}"]),
        }
        for seller in sellers
    ]  # fmt: skip
    return IssuedList(number, 1, "weekly", day, date(2026, 12, 7), pd.DataFrame(rows, dtype="object"))


def outcome(row: int, seller: str, status: str, **changed: Any) -> dict[str, Any]:
    blank = dict.fromkeys([column.name for column in OUTCOMES.columns if column.name != "id"])
    told = {"issued_row_id": row, "platform": "shopee", "seller_id": seller, "status": status, "known_at": NOW, "source": "inspection"}
    return blank | told | {"recorded_at": NOW} | changed


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[Connection]:
    with connected(str(tmp_path / "register.db")) as opened:
        ready(opened)
        yield opened


@pytest.fixture(scope="module")
def year(tmp_path_factory: pytest.TempPathFactory) -> tuple[Audit, Path]:
    """200 sellers collected, 40 listed: 30 of 100 new household shops, of which 24 were cleared; 10 of 100 old firms, of which 1 was."""
    folder = tmp_path_factory.mktemp("year")
    rows = [listing(f"H{at}", tax_code=HOUSE, seller_joined_at=pd.Timestamp("2026-10-01", tz="UTC"), seller_n_products=5.0) for at in range(100)]
    rows += [listing(f"E{at}", tax_code=FIRM, seller_n_products=900.0, platform="tiki") for at in range(100)]
    run = write_run(folder / "out", rows)
    sellers = [f"H{at}" for at in range(30)] + [f"E{at}" for at in range(10)]
    issued = list_of(sellers)
    issued.rows["platform"] = ["shopee" if seller.startswith("H") else "tiki" for seller in sellers]
    with connected(str(folder / "register.db")) as opened:
        ready(opened)
        record_list(opened, issued)
        facts = [outcome(at + 1, f"H{at}", "cleared" if at < 24 else "confirmed") for at in range(30)]
        facts += [outcome(at + 31, f"E{at}", "cleared" if at < 1 else "confirmed", platform="tiki") for at in range(10)]
        add(opened, OUTCOMES, facts)
        made = audit(opened, [run], first=date(2026, 11, 1), last=date(2026, 11, 30), today=TODAY, rule=RULE)
    return made, folder


def line(made: Audit, kind: str, group: str) -> Line:
    return next(one for one in made.lines if (one.kind, one.group) == (kind, group))


def test_exposure_finds_and_false_flags_are_told_by_group(year: tuple[Audit, Path]) -> None:
    made, _ = year
    households = line(made, "kind", HOUSEHOLD)
    assert households.exposure[:3] == (30, 100, 0.3) and households.cleared[:3] == (24, 30, 0.8) and households.found[:2] == (6, 30)
    assert made.whole.exposure[:2] == (40, 200) and made.whole.cleared[:2] == (25, 40)
    assert line(made, "age", NEW).exposure == line(made, "size", SMALL).exposure == line(made, "platform", "Shopee").exposure == households.exposure


def test_what_differs_from_the_whole_beyond_chance_is_named_and_nothing_else(year: tuple[Audit, Path]) -> None:
    made, _ = year
    assert line(made, "kind", HOUSEHOLD).note == "được đưa vào danh sách cao hơn mức chung; báo nhầm cao hơn mức chung"
    assert line(made, "kind", ENTERPRISE).note == "được đưa vào danh sách thấp hơn mức chung"
    assert made.whole.note == "" and not any(one.note for one in made.lines if one.kind == "authority")


def test_a_group_of_few_says_nothing_not_even_its_numbers(year: tuple[Audit, Path]) -> None:
    made, _ = year
    firms = line(made, "kind", ENTERPRISE)
    assert firms.exposure.is_told and not firms.cleared.is_told and shown(firms.cleared) == TOO_FEW
    assert firms.cleared.hits is None and firms.cleared.n is None and line(made, "size", LARGE).found.n is None


@pytest.mark.parametrize("ending", ["md", "html", "xlsx"])
def test_leaders_read_it_in_vietnamese_and_no_seller_is_named(year: tuple[Audit, Path], tmp_path: Path, ending: str) -> None:
    write_audit(year[0], tmp_path / f"audit.{ending}")
    # A cell's address in a workbook looks like a seller here: its tags are set aside.
    text = re.sub(r"<[^>]*>", " ", " ".join(texts_of(tmp_path / f"audit.{ending}")))
    assert "80,00 % (62,69 %–90,49 %); 24/30" in text and TOO_FEW in text and "chưa phải bằng chứng" in text and "01/11/2026" in text
    assert not re.search(r"\b[HE]\d\b|Shop |L-[HE]", text) and HOUSE not in text and FIRM not in text
    assert ending == "xlsx" or "http" not in text


def test_a_seller_counts_once_a_period_and_what_ended_goes_before_what_is_open(connection: Connection, tmp_path: Path) -> None:
    rule = RULE.model_copy(update={"least": 5})
    sellers = [f"S{at}" for at in range(5)]
    record_list(connection, list_of(sellers))
    record_list(connection, list_of(sellers, number="49/2026", day=date(2026, 11, 30)))
    record_list(connection, list_of(sellers, number="50/2026", day=date(2026, 12, 7)))
    add(connection, OUTCOMES, [outcome(at + 1, seller, "confirmed") for at, seller in enumerate(sellers)])
    run = write_run(tmp_path / "out", [listing(f"S{at}") for at in range(20)])
    made = audit(connection, [run], first=date(2026, 11, 1), last=date(2026, 11, 30), today=TODAY, rule=rule)
    assert made.listed == 5 and made.open_cases == 0 and made.whole.exposure[:2] == (5, 20) and made.whole.found[:2] == (5, 5)
    later = audit(connection, [run], first=date(2026, 12, 1), last=date(2026, 12, 31), today=TODAY, rule=rule)
    assert later.open_cases == 5 and not later.whole.found.is_told


def test_an_appeal_that_cleared_turns_a_find_into_a_false_flag_from_its_day(connection: Connection) -> None:
    rule = RULE.model_copy(update={"least": 5})
    record_list(connection, list_of([f"S{at}" for at in range(5)]))
    add(connection, OUTCOMES, [outcome(at + 1, f"S{at}", "confirmed") for at in range(5)])
    add(connection, OUTCOMES, [outcome(1, "S0", "cleared", source="appeal", known_at=datetime(2026, 12, 20, tzinfo=UTC))])
    for today, found in ((date(2026, 12, 19), 5), (date(2026, 12, 20), 4)):
        made = audit(connection, [], first=date(2026, 11, 1), last=date(2026, 11, 30), today=today, rule=rule)
        assert made.whole.found.hits == found and made.appealed == 5 - found and not made.has_runs


def test_what_no_crawl_shows_is_its_own_group_and_the_groups_add_up(connection: Connection, tmp_path: Path) -> None:
    rule = RULE.model_copy(update={"least": 5})
    record_list(connection, list_of([f"S{at}" for at in range(8)]))
    add(connection, OUTCOMES, [outcome(at + 1, f"S{at}", "confirmed") for at in range(8)])
    run = write_run(tmp_path / "out", [listing(f"S{at}", seller_joined_at=pd.NaT) for at in range(10, 20)])
    made = audit(connection, [run], first=date(2026, 11, 1), last=date(2026, 11, 30), today=TODAY, rule=rule)
    assert line(made, "kind", UNKNOWN).exposure[:2] == (0, 10) and line(made, "age", UNKNOWN).found[:2] == (8, 8)
    assert to_json(made)["lines"][0]["found"]["n"] == 8


@given(st.integers(0, 400), st.integers(1, 400))
def test_wilsons_interval_holds_the_share_and_is_the_textbook_one(hits: int, n: int) -> None:
    hits = min(hits, n)
    low, high = wilson(hits, n)
    assert 0 <= low <= hits / n + 1e-12 and hits / n - 1e-12 <= high <= 1
    for bound in (low, high):
        # Its bounds are where the share lies 1.96 standard errors off, by the bound's own error.
        if 1e-9 < bound < 1 - 1e-9:
            assert abs(hits / n - bound) == pytest.approx(1.959964 * (bound * (1 - bound) / n) ** 0.5, rel=1e-4, abs=1e-9)


@pytest.mark.parametrize("text", ["2026-13", "2026-Q5", "tháng 11", "2026-12-31..2026-01-01", ""])
def test_what_is_no_period_is_refused(text: str) -> None:
    with pytest.raises(DataError, match="is no period"):
        period(text)


def test_settings_that_would_let_a_few_speak_are_refused(tmp_path: Path) -> None:
    text = "config_version: 1\nleast: 1\nnew_below_days: 180\nsmall_below: 20\nlarge_from: 200\nprotect_days: 365\n"
    (tmp_path / "f.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match="least"):
        load_fairness_rule(tmp_path / "f.yaml")


# --- peace after an appeal ----------------------------------------------------------------------------------------------------------------

TITLE = "Giày da thật, bảo hành 12 tháng"
APPEAL = {"source": "appeal", "known_at": NOW, "happened_on": None}


@pytest.fixture
def cleared(connection: Connection, tmp_path: Path) -> tuple[Connection, Path]:
    """Seller S1 was listed for L-S1 and cleared on appeal on 2026-12-10; the run of that week shows its listing."""
    record_list(connection, list_of(["S1"]))
    add(connection, OUTCOMES, [outcome(1, "S1", "cleared", **APPEAL)])
    return connection, write_run(tmp_path / "then", [listing("S1", title=TITLE), listing("S2", title="khác")]) / "work" / "listings"


def spared(protected: pd.DataFrame, out: Path, rows: list[dict[str, Any]], as_of: date) -> list[float]:
    """The points that are left to listings of a later run."""
    later = write_run(out, rows) / "work" / "listings"
    scores = pd.DataFrame({"points": 3.0, "band": "red", "probability_counterfeit": 0.9}, index=range(len(rows)))
    left, n = spare(later, scores, protected, as_of=as_of)
    assert n == int(left["points"].eq(0).sum()) == int(left["band"].eq("green").sum()) == int(left["probability_counterfeit"].isna().sum())
    assert scores["points"].eq(3.0).all()
    return list(left["points"])


def inputs_of(cleared: tuple[Connection, Path], folder: Path, today: date, **options: Any) -> pd.DataFrame:
    """What plan reads after `soihang protect` on that day."""
    connection, listings = cleared
    found = protect(connection, listings, state=options.get("state", folder / "state"), today=today, protect_days=365)
    folder.mkdir(exist_ok=True)
    write_protected(found.table, folder / FILE)
    return read_inputs(folder).protected


def test_only_the_same_content_of_the_same_seller_is_left_in_peace(cleared: tuple[Connection, Path], tmp_path: Path) -> None:
    protected = inputs_of(cleared, tmp_path / "inputs", TODAY)
    rows = [
        listing("S1", title=TITLE, listing_id="new-id", price_vnd=1.0),          # put up again under another number
        listing("S1", title="GIÀY DA THẬT – bảo hành 12 tháng!"),                # set otherwise
        listing("S1", title=TITLE + " rep 1:1"),                                 # other words
        listing("S1", title=TITLE, description="ib rep 1:1"),
        listing("S1", title=TITLE.replace("12", "24")),
        listing("S2", title=TITLE),                                              # a look-alike of another seller
        listing("S1", title=TITLE, platform="tiki"),                             # the same id elsewhere is somebody else
    ]  # fmt: skip
    assert spared(protected, tmp_path / "later", rows, TODAY) == [0.0, 0.0, 3.0, 3.0, 3.0, 3.0, 3.0]


def test_protection_ends_after_its_last_day(cleared: tuple[Connection, Path], tmp_path: Path) -> None:
    protected = inputs_of(cleared, tmp_path / "inputs", TODAY)
    assert protected["den_ngay"].tolist() == [date(2027, 12, 10)]
    for name, day, points in (("on", date(2027, 12, 10), 0.0), ("after", date(2027, 12, 11), 3.0)):
        assert spared(protected, tmp_path / name, [listing("S1", title=TITLE), listing("S3")], day)[0] == points


def complaint(seller: str | None, listing_id: str | None, day: date) -> dict[str, Any]:
    blank = dict.fromkeys([column.name for column in COMPLAINTS.columns if column.name != "id"])
    told = {"file_sha256": "a" * 64, "row": 1, "content_hash": "b" * 64, "platform": "shopee", "seller_id": seller, "listing_id": listing_id}
    return blank | told | {"received_on": day, "known_at": NOW, "recorded_at": NOW}


@pytest.mark.parametrize(
    ("one", "lifted"),
    [
        (complaint("S1", None, date(2026, 12, 11)), True),
        (complaint(None, "L-S1", date(2026, 12, 11)), True),
        (complaint("S1", None, date(2026, 12, 10)), False),
        (complaint("S2", None, date(2026, 12, 11)), False),
        (complaint("S1", None, date(2027, 1, 1)), False),
    ],
    ids=["about the seller", "about the listing", "before the appeal", "about another", "not yet received"],
)
def test_a_new_complaint_lifts_it(cleared: tuple[Connection, Path], tmp_path: Path, one: dict[str, Any], lifted: bool) -> None:
    add(cleared[0], COMPLAINTS, [one])
    assert (len(inputs_of(cleared, tmp_path / "inputs", TODAY)) == 0) is lifted


def test_a_complaint_in_the_state_folder_lifts_it_too(cleared: tuple[Connection, Path], tmp_path: Path) -> None:
    (tmp_path / "state").mkdir()
    told = {"platform": ["shopee"], "seller_id": ["S1"], "listing_id": [None], "received_on": ["2026-12-12"]}
    pd.DataFrame(told).astype("str").to_parquet(tmp_path / "state" / "complaints.parquet")
    assert not len(inputs_of(cleared, tmp_path / "inputs", TODAY, state=tmp_path / "state"))


def test_content_that_came_after_the_list_was_not_judged_and_is_not_protected(cleared: tuple[Connection, Path], tmp_path: Path) -> None:
    connection, _ = cleared
    late = write_run(tmp_path / "late", [listing("S1", captured_at=pd.Timestamp("2026-12-01", tz="UTC")), listing("S2")]) / "work" / "listings"
    found = protect(connection, late, state=tmp_path / "state", today=TODAY, protect_days=365)
    assert (found.recorded, found.unseen, len(found.table)) == (0, 1, 0)


def test_protecting_twice_records_once_and_an_inspection_that_found_nothing_protects_nobody(connection: Connection, tmp_path: Path) -> None:
    record_list(connection, list_of(["S1", "S2"]))
    add(connection, OUTCOMES, [outcome(1, "S1", "cleared", **APPEAL), outcome(2, "S2", "cleared")])
    listings = write_run(tmp_path / "out", [listing("S1"), listing("S2")]) / "work" / "listings"
    counts = [protect(connection, listings, state=tmp_path / "state", today=TODAY, protect_days=365).recorded for _ in range(2)]
    found = protect(connection, listings, state=tmp_path / "state", today=TODAY, protect_days=365)
    assert counts == [1, 0] and list(found.table["seller_id"]) == ["S1"]


def test_nothing_protected_changes_nothing_and_reads_nothing(tmp_path: Path) -> None:
    scores = pd.DataFrame({"points": [1.0]})
    left, n = spare(tmp_path / "no such folder", scores, read_inputs(None).protected, as_of=TODAY)
    assert left is scores and n == 0


@given(st.text(max_size=40), st.text(max_size=40))
def test_the_same_words_have_the_same_hash_however_they_are_spaced(title: str, description: str) -> None:
    spaced = "  ".join(title.split(" "))
    assert content_hash(title, description, None) == content_hash(spaced, description, "")
    assert content_hash(title + " fake", description, None) != content_hash(title, description, None)
