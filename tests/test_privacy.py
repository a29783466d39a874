"""Personal data: masked when it comes in, given by role, kept by rule, and gone when it is erased, everywhere but under seal."""

from __future__ import annotations

import csv
import io
import shutil
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.errors import ConfigError, DataError
from pipeline.config import contact_key, key_path, load_run_config
from pipeline.privacy.contents import strings_in, texts_of
from pipeline.privacy.erase import Wish, erase, find
from pipeline.privacy.redact import redact_parquet
from pipeline.privacy.retention import apply, due, load_retention
from pipeline.privacy.role_workbook import for_role
from pipeline.privacy.roles import HIDDEN, load_roles, role_named, seen_by
from pipeline.privacy.rotation import rotate
from pipeline.privacy.subject import GONE, phone_subject, seller_subject, tax_subject
from pipeline.privacy.tombstones import Tombstone, read_tombstones
from pipeline.register.connect import connected
from pipeline.register.facts import add
from pipeline.register.schema import OUTCOMES, SANCTION_DECISIONS, SHARED_FACTS
from pipeline.register.upgrade import ready
from pipeline.register.watch import unwatch, watch
from pipeline.reports.workbook import write_workbook
from pipeline.sources.mapping import load_mappings
from pipeline.sources.phones import phone_key
from pipeline.sources.tax_codes import is_personal, mask_tax_codes, stored_tax_code
from pipeline.stages.ingest import ingest
from pipeline.state_folder import ANSWERS, INFORMANTS, grow, grow_private
from pipeline.store import parts, read_json, read_parquet
from tests.conftest import COLUMNS
from tests.invented_targets import SUMMARY, invented
from tests.returned_lists import CODES, register

KEY, TODAY = b"k" * 32, date(2026, 11, 25)
PHONE, PERSON, COMPANY = "0900000001", "001099000001", "0100000001"
SELLER, NAME = "shop-kh-0001", "Tiệm Nhà Mận"
BY = "Người thử"

CRAWL = [
    {"mã tin": "T1", "tiêu đề": f"Giày N.I.K.E rep 1:1 của {NAME}", "mô tả": f"zalo {PHONE[:4]} {PHONE[4:7]} {PHONE[7:]}, MST {PERSON}",
     "mã gian hàng": SELLER, "tên gian hàng": NAME, "mã số thuế": PERSON, "giá bán": "250.000đ"},
    {"mã tin": "T2", "tiêu đề": "Túi Dior super fake", "mô tả": f"gọi {PHONE}", "mã gian hàng": "shop-kh-0002", "tên gian hàng": "Kho Lan Chi",
     "mã số thuế": PERSON, "giá bán": "300.000đ"},
    {"mã tin": "T3", "tiêu đề": "Áo thun trơn", "mô tả": "", "mã gian hàng": "shop-kh-0003", "tên gian hàng": "Xưởng May Mẫu", "mã số thuế": COMPANY,
     "giá bán": "90.000đ"},
    {"mã tin": "", "tiêu đề": "Tin thiếu mã", "mô tả": f"alo {PHONE}", "mã gian hàng": SELLER, "tên gian hàng": NAME, "mã số thuế": PERSON},
]  # fmt: skip


def write_crawl(path: Path) -> Path:
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, [*COLUMNS, "mã số thuế"])
        writer.writeheader()
        writer.writerows({"sàn": "sàn thử", "ngày thu thập": "2026-11-20", **row} for row in CRAWL)
    return path


def take_in(crawl: Path, out: Path, key: bytes = KEY, erased: list[Tombstone] | None = None) -> pd.DataFrame:
    ingest([crawl], mappings=load_mappings(), out=out, key=key, erased=erased or [])
    return read_parquet(parts(out / "listings")[0]).set_index("listing_id")


# --- what comes in ------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", [f"MST: {PERSON}", f"mã số thuế cá nhân {PERSON}", "CCCD số 001 099 000 001", f"mst{PERSON}"[:3] + f" {PERSON}"])
def test_a_persons_number_is_masked_in_any_text_that_says_what_it_is(text: str) -> None:
    masked = mask_tax_codes(text)
    assert len(masked) == len(text) and masked.endswith("001") and "099" not in masked


@pytest.mark.parametrize("text", [f"MST {COMPANY}", f"MST {COMPANY}-001", f"mã vạch {PERSON}", "vận đơn 012345678901", "giá 1.000.000.000.000"])
def test_companies_codes_barcodes_and_parcels_stay(text: str) -> None:
    assert mask_tax_codes(text) == text


@given(st.from_regex(r"0[0-9]{11}", fullmatch=True), st.from_regex(r"[ a-zà-ỹ]{0,12}", fullmatch=True))
def test_masking_keeps_the_length_and_is_done_once(code: str, around: str) -> None:
    text = f"{around} MST {code} {around}"
    once = mask_tax_codes(text)
    assert len(once) == len(text) and code not in once and mask_tax_codes(once) == once


def test_a_households_code_is_stored_masked_with_a_hash_that_joins_and_a_companys_as_it_is(tmp_path: Path) -> None:
    table = take_in(write_crawl(tmp_path / "crawl.csv"), tmp_path / "work")
    codes = table["tax_code"]
    assert codes["T1"] == codes["T2"] == stored_tax_code(PERSON, KEY) and codes["T1"].startswith("xxxxxxxxx001~") and codes["T3"] == COMPANY
    for path in (tmp_path / "work").rglob("*.parquet"):
        assert not any(PERSON in text or PHONE in text for text in texts_of(path)), path


def test_what_is_no_persons_number_is_not_taken_for_one() -> None:
    assert is_personal(PERSON) and not is_personal(COMPANY) and not is_personal("100000000000") and not is_personal("")


# --- the key ------------------------------------------------------------------------------------------------------------------------------


def test_a_new_key_changes_every_hash_and_reading_the_crawl_again_gives_the_joins_back(tmp_path: Path) -> None:
    crawl = write_crawl(tmp_path / "crawl.csv")
    old = take_in(crawl, tmp_path / "old", contact_key())
    before, after, aside = rotate(state=tmp_path / "state", today=TODAY)
    try:
        new = take_in(crawl, tmp_path / "new", contact_key())
        assert before != after and aside.stat().st_mode & 0o777 == 0o600 == key_path().stat().st_mode & 0o777
        for name in ("contact_keys", "tax_code"):
            assert old[name]["T1"] == old[name]["T2"] and new[name]["T1"] == new[name]["T2"], name
            assert old[name]["T1"] != new[name]["T1"], name
    finally:
        aside.unlink()


def test_the_key_is_not_changed_while_tombstones_rest_on_it(tmp_path: Path) -> None:
    (tmp_path / "tombstones.jsonl").write_text('{"stone":"a","kind":"phone","key":"b","erased_on":"2026-11-25","why":"c"}\n', encoding="utf-8")
    before = contact_key()
    with pytest.raises(ConfigError, match="1 tombstones"):
        rotate(state=tmp_path, today=TODAY)
    assert contact_key() == before


# --- roles --------------------------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def planned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A work folder with the invented targets of three authorities."""
    work = tmp_path_factory.mktemp("work")
    targets, listings = invented(3)
    targets.to_parquet(work / "targets.parquet")
    listings.to_parquet(work / "target_listings.parquet")
    return work


def test_a_team_is_given_its_own_rows_alone(planned: Path) -> None:
    own = "Chi cục Quản lý thị trường tỉnh An Giang"
    targets, listings = for_role(planned, role_named("doi"), authority=own)
    assert len(targets) == 3 and set(targets["authority"]) == {own} and targets["selection_probability"].isna().all()
    assert set(listings["code"]) == set(targets["code"])
    with pytest.raises(DataError, match="--authority"):
        for_role(planned, role_named("doi"), authority=None)


def test_an_administrators_workbook_names_no_seller(planned: Path, tmp_path: Path) -> None:
    for role, seen in (("quan_tri", False), ("lanh_dao_duyet", True)):
        targets, listings = for_role(planned, role_named(role), authority=None)
        write_workbook(tmp_path / f"{role}.xlsx", targets, listings, SUMMARY)
        text = " ".join(texts_of(tmp_path / f"{role}.xlsx"))
        assert ("Gian hàng mẫu" in text) is seen and ("rep 1:1" in text) is seen and str(targets["code"].iat[0]) in text, role


def test_what_a_role_may_not_read_is_empty_and_a_persons_code_is_masked_for_all() -> None:
    table = pd.DataFrame({"authority": ["A"], "seller_name": ["Mận"], "fine_vnd": [5.0], "reasons": [["x"]], "tax_note": [f"MST {PERSON}"]})
    for name, role in load_roles().items():
        seen = seen_by(role, table, authority="A")
        assert PERSON not in seen["tax_note"].iat[0], name
    admin = seen_by(role_named("quan_tri"), table)
    assert admin["seller_name"].iat[0] == HIDDEN and pd.isna(admin["fine_vnd"].iat[0]) and admin["reasons"].iat[0] == []
    assert table["seller_name"].iat[0] == "Mận"


# --- erasing ------------------------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run, planners' and state files, a register and a closed list with raw lines under seal; all of it names the first seller."""
    from pipeline.lock import lock
    from pipeline.stages.run import run

    root = tmp_path_factory.mktemp("installation")
    crawl = write_crawl(root / "crawl.csv")
    with lock(root / "out"):
        run([crawl], out=root / "out", config=load_run_config(), mappings=load_mappings(), key=KEY)
    bundle = root / "issued" / "2026-W48" / "ban-1"
    (bundle / "evidence" / "raw").mkdir(parents=True)
    (bundle / "manifest.json").write_text("{}", encoding="utf-8")
    (bundle / "evidence" / "raw" / "a.raw").write_bytes(crawl.read_bytes())
    state = root / "state"
    grow_private(state, INFORMANTS, [{"complaint_id": "c1", "informant_phone": PHONE, "informant_name": "Người báo"}])
    (root / "out" / "caches").mkdir()
    pq.write_table(pa.table({"key": [[f"sàn thử|id|{SELLER}"], ["x"]]}), root / "out" / "caches" / "nested.parquet")
    with zipfile.ZipFile(root / "out" / "split.docx", "w") as archive:
        archive.writestr("word/document.xml", "<w:t>Tiệm </w:t><w:r/><w:t>Nhà</w:t> <w:t>Mận</w:t>")
    with register(root / "register.db") as connection:
        add(connection, OUTCOMES, [outcome()])
        watch(connection, "sàn thử", SELLER, why=f"{NAME} bán lại", by=BY, until=date(2027, 1, 1), seller_name=NAME)
    shutil.move(crawl, root / "issued" / "2026-W48" / "ban-1" / "crawl.csv")
    return root


def outcome(**changed: Any) -> dict[str, Any]:
    row: dict[str, Any] = {
        "issued_row_id": 1, "returned_row_id": None, "platform": "sàn thử", "seller_id": SELLER, "listing_id": None, "status": "cleared",
        "behaviours": None, "happened_on": date(2026, 11, 25), "known_at": datetime(2026, 12, 1, tzinfo=UTC), "source": "inspection",
        "authority": None, "selection_probability": None, "usefulness": None, "note": f"đã gặp chủ {NAME}, số {PHONE}", "supersedes": None,
        "recorded_at": datetime(2026, 12, 1, tzinfo=UTC),
    }  # fmt: skip
    return row | changed


@pytest.fixture
def copied(installation: Path, tmp_path: Path) -> Iterator[Path]:
    """A copy to erase in."""
    shutil.copytree(installation, tmp_path / "one")
    yield tmp_path / "one"


WISHES = [Wish("phone", PHONE), Wish("tax_code", PERSON), Wish("seller", SELLER, "sàn thử")]


@pytest.mark.parametrize("wish", WISHES, ids=lambda wish: wish.kind)
def test_an_erased_value_is_nowhere_but_under_seal(copied: Path, wish: Wish) -> None:
    out, database = copied / "out", copied / "register.db"
    n_rows = {path: pq.read_metadata(path).num_rows for path in out.rglob("*.parquet")}
    before = values(wish)
    assert any(one in text for path in out.rglob("*") if path.is_file() for text in texts_of(path) for one in before), "nothing to erase"
    done = erase(wish, [copied], str(database), state=copied / "state", key=KEY, log=copied / "log.jsonl", by=BY, why="đơn yêu cầu", today=TODAY)
    assert not done.left and done.sealed and all("issued" in name for name in done.sealed)
    for path in copied.rglob("*"):
        if path.is_file() and "issued" not in path.parts:
            found = [one for text in texts_of(path) for one in before if one in text]
            assert not found, (path, found)
    assert {path: pq.read_metadata(path).num_rows for path in out.rglob("*.parquet")} == n_rows
    assert any(one in text for path in (copied / "issued").rglob("*") if path.is_file() for text in texts_of(path) for one in before)


def values(wish: Wish) -> list[str]:
    """The ways in which the value stands in files of ours."""
    if wish.kind == "phone":
        return [PHONE, str(phone_key(PHONE, KEY))]
    if wish.kind == "tax_code":
        return [PERSON, stored_tax_code(PERSON, KEY).split("~")[1]]
    return [SELLER, NAME, "N.I.K.E rep 1:1 của"]


def test_erasing_leaves_other_sellers_as_they_were(copied: Path) -> None:
    [part] = parts(copied / "out" / "work" / "listings")
    before = read_parquet(part).set_index("listing_id")
    erase(WISHES[2], [copied], str(copied / "register.db"), state=copied / "state", key=KEY, log=copied / "log.jsonl", by=BY, why="đơn", today=TODAY)
    after = read_parquet(part).set_index("listing_id")
    pd.testing.assert_frame_equal(after.loc[["T2", "T3"]], before.loc[["T2", "T3"]])
    assert after.loc["T1", "title"].startswith("[đã xóa") and pd.isna(after.loc["T1", "url"]) and after.loc["T1", "price_vnd"] == 250_000
    with connected(str(copied / "register.db")) as connection:
        assert find(Wish("seller", "S2", "shopee"), [copied / "out"], connection, key=KEY)


@pytest.mark.parametrize("wish", WISHES, ids=lambda wish: wish.kind)
def test_an_old_crawl_that_is_read_again_brings_nothing_back_and_a_later_offer_is_a_new_fact(copied: Path, tmp_path: Path, wish: Wish) -> None:
    erase(wish, [copied / "out"], None, state=tmp_path / "state", key=KEY, log=tmp_path / "log.jsonl", by=BY, why="đơn", today=TODAY)
    stones = read_tombstones(tmp_path / "state")
    crawl = write_crawl(tmp_path / "crawl.csv")
    table = take_in(crawl, tmp_path / "again", erased=stones)
    texts = [text for path in (tmp_path / "again").rglob("*.parquet") for text in texts_of(path)]
    if wish.kind != "seller":
        assert not any(one in text for text in texts for one in values(wish))
    else:
        assert table.loc["T1", "title"].startswith("[đã xóa") and not table["seller_id"].eq(SELLER).any()
    assert len(table) == 3
    earlier = [replace(one, erased_on="2026-11-19") for one in stones]
    pd.testing.assert_frame_equal(take_in(crawl, tmp_path / "later", erased=earlier), take_in(crawl, tmp_path / "plain"))


def test_the_log_and_the_tombstone_say_that_something_went_and_not_what(copied: Path) -> None:
    erase(WISHES[0], [copied / "out"], None, state=copied / "state", key=KEY, log=copied / "log.jsonl", by=BY, why="đơn số 12", today=TODAY)
    (stone,) = read_tombstones(copied / "state")
    assert stone.kind == "phone" and stone.why == "đơn số 12" and stone.erased_on == "2026-11-25"
    log = (copied / "log.jsonl").read_text(encoding="utf-8")
    assert "data_erased" in log and stone.stone in log and PHONE not in log + repr(stone)
    assert (copied / "state" / "tombstones.jsonl").stat().st_mode & 0o777 == 0o600


def test_what_cannot_be_changed_by_us_is_named_and_not_passed_over(copied: Path) -> None:
    (copied / "out" / "model.bin").write_bytes(b"\x00" + PHONE.encode() + b"\x00")
    done = erase(WISHES[0], [copied / "out"], None, state=copied / "state", key=KEY, log=copied / "log.jsonl", by=BY, why="đơn", today=TODAY)
    assert [Path(name).name for name in done.left] == ["model.bin"] and any("STILL IN" in line for line in done.lines())


_SPACED = st.lists(st.sampled_from(["", " ", ".", "-"]), min_size=9, max_size=9).map(
    lambda gaps: "".join(digit + gap for digit, gap in zip(PHONE, [*gaps, ""], strict=True))
)
_CELL = st.one_of(st.none(), st.text(max_size=12), st.builds("{} {} {}".format, st.text(max_size=5), _SPACED, st.text(max_size=5)))


@given(st.lists(st.tuples(_CELL, st.lists(_CELL, max_size=3), _CELL), max_size=5))
def test_of_any_table_only_the_cells_with_the_value_change_and_none_keeps_it(tmp_path_factory: pytest.TempPathFactory, rows: list[Any]) -> None:
    subject = phone_subject(PHONE, KEY, stone="0" * 8)
    kinds = {"text": pa.string(), "many": pa.list_(pa.string()), "deep": pa.struct([("field", pa.string()), ("n", pa.int64())])}
    values = {"text": [row[0] for row in rows], "many": [row[1] for row in rows], "deep": [{"field": row[2], "n": 1} for row in rows]}
    table = pa.table({name: pa.array(values[name], type=kind) for name, kind in kinds.items()})
    path = tmp_path_factory.mktemp("any") / "t.parquet"
    pq.write_table(table, path)
    held = sum(subject.is_in(text) for text in strings_in(table.to_pydict()))
    assert redact_parquet(path, subject, frozenset()) == held
    after = pq.read_table(path)
    assert after.schema == table.schema and not any(subject.is_in(text) for text in texts_of(path))
    for name in kinds:
        for old, new in zip(table[name].to_pylist(), after[name].to_pylist(), strict=True):
            assert old == new or any(subject.is_in(text) for text in strings_in(old)), name


@pytest.mark.parametrize("written", [PHONE, "0900 000 001", "+84 900.000.001", "84900000001", "(0900)-000-001", "900000001"])
def test_a_phone_is_found_however_it_is_spaced(written: str) -> None:
    assert phone_subject(PHONE, KEY, stone="s").is_in(f"gọi {written} nhé")


def test_longer_numbers_and_other_names_are_not_the_value() -> None:
    assert not phone_subject(PHONE, KEY, stone="s").is_in("đơn 109000000012")
    assert not tax_subject(COMPANY, KEY, stone="s").is_in("01000000012")
    assert not seller_subject("sàn thử", "12", ["Hoa"], stone="s").is_in("giá 12 triệu, Hoa hồng 12%")
    assert seller_subject("sàn thử", "12", ["Hoa"], stone="s").is_in("sàn thử|id|12")


@pytest.mark.parametrize(("wish", "words"), [(Wish("phone", "12"), "phone"), (Wish("tax_code", "1"), "digits"), (Wish("seller", "x"), "--platform")])
def test_what_cannot_be_the_value_is_refused_before_anything_is_done(tmp_path: Path, wish: Wish, words: str) -> None:
    with pytest.raises(DataError, match=words):
        erase(wish, [tmp_path], None, state=tmp_path / "state", key=KEY, log=tmp_path / "log.jsonl", by=BY, why="đơn", today=TODAY)
    assert not list(tmp_path.iterdir())


def test_no_freed_page_of_the_database_holds_what_was_erased(copied: Path) -> None:
    database = copied / "register.db"
    assert NAME.encode() in database.read_bytes()
    erase(WISHES[2], [copied / "out"], str(database), state=copied / "state", key=KEY, log=copied / "l.jsonl", by=BY, why="đ", today=TODAY)
    assert NAME.encode() not in database.read_bytes() and SELLER.encode() not in database.read_bytes()


def test_a_run_after_an_erasure_is_another_run_and_ingest_is_done_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from pipeline.stages.take_in import take_in as take_files_in

    crawl, out = write_crawl(tmp_path / "crawl.csv"), tmp_path / "out"
    monkeypatch.setenv("SOIHANG_STATE", str(tmp_path / "state"))
    seen = []
    for _ in range(2):
        taken = take_files_in([crawl], out=out, config=load_run_config(), mappings=load_mappings(), key=KEY)
        texts = [text for text in texts_of(parts(out / "work" / "listings")[0]) if phone_key(PHONE, KEY) in text]
        seen.append((taken.n_listings, len(texts) > 0, len(read_json(out / "work" / "inputs.json")["erased"])))
        erase(WISHES[0], [tmp_path / "nothing"], None, state=tmp_path / "state", key=KEY, log=tmp_path / "log.jsonl", by=BY, why="đơn", today=TODAY)
    assert seen == [(3, True, 0), (3, False, 1)]


# --- keeping ------------------------------------------------------------------------------------------------------------------------------

LATER = date(2028, 6, 1)


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[tuple[Any, Path]]:
    """Of everything that has a term one that is over on LATER and one that is not."""
    state = tmp_path / "state"
    grow_private(state, INFORMANTS, [{"complaint_id": name, "informant_name": f"Người {name}"} for name in ("old", "new", "open")])
    grow(state, ANSWERS, pd.DataFrame({"complaint_id": ["old", "new"], "answered_on": ["2026-12-01", "2028-05-01"]}))
    with connected(str(tmp_path / "r.db")) as connection:
        ready(connection)
        for seller, until in (("W1", date(2026, 12, 31)), ("W2", date(2028, 12, 31)), ("W3", None)):
            watch(connection, "shopee", seller, why="lý do", by=BY, until=until, seller_name=f"Shop {seller}")
        unwatch(connection, "shopee", "W3", why="hết", by=BY)
        add(connection, SHARED_FACTS, [shared("d1", date(2027, 1, 1)), shared("d2", date(2028, 12, 1))])
        yield connection, tmp_path


def shared(record: str, expires_on: date) -> dict[str, Any]:
    now = datetime(2026, 11, 25, tzinfo=UTC)
    return {
        "origin": "0" * 16, "record": record, "unit": "Đơn vị", "platform": "shopee", "seller_id": f"S-{record}", "listing_id": None,
        "seller_name": f"Shop {record}", "behaviours": None, "number": "1", "decided_on": date(2026, 1, 1), "authority": None, "carried_out_on": None,
        "expires_on": expires_on, "withdrawn_on": None, "origin_recorded_at": now, "file_sha256": "a" * 64, "supersedes": None, "recorded_at": now,
    }  # fmt: skip


def test_what_was_kept_long_enough_goes_and_the_rest_stays(kept: tuple[Any, Path]) -> None:
    connection, folder = kept
    rule, log = load_retention(), folder / "log.jsonl"
    found = due(connection, state=folder / "state", issued=folder / "issued", rule=rule, today=LATER)
    assert {one.rule: len(one.ids) for one in found} == {"shared_decisions": 1, "watch_entries": 3, "informants": 1}
    apply(found, connection, state=folder / "state", log=log, by=BY)
    rows = [dict(row._mapping) for row in connection.execute(SHARED_FACTS.select())]
    assert [(row["seller_id"], row["seller_name"]) for row in rows] == [(GONE, None), ("S-d2", "Shop d2")]
    text = (folder / "state" / INFORMANTS).read_text(encoding="utf-8")
    assert "Người old" not in text and "Người new" in text and "Người open" in text
    assert log.read_text(encoding="utf-8").count("retention_applied") == 3
    assert due(connection, state=folder / "state", issued=folder / "issued", rule=rule, today=LATER) == []


def test_looking_changes_nothing(kept: tuple[Any, Path]) -> None:
    connection, folder = kept
    private = (folder / "state" / INFORMANTS).read_bytes()
    for _ in range(2):
        assert due(connection, state=folder / "state", issued=folder / "issued", rule=load_retention(), today=LATER)
    assert (folder / "state" / INFORMANTS).read_bytes() == private and not (folder / "log.jsonl").exists()


def test_sealed_bytes_go_a_year_after_the_case_is_closed_and_not_while_it_is_open(tmp_path: Path) -> None:
    from pipeline.trail.sealed_index import SealedListing, index_bytes, raw_name

    folder = tmp_path / "issued" / "2026-W48" / "ban-1" / "evidence"
    (folder / "raw").mkdir(parents=True)
    rows = []
    for at, code in enumerate(CODES[:3]):
        sha = f"{at}" * 64
        rows.append(SealedListing(code, "shopee", f"L{at}", "2026-11-20", "f", 1, "r", "line", 1, sha, None, "f" * 64))
        (folder / raw_name(sha)).write_bytes(b"x")
    (folder / "index.jsonl").write_bytes(index_bytes(rows))
    with register(tmp_path / "r.db") as connection:
        add(connection, OUTCOMES, [outcome(note=None), outcome(issued_row_id=2, status="confirmed", note=None)])
        decision = {"platform": "shopee", "seller_id": "S2", "number": "2/QĐ", "decided_on": date(2026, 12, 1), "issued_row_id": 2}
        blank = dict.fromkeys([column.name for column in SANCTION_DECISIONS.columns if column.name != "id"])
        add(connection, SANCTION_DECISIONS, [blank | decision | {"recorded_at": datetime(2026, 12, 1, tzinfo=UTC)}])
        for day, held in ((date(2027, 11, 30), 3), (LATER, 2)):
            found = due(connection, state=tmp_path / "state", issued=tmp_path / "issued", rule=load_retention(), today=day)
            apply(found, connection, state=tmp_path / "state", log=tmp_path / "log.jsonl", by=BY)
            assert len(list((folder / "raw").iterdir())) == held, day
    assert (tmp_path / "log.jsonl").read_text(encoding="utf-8").count("evidence_released") == 1


def test_a_term_that_is_no_number_of_days_is_refused(tmp_path: Path) -> None:
    (tmp_path / "r.yaml").write_text("config_version: 1\nevidence: never\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"evidence.*known keys"):
        load_retention(tmp_path / "r.yaml")


def test_texts_of_a_file_are_found_through_gzip_zips_and_utf_16(tmp_path: Path) -> None:
    import gzip

    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as archive:
        archive.writestr("a.csv", NAME.encode("utf-16"))
    (tmp_path / "x.gz").write_bytes(gzip.compress(inner.getvalue()))
    assert any(NAME in text for text in texts_of(tmp_path / "x.gz"))


# --- peace after an appeal (docs/fairness.md), in a whole plan ------------------------------------------------------------------------------


def test_what_an_appeal_cleared_stands_on_no_list_of_the_next_plan(copied: Path) -> None:
    from pipeline.fairness.content import content_hash
    from pipeline.fairness.protection import FILE, write_protected
    from pipeline.stages.choose import choose

    listings = read_parquet(parts(copied / "out" / "work" / "listings")[0]).set_index("listing_id")
    mine = listings.loc["T1"]
    table = pd.DataFrame(
        {"platform": ["sàn thử"], "seller_id": [SELLER], "content_hash": [content_hash(mine["title"], mine["description"], mine["variants"])],
         "until": [date(2026, 12, 31)], "outcome_id": [1]}
    )  # fmt: skip
    config = load_run_config()
    config = config.model_copy(update={"plan": config.plan.model_copy(update={"inputs": copied / "inputs"})})
    named = []
    for rows in (table.iloc[:0], table, table.assign(seller_id="shop-kh-0002")):
        (copied / "inputs").mkdir(exist_ok=True)
        write_protected(rows, copied / "inputs" / FILE)
        made, _ = choose(copied / "out", config=config)
        named.append((set(made.listings["listing_id"]), made.n_protected))
    # The same words on another shop's account protect neither that shop nor this one.
    assert named == [({"T1", "T2"}, 0), ({"T2"}, 1), ({"T1", "T2"}, 0)]
