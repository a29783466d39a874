"""Platforms are asked in due form and on the day's ground, their answers move targets to the visitable queue, and no address lies about."""

from __future__ import annotations

import json
import stat
from collections.abc import Iterator
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

import docx
import openpyxl
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.errors import DataError, NothingNew
from pipeline.authorities import load_authorities
from pipeline.config import load_table
from pipeline.law import NO_BASIS, load_law
from pipeline.planning.inputs import read_inputs
from pipeline.planning.places import places_on
from pipeline.planning.queues import Router
from pipeline.platforms.answers import RETURNED, TAKEN, UNTOUCHED, AnswerReader
from pipeline.platforms.registry import load_registry
from pipeline.reports.request_list import ASKED
from pipeline.stages.platform_requests import draft_requests, subjects_to_ask
from pipeline.stages.requests_sent import note_sent, owed
from pipeline.stages.seller_answers import latest_answers, take_answers
from pipeline.state_folder import ADDRESSES, PRIVATE_ADDRESSES, REQUESTS, read_private, read_table
from pipeline.store import write_json, write_parquet
from pipeline.tables.targets import (
    CHOSEN,
    LISTING_COLUMNS,
    QUEUE_ADDRESS,
    QUEUE_PLATFORM,
    RESERVE,
    TARGET_COLUMNS,
    WAITING,
)

DAY = date(2026, 11, 24)
NAME, ADDRESS, PHONE, TAX = "Trần Văn Mẫu", "Số 1 phố Ví Dụ, phường Thử, TP. Hà Nội", "0900000001", "000000000123"
_EMPTY = {"object": [], "str": None, "bool": False, "int64": 0, "float64": float("nan"), "datetime64[us, UTC]": pd.Timestamp("2026-11-20", tz="UTC")}


def row(columns: dict[str, tuple[str, bool, str]], **given: object) -> dict[str, object]:
    return {name: _EMPTY[kind] for name, (kind, _, _) in columns.items()} | given


def target(code: str, platform: str, seller: str | None, **given: object) -> dict[str, object]:
    subject = f"{platform}|id|{seller}" if seller else f"{platform}|listing|T-{code}"
    known = {"subject": subject, "members": [subject], "seller_id": seller, "seller_name": seller and f"Shop {seller}", "authority": "Đơn vị Thử"}
    said = {"queue": QUEUE_PLATFORM, "standing": CHOSEN, "signs": "Dấu hiệu chào bán hàng giả mạo nhãn hiệu", "reasons": ["Tiêu đề ghi “rep 1:1”"]}
    return row(TARGET_COLUMNS, code=code, platform=platform, **(known | said | given))


@pytest.fixture
def plan(tmp_path: Path) -> Path:
    """An issued list: a shop, a network over two platforms, a listing without a seller, and rows that nobody is to ask about."""
    targets = [
        target("A-1", "shopee", "11", seller_name="=HYPERLINK(1)"),
        target("A-2", "shopee", "12", standing=RESERVE, subject="net", members=["shopee|id|12", "tiki|name|Nhà Hai"]),
        target("A-3", "lazada", None),
        target("A-4", "shopee", "13", standing=WAITING),
        target("A-5", "shopee", "14", queue=QUEUE_ADDRESS),
        target("A-6", "shopee", "11"),
    ]
    listings = [
        row(LISTING_COLUMNS, code="A-2", platform="tiki", listing_id="501", seller_name="Nhà Hai", url="https://tiki.vn/a-p501.html"),
        row(LISTING_COLUMNS, code="A-3", platform="lazada", listing_id="T-A-3", url="https://www.lazada.vn/products/x-i9.html"),
    ]
    folder = tmp_path / "ban-1"
    write_parquet(pd.DataFrame(targets), folder / "targets.parquet")
    write_parquet(pd.DataFrame(listings), folder / "target_listings.parquet")
    return folder


def draft(plan: Path, tmp_path: Path, as_of: date = DAY, out: str = "letters", **options: object) -> list:
    return draft_requests(
        plan, out=tmp_path / out, state=tmp_path / "state", as_of=as_of, law=load_law(), registry=load_registry(), **options  # type: ignore[arg-type]
    )


def words(path: Path) -> str:
    document = docx.Document(str(path))
    cells = (cell.text for table in document.tables for line in table.rows for cell in line.cells)
    return "\n".join([*(paragraph.text for paragraph in document.paragraphs), *cells])


def test_every_shop_of_a_network_is_asked_about_at_its_own_platform_and_once(plan: Path, tmp_path: Path) -> None:
    done = draft(plan, tmp_path)
    assert [(one.platform, one.n_sellers, one.n_listings) for one in done] == [("lazada", 0, 1), ("shopee", 2, 0), ("tiki", 0, 1)]
    asked = read_table(tmp_path / "state", REQUESTS)
    assert asked is not None
    assert asked[["platform", "seller_id", "listing_id", "code"]].astype("object").where(lambda t: t.notna(), None).to_numpy().tolist() == [
        ["lazada", None, "T-A-3", "A-3"], ["shopee", "11", None, "A-1"], ["shopee", "12", None, "A-2"], ["tiki", None, "501", "A-2"],
    ]  # fmt: skip
    with pytest.raises(NothingNew):
        draft(plan, tmp_path)
    assert len(draft(plan, tmp_path, again=True)) == 3 and (tmp_path / "letters" / "20261124-shopee-2.docx").exists()


def test_the_letter_names_its_ground_and_term_as_of_its_day(plan: Path, tmp_path: Path) -> None:
    expected = {
        date(2026, 11, 24): (["Điều 18 Nghị định 248/2026/NĐ-CP (chưa kiểm chứng)", "24 giờ kể từ khi tiếp nhận"], [NO_BASIS]),
        date(2026, 3, 1): (["điểm i khoản 3 Điều 64 Nghị định 98/2020/NĐ-CP", "24 giờ kể từ khi tiếp nhận"], ["248/2026", NO_BASIS]),
        date(2024, 3, 1): ([NO_BASIS], ["248/2026", "98/2020", "24 giờ"]),
    }
    for day, (there, absent) in expected.items():
        said = words(draft(plan, tmp_path, day, out=f"{day}", again=True)[1].letter)
        assert all(text in said for text in there) and not [text for text in absent if text in said], day


def test_the_letter_is_a_draft_in_due_form_that_accuses_nobody(plan: Path, tmp_path: Path) -> None:
    said = words(draft(plan, tmp_path, authority="Đơn vị Thử")[1].letter)
    form = ["DỰ THẢO", "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", "V/v đề nghị cung cấp thông tin người bán", "Nơi nhận:", "Kính gửi: Công ty TNHH Shopee"]
    assert all(text in said for text in form) and "ĐƠN VỊ THỬ" in said and "Tài liệu nội bộ" not in said
    lowered = said.lower()
    assert not [word for word in ("vi phạm", "dấu hiệu", "giả mạo", "hàng giả", "rep 1:1", "nghi ") if word in lowered]


def test_a_letter_about_an_invented_market_says_so(plan: Path, tmp_path: Path) -> None:
    write_json({"synthetic": True}, plan / "summary.json")
    for one in draft(plan, tmp_path):
        assert "DỮ LIỆU MÔ PHỎNG" in words(one.letter)
        assert str(openpyxl.load_workbook(one.list_file)["Danh sách"]["A1"].value).startswith("DỮ LIỆU MÔ PHỎNG")


def test_the_same_request_gives_the_same_bytes(plan: Path, tmp_path: Path) -> None:
    first, second = draft(plan, tmp_path, out="a"), draft(plan, tmp_path, out="b", again=True)
    for one, other in zip(first, second, strict=True):
        assert one.letter.read_bytes() == other.letter.read_bytes() and one.list_file.read_bytes() == other.list_file.read_bytes()


def test_an_authority_that_the_plan_does_not_have_is_named_with_those_it_has(plan: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="Đơn vị Thử"):
        draft(plan, tmp_path, authority="Đơn vị Khác")


def test_a_shop_name_is_text_in_the_list_and_its_address_is_no_link(plan: Path, tmp_path: Path) -> None:
    shopee, tiki = draft(plan, tmp_path)[1:]
    sheet: Any = openpyxl.load_workbook(shopee.list_file).active
    cell = next(cell for line in sheet.iter_rows() for cell in line if cell.value == "=HYPERLINK(1)")
    assert cell.data_type == "s" and cell.hyperlink is None
    other: Any = openpyxl.load_workbook(tiki.list_file).active
    values = [cell.value for line in other.iter_rows() for cell in line]
    assert "hxxps://tiki.vn/a-p501.html" in values


def test_nobody_is_asked_about_where_no_target_waits_for_a_platform(plan: Path) -> None:
    targets, listings = pd.read_parquet(plan / "targets.parquet"), pd.read_parquet(plan / "target_listings.parquet")
    assert subjects_to_ask(targets[targets["queue"].eq(QUEUE_ADDRESS)], listings).empty


@lru_cache(maxsize=4)
def reader(platform: str | None = None) -> AnswerReader:
    return AnswerReader(b"k" * 32, load_registry(), load_authorities(load_table("provinces")), DAY, platform)


def filled(path: Path, *answers: dict[str, str]) -> Path:
    """The platform's own list with its empty columns filled in, row by row."""
    book: Any = openpyxl.load_workbook(path)
    sheet = book.active
    places = {cell.value: cell.column for cell in sheet[2]}
    assert {heading for heading, _ in ASKED} <= set(places)
    for at, answer in enumerate(answers, start=3):
        for heading, value in answer.items():
            sheet.cell(at, places[heading], value)
    book.save(path)
    return path


@pytest.fixture
def answered(plan: Path, tmp_path: Path) -> Path:
    (tmp_path / "inputs").mkdir()
    letter = draft(plan, tmp_path)[1]
    said = {"Tên người bán / cơ sở": NAME, "Mã số thuế": TAX, "Địa chỉ": ADDRESS, "Điện thoại": PHONE}
    return filled(letter.list_file, said, {"Ghi chú": "gian hàng đã xóa"})


def test_the_list_comes_back_and_its_targets_become_visitable_at_the_next_plan(answered: Path, tmp_path: Path) -> None:
    report = take_answers(answered, state=tmp_path / "state", reader=reader(), plan_inputs=tmp_path / "inputs")
    assert (report.n_read, report.n_taken, report.n_untouched, report.n_to_plan, report.returned) == (2, 1, 1, 1, [])
    inputs = read_inputs(tmp_path / "inputs")
    router = Router(places_on(DAY, load_table("provinces")), load_law(), inputs.addresses, load_table("platforms"))
    subjects = pd.DataFrame(
        {"members": [["shopee|id|11"], ["shopee|id|12"]], "location": None, "platform": "shopee", "behaviour": "counterfeit", "goods_group": None},
        index=["one", "two"],
    )
    routed = router.route(subjects, pd.DataFrame({"subject": [], "location": []}))
    assert routed["queue"].tolist() == [QUEUE_ADDRESS, QUEUE_PLATFORM]
    assert routed["authority_code"].iloc[0] == "current34:01" and "chưa kiểm tra tại chỗ" in routed["location_confidence"].iloc[0]


def test_the_same_answer_again_changes_nothing_and_a_person_s_row_stays(answered: Path, tmp_path: Path) -> None:
    own = "san,ma_nguoi_ban,don_vi,doi,dia_ban,nguon,ngay_xac_minh\nshopee,11,HN,Đội Thử,,người ghi,2026-11-01\n"
    (tmp_path / "inputs" / "addresses.csv").write_text(own, encoding="utf-8")
    for taken in (1, 0):
        report = take_answers(answered, state=tmp_path / "state", reader=reader(), plan_inputs=tmp_path / "inputs")
        assert (report.n_taken, report.n_before, report.n_to_plan) == (taken, 1 - taken, 0)
    assert (tmp_path / "inputs" / "addresses.csv").read_text(encoding="utf-8") == own
    assert len(latest_answers(tmp_path / "state", DAY)) == 1 and latest_answers(tmp_path / "state", date(2026, 11, 1)).empty


def test_an_answer_is_owed_from_receipt_and_not_for_a_draft(answered: Path, tmp_path: Path) -> None:
    state = tmp_path / "state"
    assert owed(state, date(2027, 1, 1)).empty
    assert note_sent(state, "20261124-shopee.docx", DAY) and not note_sent(state, "20261124-shopee", date(2026, 12, 24))
    with pytest.raises(DataError, match="20261124-tiki"):
        note_sent(state, "20261125-tiki", DAY)
    # 24 hours after the 24th is the 25th; on the 26th it is a day late.
    assert owed(state, date(2026, 11, 25)).empty and owed(state, date(2026, 11, 26))["days_late"].tolist() == [1]
    take_answers(answered, state=state, reader=reader())
    assert owed(state, date(2026, 11, 26))[["n_shops", "n_answered"]].to_numpy().tolist() == [[2, 1]]


def test_an_import_that_was_stopped_is_finished_by_the_next(answered: Path, tmp_path: Path) -> None:
    state, inputs = tmp_path / "state", tmp_path / "inputs"
    take_answers(answered, state=state, reader=reader())
    (state / ADDRESSES).unlink()  # stopped after the private record
    assert take_answers(answered, state=state, reader=reader()).n_taken == 1 and len(read_private(state, PRIVATE_ADDRESSES)) == 1
    assert take_answers(answered, state=state, reader=reader(), plan_inputs=inputs).n_to_plan == 1  # stopped before the planners' file


def files_with(folder: Path, *values: str) -> Iterator[str]:
    """Names of files that show any of ``values``, Parquet read as tables."""
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            shown = pd.read_parquet(path).to_csv() if path.suffix == ".parquet" else path.read_bytes().decode("utf-8", "replace")
            if any(value in shown for value in values):
                yield path.name


def test_names_addresses_and_numbers_stand_in_one_file_that_its_owner_alone_can_read(answered: Path, tmp_path: Path) -> None:
    take_answers(answered, state=tmp_path / "state", reader=reader(), plan_inputs=tmp_path / "inputs")
    answered.unlink()
    assert list(files_with(tmp_path, NAME, "Ví Dụ", PHONE, TAX)) == [PRIVATE_ADDRESSES]
    private = tmp_path / "state" / PRIVATE_ADDRESSES
    assert stat.S_IMODE(private.stat().st_mode) == 0o600
    table = read_table(tmp_path / "state", ADDRESSES)
    (record,) = read_private(tmp_path / "state", PRIVATE_ADDRESSES)
    assert table is not None and record["record_id"] == table["record_id"].iloc[0] and record["address"] == ADDRESS
    assert table["tax_code_masked"].iloc[0] == "xxxxxxxxx123" and table["province"].iloc[0] == "Thành phố Hà Nội"


def test_a_private_file_that_others_can_read_is_not_written_to(answered: Path, tmp_path: Path) -> None:
    private = tmp_path / "state" / PRIVATE_ADDRESSES
    private.write_text("", encoding="utf-8")
    private.chmod(0o644)
    with pytest.raises(DataError, match="chmod 600"):
        take_answers(answered, state=tmp_path / "state", reader=reader())
    assert private.read_text(encoding="utf-8") == ""


@pytest.mark.parametrize(
    "headings",
    [
        ("Mã gian hàng", "Họ và tên", "MST", "Địa chỉ kinh doanh"),
        ("shop_id", "TÊN CƠ SỞ", "ma so thue", "Địa chỉ (đăng ký)"),
        ("Mã shop", "Tên doanh nghiệp", "Mã số thuế (MST)", "dia chi tru so"),
    ],
)
def test_headings_are_read_however_a_platform_writes_them(headings: tuple[str, ...]) -> None:
    (answer,) = reader("Shopee").read([(2, dict(zip(headings, ("11", NAME, TAX, ADDRESS), strict=True)))])
    assert answer.fate == TAKEN and answer.row["platform"] == "shopee" and answer.private["address"] == ADDRESS
    assert answer.row["authority_code"] == "current34:01"


def test_only_the_end_of_an_address_names_its_province() -> None:
    read = reader("shopee")
    assert read.place_of("12 đường Hà Nội, phường Thử, Thành phố Huế, Việt Nam").full_code == "current34:46"  # type: ignore[union-attr]
    assert read.place_of("12 đường Hà Nội, phường Thử") is None
    assert read.place_of("thôn Thử, tỉnh Bắc Giang").province == "Tỉnh Bắc Ninh"  # type: ignore[union-attr]


def test_a_file_without_a_shop_or_an_answer_is_refused_with_what_it_needs() -> None:
    with pytest.raises(DataError, match="Mã gian hàng"):
        reader().read([(2, {"Cột lạ": "1"})])


@given(st.lists(st.tuples(*(st.sampled_from(["", value]) for value in ("11", "shopee", NAME, ADDRESS)))))
def test_every_row_of_an_answer_is_accounted_for(rows: list[tuple[str, ...]]) -> None:
    names = ("Mã gian hàng", "Sàn", "Họ tên", "Địa chỉ")
    records = [(0, dict.fromkeys(names))] + [(line, dict(zip(names, one, strict=True))) for line, one in enumerate(rows, start=1)]
    answers = reader().read(records)
    assert [one.line for one in answers] == list(range(len(records)))
    for one, (seller, platform, name, address) in zip(answers[1:], rows, strict=True):
        fate = UNTOUCHED if not (name or address) else TAKEN if seller and platform else RETURNED
        assert one.fate == fate and (one.fate != RETURNED or one.reason)
    assert NAME not in json.dumps([one.row for one in answers], ensure_ascii=False)
