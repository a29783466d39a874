"""The two forms of the case file: what stands on them, what can never stand on them, and the same bytes each time."""

from __future__ import annotations

import re
import shutil
import subprocess
import time
import unicodedata
import zipfile
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import docx
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from pipeline.config import configs_dir
from pipeline.reports.collection_docx import write_collection
from pipeline.reports.docx_page import Approval, shortened
from pipeline.reports.profile_docx import marked, write_profile
from pipeline.reports.wording import DRAFT, FOOTER, NOT_A_PROBABILITY
from pipeline.sources.mapping import load_mappings
from pipeline.stages.run import RunReport
from pipeline.store import read_json, read_parquet
from pipeline.tables.targets import with_lists
from pipeline.trail.sealed import Sealed, crawls_of, seal
from pipeline.trail.sealed_index import SealedListing

SUMMARY: dict[str, Any] = {
    "as_of": "2026-11-25", "data_date": "2026-11-24", "is_old": False, "synthetic": False, "score_kind": "evidence", "version": "0.1.0",
    "run_id": "0123456789abcdef",
}  # fmt: skip
TARGET: dict[str, Any] = {
    "code": "AG-2648-001-A", "authority": "Chi cục Quản lý thị trường tỉnh An Giang", "rank": 1, "standing": "Chính thức", "level": "Ưu tiên 1",
    "subject_kind": "seller", "platform": "shopee", "seller_id": "S1", "seller_name": "Shop Thử", "subject_url": "https://shopee.vn/shop/1",
    "goods": "giày dép", "brands": "Nike", "signs": "Dấu hiệu chào bán hàng giả mạo nhãn hiệu; Dấu hiệu lừa dối người mua",
    "reasons": ["Tiêu đề ghi “rep 1:1”: tự gọi là hàng nhái theo hạng"], "location": "An Giang", "location_confidence": "thấp: nơi gửi hàng",
    "n_flagged": 25, "n_collected": 1200, "action": "Yêu cầu sàn cung cấp thông tin người bán",
    "to_verify": ["Hóa đơn lô hàng", "Ý kiến chủ thể quyền"],
}  # fmt: skip


def listing(number: int = 1, **other: Any) -> dict[str, Any]:
    row: dict[str, Any] = {
        "code": "AG-2648-001-A", "platform": "shopee", "listing_id": f"L{number}", "url": f"https://shopee.vn/product/1/{number}",
        "title": "Giày Nike rep 1:1 đẹp", "price_vnd": 150000.0, "reference": "Giá bằng khoảng 10 % giá thường thấy",
        "captured_at": pd.Timestamp("2026-11-24T18:30:05Z"), "reasons": ["Tiêu đề ghi “rep 1:1”"],
        "highlights": [{"field": "title", "start": 10, "end": 17}], "source_file": "a.csv", "source_line": 7.0, "row_hash": f"{number:016x}",
    }  # fmt: skip
    return row | other


def sealed(*fields: tuple[str, str], form: str = "line") -> Sealed:
    row = SealedListing(
        "AG-2648-001-A", "shopee", "L1", "2026-11-24T18:30:05+00:00", "a.csv", 7, "1" * 16, form, 321, "a" * 64, "b" * 64, "c" * 64
    )
    return Sealed(row, fields)


def profile(path: Path, *listings: dict[str, Any], summary: dict[str, Any] = SUMMARY, approval: Approval | None = None, **other: Any) -> Path:
    table = pd.DataFrame(listings or [listing()])
    write_profile(TARGET | other, table, summary, path, approval=approval)
    return path


def collection(path: Path, raw: Sealed | None = None, **other: Any) -> Path:
    write_collection(listing(**other), SUMMARY, path, raw=raw)
    return path


def words(path: Path) -> str:
    """All text of a form, footer included, cell after cell."""
    document = docx.Document(str(path))
    body = [node.text or "" for node in document.element.body.iter("{http://schemas.openxmlformats.org/wordprocessingml/2006/main}t")]
    return "\n".join([*body, *(paragraph.text for paragraph in document.sections[0].footer.paragraphs)])


def test_a_profile_says_who_which_signs_why_in_the_sellers_words_and_what_to_verify(tmp_path: Path) -> None:
    text = words(profile(tmp_path / "a.docx"))
    for expected in (
        "PHIẾU THÔNG TIN ĐỐI TƯỢNG", "AG-2648-001-A", "Shopee", "Shop Thử", "S1", "https://shopee.vn/shop/1",
        "An Giang (độ tin cậy thấp: nơi gửi hàng)",
        "25/1.200", "Dấu hiệu chào bán hàng giả mạo nhãn hiệu", "Dấu hiệu lừa dối người mua", "“rep 1:1”", "150.000 đ",
        "Giá bằng khoảng 10 % giá thường thấy", "25/11/2026 01:30 (UTC+7)", "Hóa đơn lô hàng", "Ý kiến chủ thể quyền",
        "Yêu cầu sàn cung cấp thông tin người bán", "Địa chỉ kinh doanh đã xác minh", "NGƯỜI RÀ SOÁT", NOT_A_PROBABILITY, FOOTER,
    ):  # fmt: skip
        assert expected in text, expected


def test_a_profile_is_a_draft_until_somebody_approved_it_on_a_day(tmp_path: Path) -> None:
    assert DRAFT in words(profile(tmp_path / "a.docx"))
    text = words(profile(tmp_path / "b.docx", approval=Approval("Người Duyệt Thử", date(2026, 11, 25))))
    assert DRAFT not in text and "Người duyệt: Người Duyệt Thử – Ngày duyệt: 25/11/2026" in text


def test_old_and_invented_data_say_so_on_the_form(tmp_path: Path) -> None:
    text = words(profile(tmp_path / "a.docx", summary=SUMMARY | {"is_old": True, "synthetic": True}))
    assert "DỮ LIỆU CŨ – CHỈ DÙNG ĐỂ THỬ NGHIỆM" in text and "DỮ LIỆU MÔ PHỎNG" in text


def test_the_words_that_are_signs_are_bold_in_the_title(tmp_path: Path) -> None:
    assert marked("Giày Nike rep 1:1 đẹp", [{"field": "title", "start": 10, "end": 17}]) == [
        ("Giày Nike ", False), ("rep 1:1", True), (" đẹp", False)
    ]  # fmt: skip
    runs = [run for row in docx.Document(str(profile(tmp_path / "a.docx"))).tables[1].rows[1:] for run in row.cells[1].paragraphs[0].runs]
    assert [run.text for run in runs if run.bold] == ["rep 1:1"]


def test_a_profile_shows_at_most_twenty_listings_and_says_how_many_more_there_are(tmp_path: Path) -> None:
    rows = [listing(number) for number in range(1, 24)]
    other = listing(99, code="AG-2648-002-B")
    path = profile(tmp_path / "a.docx", *rows, other)
    assert len(docx.Document(str(path)).tables[1].rows) == 1 + 20
    assert "Còn 3 tin khác" in words(path) and "L99" not in words(path)


def test_a_target_of_which_little_is_known_gets_a_form_that_says_what_is_not_known(tmp_path: Path) -> None:
    nan = float("nan")
    path = profile(
        tmp_path / "a.docx", listing(url=nan, price_vnd=nan, reference=nan, reasons=[], highlights=[]),
        seller_id=nan, seller_name=nan, subject_url=nan, goods=nan, brands=nan, location=nan, location_confidence=nan, reasons=[],
    )  # fmt: skip
    text = words(path)
    for expected in ("chưa rõ người bán", "không hiển thị", "không có giá", "không có giá đối chiếu", "Chưa có câu giải thích"):
        assert expected in text
    assert "nan" not in text.lower().split()


def test_a_day_is_printed_without_an_hour_where_the_source_knows_no_hour(tmp_path: Path) -> None:
    text = words(profile(tmp_path / "a.docx", listing(captured_precision="day")))
    assert "25/11/2026\n" in text and "01:30" not in text
    assert "giờ phút không có trong dữ liệu" in words(collection(tmp_path / "b.docx", captured_precision="day"))


def test_a_collection_form_has_both_times_the_address_the_hashes_and_the_versions(tmp_path: Path) -> None:
    text = words(collection(tmp_path / "a.docx", sealed(("tiêu đề", "Giày Nike rep 1:1"), ("mô tả", "gọi 0900xxxxxx"))))
    for expected in (
        "PHIẾU THU THẬP THÔNG TIN", "24/11/2026 18:30:05", "25/11/2026 01:30:05", "https://shopee.vn/product/1/1", "a.csv, dòng (bản ghi) 7",
        f"{1:016x}", "a" * 64, "b" * 64, "c" * 64, "321 byte, dòng gốc, đúng từng byte", "SoiHàng 0.1.0, mã lần chạy 0123456789abcdef",
        "chấm theo dấu hiệu", "gọi 0900xxxxxx", "NGƯỜI LẬP PHIẾU", FOOTER,
    ):  # fmt: skip
        assert expected in text, expected
    assert "JSON" in words(collection(tmp_path / "b.docx", sealed(form="record")))


def test_a_collection_form_without_raw_data_does_not_claim_any(tmp_path: Path) -> None:
    text = words(collection(tmp_path / "a.docx"))
    assert "chưa niêm phong" in text and "SHA-256" not in text


def test_a_very_long_record_is_cut_and_says_so(tmp_path: Path) -> None:
    fields = [(f"trường {number}", "x" * 30_000) for number in range(90)]
    text = words(collection(tmp_path / "a.docx", sealed(*fields)))
    assert "Còn 10 trường khác trong dữ liệu gốc niêm phong" in text and "(lược bớt 10000 ký tự)" in text and len(text) < 80_000


HOSTILE = [
    "Giày\x00\x07\x1b[31m rep\ufffe\uffff 1:1 \ud83d",
    "\u202egnp.exe \u2066Giày\u2069 \u061crep\u200b 1:1\U000e0041",
    "<w:p/>&amp;]]></w:t><w:instrText>DDEAUTO calc</w:instrText>",
    "{ INCLUDETEXT \"http://evil.example\" } =cmd|' /C calc'!A0",
    "dài" * 9_000,
    "Z" + "\u0301" * 500,
    "một\r\nhai\u2028ba\tbốn",
]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_text_is_text_and_nothing_else(tmp_path: Path, text: str) -> None:
    row = listing(title=text, listing_id=text, url=f"javascript:{text}", reference=text, reasons=[text], source_file=text[:100])
    row["highlights"] = [{"field": "title", "start": 1, "end": 5}, {"field": "title", "start": 3, "end": 10**6}]
    # A table cannot hold half a character; a raw record read from JSON can.
    told = dict.fromkeys(("seller_name", "seller_id", "subject_url", "location", "goods"), text)
    profile(tmp_path / "a.docx", {name: whole(value) for name, value in row.items()}, reasons=[text], **told)
    write_collection(row, SUMMARY, tmp_path / "b.docx", raw=sealed((text, text)))
    for name in ("a.docx", "b.docx"):
        check_inert(tmp_path / name)


def whole(value: Any) -> Any:
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else value


def check_inert(path: Path) -> None:
    with zipfile.ZipFile(path) as archive:
        parts = {name: etree.fromstring(archive.read(name)) for name in archive.namelist() if name.endswith((".xml", ".rels"))}
    nodes = [node for part in parts.values() for node in part.iter(etree.Element)]
    instructions = [node.text.strip() for node in nodes if etree.QName(node).localname == "instrText"]
    assert instructions == ["PAGE", "NUMPAGES"]
    assert not [node for node in nodes if etree.QName(node).localname in {"hyperlink", "fldSimple", "object", "altChunk"}]
    assert not [node for node in nodes if node.get("TargetMode") == "External"]
    texts = [node.text or "" for node in nodes if etree.QName(node).localname == "t"]
    assert not [hex(ord(c)) for c in set("".join(texts)) if unicodedata.category(c) in {"Cc", "Cf", "Cs"}]
    assert not [text for text in texts if re.search("\u0301{4}", text)]


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(max_size=60))
def test_no_text_whatever_breaks_a_form(tmp_path: Path, text: str) -> None:
    profile(tmp_path / "a.docx", listing(title=text, reasons=[text], highlights=[{"field": "title", "start": 0, "end": 2}]), seller_name=text)
    check_inert(tmp_path / "a.docx")


def test_unknown_sites_stand_as_text_that_makes_no_link(tmp_path: Path) -> None:
    text = words(profile(tmp_path / "a.docx", listing(url="http://evil.example/x"), subject_url="https://evil.example"))
    assert "hxxp://evil.example/x" in text and "hxxps://evil.example" in text and "http://evil" not in text


def test_text_is_cut_with_the_number_of_characters_left_out() -> None:
    assert shortened("abcdef", 3) == "abc… (lược bớt 3 ký tự)" and shortened("a\u202eb", 2) == "ab"


def test_the_same_form_has_the_same_bytes_a_second_later(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    raw = sealed(("tiêu đề", "Giày"))
    first = (profile(tmp_path / "a.docx").read_bytes(), collection(tmp_path / "b.docx", raw).read_bytes())
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 90_000)
    monkeypatch.setattr(time, "localtime", lambda *_: time.gmtime(now + 90_000))
    assert (profile(tmp_path / "a.docx").read_bytes(), collection(tmp_path / "b.docx", raw).read_bytes()) == first
    properties = docx.Document(str(tmp_path / "a.docx")).core_properties
    assert properties.created == properties.modified == datetime(2026, 11, 25, tzinfo=UTC) and properties.author == "SoiHàng"


def test_every_font_is_times_new_roman_the_page_is_a4_upright_and_nothing_is_a_picture(tmp_path: Path) -> None:
    for path in (profile(tmp_path / "a.docx"), collection(tmp_path / "b.docx", sealed(("a", "b")))):
        section = docx.Document(str(path)).sections[0]
        assert (round(section.page_width.cm, 1), round(section.page_height.cm, 1)) == (21.0, 29.7)
        with zipfile.ZipFile(path) as archive:
            assert not [name for name in archive.namelist() if name.endswith((".jpeg", ".png", ".bin")) or "Effects" in name]
            xml = "".join(archive.read(name).decode() for name in ("word/document.xml", "word/styles.xml", "word/footer1.xml"))
        fonts = {name for one in re.findall("<w:rFonts[^>]*>", xml) for name in re.findall(r'w:(?:ascii|hAnsi|cs|eastAsia)="([^"]+)"', one)}
        assert fonts == {"Times New Roman"} and 'w:lang w:val="vi-VN"' in xml


def test_rows_of_every_kind_are_taken(tmp_path: Path) -> None:
    table = pd.DataFrame([TARGET])
    for number, row in enumerate((TARGET, table.iloc[0], next(table.itertuples()))):
        write_profile(row, pd.DataFrame([listing()]), SUMMARY, tmp_path / f"{number}.docx")
    assert len({path.read_bytes() for path in tmp_path.glob("*.docx")}) == 1


@pytest.fixture(scope="module")
def forms(demo: RunReport, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """All forms of the demo's targets and listings."""
    work, folder = demo.out / "work", tmp_path_factory.mktemp("forms")
    targets, listings = (with_lists(read_parquet(work / f"{name}.parquet")) for name in ("targets", "target_listings"))
    summary = read_json(work / "summary.json")
    raws = seal(listings, crawls_of(work, [configs_dir() / "demo"], load_mappings()), folder / "evidence")
    for row in targets.itertuples():
        write_profile(row, listings, summary, folder / f"{row.code}.docx")
    for row, raw in zip(listings.itertuples(), raws, strict=True):
        write_collection(row, summary, folder / f"{row.code}-{row.row_hash}.docx", raw=raw)
    found = sorted(folder.glob("*.docx"))
    assert len(found) == len(targets) + len(listings)
    return found


def test_no_form_says_that_anyone_broke_the_law(forms: list[Path]) -> None:
    for path in forms:
        text = words(path)
        assert FOOTER in text
        for disclaimer in (FOOTER, NOT_A_PROBABILITY):
            text = text.replace(disclaimer, "")
        assert "vi phạm" not in text.lower() and "quốc huy" not in text.lower() and "CỘNG HÒA" not in text


def test_no_form_bears_a_phone_number(forms: list[Path]) -> None:
    phone = re.compile(r"(?<!\d)0[35789](?:[ .]?\d){8}(?!\d)")
    assert not [path for path in forms if phone.search(words(path))]


@pytest.mark.libreoffice
@pytest.mark.skipif(not (shutil.which("soffice") and shutil.which("pdftotext")), reason="LibreOffice and pdftotext are not installed")
def test_libreoffice_opens_the_forms_and_prints_them_on_a4(tmp_path: Path) -> None:
    rows = [listing(number, title=whole(text)) for number, text in enumerate(HOSTILE, start=1)]
    profile(tmp_path / "a.docx", *rows, seller_name="dài" * 300)
    write_collection(rows[0], SUMMARY, tmp_path / "b.docx", raw=sealed(("mô tả", "dài" * 6_000), ("khác", "dài " * 3_000)))
    home = f"-env:UserInstallation=file://{tmp_path / 'home'}"
    command = ["soffice", home, "--headless", "--convert-to", "pdf", "--outdir", str(tmp_path), str(tmp_path / "a.docx"), str(tmp_path / "b.docx")]
    subprocess.run(command, check=True, capture_output=True, timeout=180)
    for name, end in (("a", "NGƯỜI PHÊ DUYỆT"), ("b", "NGƯỜI KIỂM TRA LẠI")):
        text = subprocess.run(["pdftotext", "-layout", str(tmp_path / f"{name}.pdf"), "-"], check=True, capture_output=True, text=True).stdout
        assert end in text and "Trang 1/" in text
        sizes = subprocess.run(["pdfinfo", str(tmp_path / f"{name}.pdf")], check=True, capture_output=True, text=True).stdout
        assert "A4" in sizes
