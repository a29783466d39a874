"""What one installation tells another: by name only who was sanctioned, until it expires; the same facts there as here."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import jsonschema
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection

from features.errors import DataError
from pipeline.config import configs_dir
from pipeline.privacy.access import installation_id
from pipeline.privacy.redact_sql import redact_register
from pipeline.privacy.roles import HIDDEN, load_roles, role_named
from pipeline.privacy.subject import seller_subject
from pipeline.register.facts import add, standing
from pipeline.register.schema import OUTCOMES, SANCTION_DECISIONS, SHARED_FACTS
from pipeline.reports.safe_text import one_line
from pipeline.reports.wording import SIGN_NAMES
from pipeline.sharing.expiry import load_sharing_rule
from pipeline.sharing.export import make_package
from pipeline.sharing.package import SUSPECTED, Package, Violator, from_csv, from_json, json_schema, to_csv, to_json
from pipeline.sharing.take import known_violators, take_package
from pipeline.sharing.tricks import anonymous, catalogue
from pipeline.sharing.tricks_report import write_tricks
from tests.returned_lists import CODES, register

DAY, NOW = date(2026, 12, 20), datetime(2026, 12, 1, 2, 3, 4, tzinfo=UTC)
OURS, THEIRS = b"k" * 32, b"t" * 32
RULE = load_sharing_rule()


def decision(row: int, **changed: Any) -> dict[str, Any]:
    values: dict[str, Any] = {
        "issued_row_id": row, "returned_row_id": None, "platform": "shopee", "seller_id": f"S{row}", "listing_id": None, "number": f"{row}/QĐ-XPHC",
        "decided_on": date(2026, 12, 1), "authority": None, "fine_vnd": 7_500_000, "goods_value_vnd": None, "passed_to_investigators": None,
        "carried_out_on": date(2026, 12, 5), "annulled_on": None, "supersedes": None, "recorded_at": NOW,
    }  # fmt: skip
    return values | changed


def finding(row: int) -> dict[str, Any]:
    return {
        "issued_row_id": row, "returned_row_id": None, "platform": "shopee", "seller_id": f"S{row}", "listing_id": None, "status": "confirmed",
        "behaviours": "counterfeit,smuggled", "happened_on": date(2026, 11, 25), "known_at": NOW, "source": "inspection", "authority": None,
        "selection_probability": None, "usefulness": None, "note": None, "supersedes": None, "recorded_at": NOW,
    }  # fmt: skip


@pytest.fixture
def ours(tmp_path: Path) -> Iterator[Connection]:
    """Eight listed sellers: 1 sanctioned, 2 with a number and no day, 3 annulled, 4 not yet carried out, 5 long ago, 6 only confirmed."""
    with register(tmp_path / "ours.db") as connection:
        add(connection, OUTCOMES, [finding(row) for row in (1, 4, 6)])
        add(
            connection, SANCTION_DECISIONS,
            [
                decision(1), decision(2, decided_on=None, carried_out_on=None), decision(3, annulled_on=date(2026, 12, 10)),
                decision(4, carried_out_on=None), decision(5, decided_on=date(2025, 1, 2), carried_out_on=date(2025, 12, 19)),
            ],
        )  # fmt: skip
        yield connection


def package(connection: Connection, role: str = "lap_danh_sach", as_of: date = DAY, authority: str | None = None) -> Package:
    return make_package(
        connection, role_name=role, role=role_named(role), unit="Chi cục QLTT tỉnh An Giang", authority=authority, as_of=as_of, key=OURS, rule=RULE
    )


def test_only_who_was_sanctioned_by_a_decision_in_force_is_named(ours: Connection) -> None:
    made = package(ours)
    assert [(one.seller_id, one.number, one.expires_on) for one in made.violators] == [
        ("S1", "1/QĐ-XPHC", date(2027, 12, 5)),  # a year after it was carried out
        ("S4", "4/QĐ-XPHC", date(2028, 12, 1)),  # not carried out: two years after the decision
    ]
    assert made.violators[0].behaviours == ("counterfeit", "smuggled") and made.violators[0].seller_name == "Shop thử 1"


def test_everyone_else_is_counted_as_showing_signs_and_named_nowhere(ours: Connection) -> None:
    made = package(ours)
    assert len(made.suspected) == 6 and {one.label for one in made.suspected} == {SUSPECTED}
    text = to_json(made).decode()
    for row in (2, 3, 5, 6, 7, 8):
        for word in (f'"S{row}"', f"Shop thử {row}", CODES[row - 1], f'"L{row}"', f"{row}/QĐ"):
            assert word not in text, word


def test_no_text_that_is_shared_calls_the_unsanctioned_violators() -> None:
    assert not any("vi phạm" in text for text in (SUSPECTED, *SIGN_NAMES.values()))


def test_another_installation_holds_the_same_facts_after_import(ours: Connection, tmp_path: Path) -> None:
    mine = known_violators(ours, today=DAY, rule=RULE)
    for form, write, read in (("json", to_json, from_json), ("csv", to_csv, from_csv)):
        content = write(package(ours))
        with register(tmp_path / f"{form}.db") as other:
            taken = take_package(other, read(content, where="p"), sha256="a" * 64, own_id=installation_id(THEIRS), today=DAY)
            theirs = known_violators(other, today=DAY, rule=RULE)
        assert (taken.added, taken.changed, taken.known, taken.expired) == (2, 0, 0, 0)
        assert set(theirs["origin"]) == {installation_id(OURS)} and set(theirs["unit"]) == {"Chi cục QLTT tỉnh An Giang"}
        shared = [name for name in mine if name not in ("origin", "unit")]
        assert theirs[shared].to_dict("records") == mine[shared].to_dict("records"), form


def test_importing_twice_adds_nothing_and_a_correction_is_one_more_version(ours: Connection, tmp_path: Path) -> None:
    first = package(ours)
    add(ours, SANCTION_DECISIONS, [decision(1, number="1a/QĐ-XPHC", supersedes=1, recorded_at=datetime(2026, 12, 12, tzinfo=UTC))])
    second = package(ours)
    with register(tmp_path / "theirs.db") as other:
        counts = [take(other, one) for one in (first, first, second, first)]
        standing_now = known_violators(other, today=DAY, rule=RULE)
    assert [(one.added, one.changed, one.known) for one in counts] == [(2, 0, 0), (0, 0, 2), (0, 1, 1), (0, 0, 2)]
    assert "1a/QĐ-XPHC" in set(standing_now["number"]) and "1/QĐ-XPHC" not in set(standing_now["number"])


def test_an_annulled_decision_is_withdrawn_and_an_old_package_does_not_bring_it_back(ours: Connection, tmp_path: Path) -> None:
    before = package(ours)
    add(ours, SANCTION_DECISIONS, [decision(1, annulled_on=date(2026, 12, 15), supersedes=1, recorded_at=datetime(2026, 12, 15, tzinfo=UTC))])
    after = package(ours)
    assert {one.record for one in after.withdrawn} >= {"d1", "d3"}
    with register(tmp_path / "theirs.db") as other:
        withdrawn = [take(other, one).withdrawn for one in (before, after, before)]
        assert withdrawn == [0, 1, 0]
        assert list(known_violators(other, today=DAY, rule=RULE)["seller_id"]) == ["S4"]


def test_a_shared_decision_stops_counting_on_the_day_after_it_expires(ours: Connection, tmp_path: Path) -> None:
    with register(tmp_path / "theirs.db") as other:
        take(other, package(ours))
        named = [set(known_violators(other, today=day, rule=RULE)["seller_id"]) for day in (date(2027, 12, 5), date(2027, 12, 6))]
        late = take_package(other, package(ours), sha256="b" * 64, own_id="0" * 16, today=date(2028, 1, 1))
    assert named == [{"S1", "S4"}, {"S4"}] and late.expired == 1


def test_a_team_is_given_its_own_rows_and_an_administrator_no_name(ours: Connection) -> None:
    assert package(ours, "doi", authority="An Giang").violators and not package(ours, "doi", authority="Hà Nội").violators
    assert not package(ours, "doi", authority="An Giang").suspected
    with pytest.raises(DataError, match="--authority"):
        package(ours, "doi")
    masked = to_json(package(ours, "quan_tri")).decode()
    assert "Shop thử" not in masked and '"S1"' not in masked and HIDDEN not in masked and "1/QĐ-XPHC" in masked


def test_a_package_without_ids_or_of_our_own_is_refused(ours: Connection) -> None:
    with pytest.raises(DataError, match="names no ids"):
        take_package(ours, package(ours, "quan_tri"), sha256="a" * 64, own_id=installation_id(THEIRS), today=DAY)
    with pytest.raises(DataError, match="this very installation"):
        take_package(ours, package(ours), sha256="a" * 64, own_id=installation_id(OURS), today=DAY)


def test_a_package_fits_the_published_schema_which_is_the_one_in_configs(ours: Connection) -> None:
    published = json.loads((configs_dir() / "share.schema.json").read_text(encoding="utf-8"))
    assert published == json.loads(json.dumps(json_schema()))
    jsonschema.validate(json.loads(to_json(package(ours))), published)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"version": 2}, "version 2; this SoiHàng reads version 1"),
        ({"format": "other"}, "no package of ours"),
        ({"surprise": 1}, "surprise"),
        ({"origin": "x"}, "origin"),
    ],
)
def test_a_package_that_is_not_as_described_is_refused_with_its_name(ours: Connection, change: dict[str, Any], words: str) -> None:
    value = json.loads(to_json(package(ours))) | change
    with pytest.raises(DataError, match=words):
        from_json(json.dumps(value).encode(), where="of them.json")


def test_a_shop_name_runs_as_no_formula_in_the_csv_and_comes_back_as_it_was(ours: Connection) -> None:
    made = package(ours)
    made = made.model_copy(update={"violators": (made.violators[0].model_copy(update={"seller_name": "=HYPERLINK(1)"}),)})
    content = to_csv(made)
    cells = [cell for row in csv.reader(io.StringIO(content.decode("utf-8-sig"))) for cell in row]
    assert "'=HYPERLINK(1)" in cells and "=HYPERLINK(1)" not in cells
    assert from_csv(content, where="x.csv").violators[0].seller_name == "=HYPERLINK(1)"


@given(st.text(min_size=1, max_size=60).map(one_line).filter(bool), st.sampled_from(["", "'", "=", "+", "'=", "\t"]))
def test_any_shop_name_comes_back_from_both_forms_as_it_was(name: str, begin: str) -> None:
    one = Violator(
        record="d1", platform="shopee", seller_id="S1", listing_id=None, seller_name=one_line(begin + name), behaviours=(), number="1",
        decided_on=DAY, authority=None, carried_out_on=None, expires_on=DAY, recorded_at=NOW,
    )  # fmt: skip
    made = Package(origin="0" * 16, unit="Đơn vị", role="doi", as_of=DAY, made_at=NOW, violators=(one,), suspected=(), withdrawn=())
    assert from_csv(to_csv(made), where="x").violators == from_json(to_json(made), where="x").violators == (one,)


def test_who_was_erased_is_withdrawn_and_named_nowhere(ours: Connection, tmp_path: Path) -> None:
    before = package(ours)
    redact_register(ours, seller_subject("shopee", "S1", ["Shop thử 1"], stone="0" * 8), frozenset())
    after = package(ours)
    assert [one.seller_id for one in after.violators] == ["S4"] and "d1" in {one.record for one in after.withdrawn}
    assert "xóa" not in to_json(after).decode()
    with register(tmp_path / "theirs.db") as other:
        assert [take(other, one).withdrawn for one in (before, after)] == [0, 1]
        assert list(known_violators(other, today=DAY, rule=RULE)["seller_id"]) == ["S4"]


def test_the_packages_database_rows_say_where_they_come_from(ours: Connection, tmp_path: Path) -> None:
    with register(tmp_path / "theirs.db") as other:
        take(other, package(ours))
        rows = standing(other, SHARED_FACTS)
    assert set(rows["file_sha256"]) == {"a" * 64} and rows["origin_recorded_at"].notna().all()


def take(connection: Connection, one: Package) -> Any:
    return take_package(connection, one, sha256="a" * 64, own_id=installation_id(THEIRS), today=DAY)


def test_every_role_of_the_issue_is_there_and_only_a_team_has_rows_of_its_own() -> None:
    roles = load_roles()
    assert {name: role.rows for name, role in roles.items()} == {"quan_tri": "all", "lap_danh_sach": "all", "lanh_dao_duyet": "all", "doi": "own"}


# --- tricks -------------------------------------------------------------------------------------------------------------------------------

NAMES = ["Kho Giày Lan Chi", "Minh Khôi Store", "Tiệm Nhà Mận"]


def market() -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Three confirmed sellers with "rep 1:1", one of them also with "like auth"; their names, a phone, a price and an address in the titles."""
    listings, reasons, outcomes = [], [], []
    for at, name in enumerate(NAMES):
        title = f"Giày N.I.K.E rep 1:1 của {name} giá 350.000đ zalo 0900xxxxxx xem tai lanchi.example.com"
        listing: dict[str, Any] = {"platform": "sàn thử", "listing_id": f"T{at}"}
        start = float(title.index("rep 1:1"))
        listings.append(listing | {"seller_id": f"S{at}", "seller_name": name, "title": title, "description": None})
        sign = {"captured_at": NOW, "behaviour": "counterfeit", "family": "words", "points": 2.0, "field": "title", "start": start, "end": start + 7}
        reasons.append(listing | sign | {"sign_id": "cue.rep_11", "quote": "rep 1:1", "text": "Tiêu đề ghi “rep 1:1”: cách rao của hàng sao chép"})
        outcomes.append(listing | {"seller_id": f"S{at}", "status": "confirmed", "behaviours": "counterfeit", "source": "inspection"})
    reasons.append(reasons[0] | {"sign_id": "cue.like_auth", "text": "Tiêu đề ghi “like auth”: gần giống hàng thật"})
    return pd.DataFrame(listings), pd.DataFrame(reasons), pd.DataFrame(outcomes)


def test_a_trick_is_what_several_confirmed_sellers_did_and_no_example_says_who() -> None:
    table = catalogue(*market(), brands=["Nike"], least_sellers=3, examples=3)
    assert table[["sign_id", "n_sellers", "n_listings"]].values.tolist() == [["cue.rep_11", 3, 3]]
    text = " ".join(table["examples"].iat[0])
    assert "N.I.K.E rep 1:1" in text and table["meaning"].iat[0] == "cách rao của hàng sao chép"
    assert not [word for word in ("Lan", "Chi", "Khôi", "Mận", "350", "0900", "example.com") if word in text]


def test_what_was_cleared_only_read_at_a_desk_or_found_for_something_else_teaches_nothing() -> None:
    listings, reasons, outcomes = market()
    for change in ({"status": "cleared"}, {"source": "desk_review"}, {"behaviours": "scam"}):
        assert not len(catalogue(listings, reasons, outcomes.assign(**change), brands=[], least_sellers=2, examples=3)), change


def test_what_a_trick_is_called_holds_no_figure_or_brand_of_one_listing() -> None:
    listings, reasons, outcomes = market()
    text = "Giá 285.000 đ, bằng khoảng 5 % mức thấp nhất của hàng chính hãng Dior cùng loại"
    priced = reasons.head(3).assign(sign_id="price_below_genuine", field=None, start=None, end=None, text=text)
    table = catalogue(listings, priced, outcomes, brands=["Dior"], least_sellers=3, examples=3)
    assert table["meaning"].iat[0] == "Giá … đ, bằng khoảng … % mức thấp nhất của hàng chính hãng … cùng loại"
    assert table["examples"].iat[0] == ["Giá # đ, bằng khoảng 5 % mức thấp nhất của hàng chính hãng Dior cùng loại"]


def test_a_well_known_brand_in_a_shop_name_stays_and_the_shops_own_word_goes() -> None:
    assert anonymous("Giày Nike Mộc Lan rep", ["Nike Mộc Lan"], ["Nike"]) == "Giày [tên] rep"
    assert anonymous("Giày Nike của Mộc rep", ["Nike Mộc Lan"], ["Nike"]) == "Giày Nike của [tên] rep"


@pytest.mark.parametrize("name", ["tricks.md", "tricks.xlsx"])
def test_the_catalogue_is_written_as_the_ending_says_and_says_who_may_not_be_blamed(tmp_path: Path, name: str) -> None:
    write_tricks(catalogue(*market(), brands=["Nike"], least_sellers=3, examples=3), tmp_path / name, least_sellers=3)
    if name.endswith(".md"):
        text = (tmp_path / name).read_text(encoding="utf-8")
    else:
        book = pd.read_excel(tmp_path / name, header=None)
        text = " ".join(str(cell) for cell in book.to_numpy().ravel())
    assert "ít nhất 3 người bán" in text and "chưa phải là vi phạm" in text and "Lan Chi" not in text
