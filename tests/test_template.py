"""The form for links collected by hand: filled in as people do, saved by whatever they have, taken back without a word about mappings."""

from __future__ import annotations

import csv
import io
import shutil
import subprocess
import zipfile
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from pipeline.cli import app
from pipeline.reports.template_workbook import COLUMNS, N_ROWS, PRACTICE_SITE, SHEET
from pipeline.sources.addresses import read_address, shop_id
from pipeline.sources.mapping import load_mappings
from pipeline.stages.ingest import IngestReport, ingest
from pipeline.stages.run import RunReport
from pipeline.stages.take_in import ingest_lines
from pipeline.store import parts

MAPPINGS = load_mappings()
HEADINGS = [column.heading for column in COLUMNS]
FILLED: list[dict[str, Any]] = [
    # Nothing but the link: the site has written the title into it.
    {"Đường dẫn tin": "https://shopee.vn/Giày-thể-thao-nam-rep-1-1-full-box-i.900000011.700000011?sp_atk=abc&xptdk=abc"},
    {
        "Đường dẫn tin": " https://tiki.vn/nuoc-hoa-thu-100ml-p70000012.html?spid=70000013 ", "Tiêu đề": "🔥 Nước hoa THỬ ❤️ 𝗿𝗲𝗽 𝟭:𝟭",
        "Giá bán": "350k", "Ngày xem": "03/11/2026", "Tên gian hàng": "Gian hàng thử", "Gian hàng chính hãng": "Không",
        "Số điện thoại, Zalo": "0900000001",
    },
    {"Đường dẫn tin": "www.lazada.vn/products/tui-xach-thu-i300000014-s1.html", "Giá bán": "1,2 triệu", "Ngày xem": datetime(2026, 11, 20)},
    {"Đường dẫn tin": "https://www.facebook.com/marketplace/item/600000015/", "Tiêu đề": "Đồng hồ thử", "Giá bán": 1_500_000, "Đã bán": "1,2k"},
    {"Đường dẫn tin": "https://s.shopee.vn/AbCdEf", "Giá bán": "90.000đ"},  # shortened, without a title
    {"Đường dẫn tin": "https://www.cua-hang-thu.example/san-pham.php?id=16&utm_source=x", "Tiêu đề": "=Kem thử\nloại 1", "Ngày xem": "25/11/2029"},
]  # fmt: skip


def template(path: Path) -> Path:
    done = CliRunner().invoke(app, ["template", str(path)])
    assert done.exit_code == 0, done.output
    return path


def fill(path: Path, rows: Sequence[dict[str, Any]] = FILLED, *, numbers: int = 0) -> Path:
    """Write ``rows`` below the example; ``numbers``: how far somebody dragged the numbers of the first column down."""
    book = openpyxl.load_workbook(path)
    sheet = book[SHEET]
    for at, row in enumerate(rows, start=3):
        for heading, value in row.items():
            cell = sheet.cell(at, HEADINGS.index(heading) + 1)
            cell.value = value
            if isinstance(value, str):
                cell.data_type = "s"
    for at in range(numbers):
        sheet.cell(at + 3, 1).value = at + 1
    book.save(path)
    return path


def take(path: Path, out: Path) -> tuple[pd.DataFrame, pd.DataFrame, IngestReport]:
    report = ingest([path], mappings=MAPPINGS, out=out, key=b"k")
    listings = pd.concat([pd.read_parquet(part) for part in parts(out / "listings")], ignore_index=True)
    return listings, pd.read_parquet(out / "quarantine.parquet"), report


def must_hold(listings: pd.DataFrame, quarantine: pd.DataFrame, report: IngestReport) -> None:
    """What the six rows of `FILLED` say, whatever saved them."""
    assert report.files[0].mapping == "link_form" and report.n_read == 6
    rows = {row.listing_id: row for row in listings.itertuples()}
    assert set(rows) == {"700000011", "70000012", "300000014", "600000015", "cua-hang-thu.example/san-pham.php?id=16"}
    shopee, tiki, lazada, facebook, other = (rows[name] for name in rows)
    assert shopee.title == "Giày thể thao nam rep 1 1 full box" and shopee.seller_id == "900000011" and shopee.flags == "title_from_address"
    assert shopee.captured_precision == "file" and pd.isna(shopee.price_vnd)
    assert (tiki.platform, tiki.title, tiki.price_vnd, tiki.is_official) == ("tiki", "🔥 Nước hoa THỬ ❤️ 𝗿𝗲𝗽 𝟭:𝟭", 350_000, False)
    assert tiki.captured_at.tz_convert("Asia/Ho_Chi_Minh") == pd.Timestamp("2026-11-03", tz="Asia/Ho_Chi_Minh") and pd.notna(tiki.contact_keys)
    assert (lazada.price_vnd, lazada.title, lazada.captured_precision) == (1_200_000, "tui xach thu", "day")
    assert (facebook.platform, facebook.price_vnd, facebook.n_sold, facebook.title) == ("facebook", 1_500_000, 1_200, "Đồng hồ thử")
    # Three years ahead: a date dragged down, not the day somebody looked.
    assert other.captured_precision == "file" and "time_odd" in other.flags and other.title == "=Kem thử\nloại 1"
    assert quarantine["rule"].tolist() == ["no_title"] and quarantine["source_line"].tolist() == [7.0]
    assert any(line.endswith("quarantined 1, first: line 7 no_title") for line in ingest_lines(report))
    assert not listings["x_synthetic"].any()


def test_the_form_as_it_comes_holds_no_listing(tmp_path: Path) -> None:
    report = ingest([template(tmp_path / "mau.xlsx")], mappings=MAPPINGS, out=tmp_path / "out", key=b"k")
    assert report.n_read == 0 and report.files[0].mapping == "link_form" and not report.unreadable
    assert any("example" in line for line in ingest_lines(report)) and not any("NOT" in line for line in ingest_lines(report))


def test_a_form_filled_in_by_hand_is_read_line_by_line(tmp_path: Path) -> None:
    must_hold(*take(fill(template(tmp_path / "mau.xlsx"), numbers=N_ROWS), tmp_path / "out"))


@pytest.mark.libreoffice
def test_a_form_saved_again_by_libreoffice_says_the_same_down_to_the_workbook_of_targets(tmp_path: Path, finished: Callable[..., RunReport]) -> None:
    if shutil.which("soffice") is None:
        pytest.skip("LibreOffice is not installed")
    path = fill(template(tmp_path / "mau.xlsx"), numbers=20)
    command = ["soffice", f"-env:UserInstallation=file://{tmp_path}/profile", "--headless", "--convert-to", "xlsx"]
    subprocess.run([*command, "--outdir", str(tmp_path / "again"), str(path)], check=True, capture_output=True, timeout=120)
    again = tmp_path / "again" / "mau.xlsx"
    must_hold(*take(again, tmp_path / "taken"))
    report = finished(again)
    assert report.ingest.n_listings == 5 and report.exit_code == 0 and not report.to_json()["synthetic"]
    assert len(openpyxl.load_workbook(report.out / "plan.xlsx").sheetnames) >= 3
    reasons = pd.read_parquet(report.out / "reasons.parquet")
    assert dict(zip(reasons["listing_id"], reasons["quote"], strict=True)) == {"700000011": "rep 1 1", "70000012": "𝗿𝗲𝗽 𝟭:𝟭"}


@pytest.mark.parametrize(("encoding", "separator", "name"), [("utf-8-sig", ";", "a.csv"), ("utf-16", "\t", "a.txt"), ("cp1258", ";", "a.csv")])
def test_a_form_saved_as_csv_by_a_vietnamese_excel_says_the_same(encoding: str, separator: str, name: str, tmp_path: Path) -> None:
    stream = io.StringIO()
    writer = csv.writer(stream, delimiter=separator)
    book = openpyxl.load_workbook(fill(template(tmp_path / "mau.xlsx"), [with_date_as_text(row) for row in FILLED]))
    writer.writerows([["" if cell is None else str(cell) for cell in row] for row in book[SHEET].iter_rows(max_row=8, values_only=True)])
    text = stream.getvalue()
    if encoding == "cp1258":  # what the code page cannot say, Excel writes as "?": such a file is for plain Vietnamese
        text = text.replace("🔥 ", "").replace(" ❤️ 𝗿𝗲𝗽 𝟭:𝟭", "")
        text = "".join(pieces(letter) for letter in text)
    (tmp_path / name).write_bytes(text.encode(encoding))
    listings, quarantine, report = take(tmp_path / name, tmp_path / "out")
    if encoding == "cp1258":
        assert listings.loc[listings["listing_id"] == "70000012", "title"].tolist() == ["Nước hoa THỬ"]
        listings.loc[listings["listing_id"] == "70000012", "title"] = FILLED[1]["Tiêu đề"]
    must_hold(listings, quarantine, report)


def with_date_as_text(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value.strftime("%d/%m/%Y") if isinstance(value, datetime) else value for name, value in row.items()}


def pieces(letter: str) -> str:
    """A letter as Windows-1258 has it: with its tone as a mark of its own where the page has no such letter."""
    from unicodedata import normalize

    try:
        letter.encode("cp1258")
        return letter
    except UnicodeEncodeError:
        apart = normalize("NFD", letter)
        tones = [mark for mark in apart if mark in "\u0300\u0301\u0303\u0309\u0323"]
        return normalize("NFC", "".join(mark for mark in apart if mark not in tones)) + "".join(tones)


def test_an_example_that_somebody_wrote_over_is_a_row_like_any_other(tmp_path: Path) -> None:
    path = template(tmp_path / "mau.xlsx")
    book = openpyxl.load_workbook(path)
    book[SHEET]["B2"] = "https://tiki.vn/ao-khoac-thu-p70000021.html"
    book.save(path)
    listings, _, report = take(path, tmp_path / "out")
    assert listings["listing_id"].tolist() == ["70000021"] and report.files[0].notes == []


def test_columns_may_be_moved_and_added_and_rows_sorted(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.append(["Người xem", "NGÀY XEM", "Tiêu đề", "đường dẫn  tin", "Đường dẫn gian hàng"])
    book.active.append(["A", "20/11/2026", "Áo thử", "https://tiki.vn/x-p70000022.html", None])
    book.save(tmp_path / "a.xlsx")
    listings, _, report = take(tmp_path / "a.xlsx", tmp_path / "out")
    assert report.files[0].mapping == "link_form" and listings["title"].tolist() == ["Áo thử"]


def test_the_same_link_twice_counts_once(tmp_path: Path) -> None:
    link = "https://tiki.vn/ao-khoac-thu-p70000021.html"
    rows = [{"Đường dẫn tin": link + tail, "Ngày xem": "20/11/2026"} for tail in ("", "?spid=1&utm_source=zalo")]
    listings, quarantine, _ = take(fill(template(tmp_path / "mau.xlsx"), rows), tmp_path / "out")
    assert len(listings) == 1 and quarantine["rule"].tolist() == ["duplicate_key"]


def test_the_exercise_marks_everything_made_of_it(tmp_path: Path, finished: Callable[..., RunReport]) -> None:
    rows = [{"Đường dẫn tin": f"https://san.example/tin/{n}", "Tiêu đề": "Túi Gucci rep 1:1 full box", "Sàn": PRACTICE_SITE} for n in range(3)]
    report = finished(fill(template(tmp_path / "mau.xlsx"), rows))
    assert report.to_json()["synthetic"] and set(report.plan.targets["platform"]) == {"sàn mô phỏng"}
    assert "<title>DỮ LIỆU MÔ PHỎNG" in (report.out / "index.html").read_text(encoding="utf-8")
    books = [openpyxl.load_workbook(path) for path in [*sorted(report.out.glob("*.xlsx")), *sorted((report.out / "plans").glob("*.xlsx"))]]
    assert len(books) >= 2 and all("DỮ LIỆU MÔ PHỎNG" in book.properties.title for book in books)
    for book in books:
        assert any(cell == "DỮ LIỆU MÔ PHỎNG" for row in book.worksheets[0].iter_rows(max_row=12, values_only=True) for cell in row)
        # Each sheet says it by itself where it is printed or copied.
        assert all(sheet.oddHeader.center.text == "DỮ LIỆU MÔ PHỎNG" for sheet in book)


def test_a_csv_that_lost_its_letters_says_how_to_save_it(tmp_path: Path) -> None:
    text = "STT;Đường dẫn tin;Tiêu đề;Ngày xem\n1;https://tiki.vn/x-p1.html;Áo;\n"
    (tmp_path / "a.csv").write_bytes(text.encode("cp1252", "replace"))
    report = ingest([tmp_path / "a.csv"], mappings=MAPPINGS, out=tmp_path / "out", key=b"k")
    assert "CSV UTF-8" in str(report.files[0].error)


def test_a_form_is_never_written_over_a_filled_one(tmp_path: Path) -> None:
    path = fill(template(tmp_path / "mau.xlsx"))
    before = path.read_bytes()
    assert CliRunner().invoke(app, ["template", str(path)]).exit_code != 0 and path.read_bytes() == before
    assert CliRunner().invoke(app, ["template", str(tmp_path / "mau.csv")]).exit_code == 2


def test_the_form_asks_nothing_of_excel_that_2013_has_not(tmp_path: Path) -> None:
    with zipfile.ZipFile(template(tmp_path / "mau.xlsx")) as archive:
        parts_of = {name: archive.read(name).decode() for name in archive.namelist() if name.endswith(".xml")}
    sheet = parts_of["xl/worksheets/sheet1.xml"]
    assert sheet.count('type="list"') == 3 and "<f>" not in sheet and "extLst" not in "".join(parts_of.values())
    assert not any(name.endswith(("vbaProject.bin", "metadata.xml")) for name in parts_of)
    assert all(len(column.prompt) <= 255 for column in COLUMNS)
    book = openpyxl.load_workbook(tmp_path / "mau.xlsx")
    assert [sheet.sheet_state for sheet in book] == ["visible", "visible", "hidden"]
    # Cells are text: no region setting turns "1.200" into 1,2 or 3 November into 11 March.
    assert {book[SHEET].cell(3, at + 1).number_format for at in range(len(COLUMNS))} == {"@"}
    assert template(tmp_path / "again.xlsx").read_bytes() == (tmp_path / "mau.xlsx").read_bytes()


@pytest.mark.parametrize(
    ("address", "platform", "listing", "seller", "words"),
    [
        ("https://shopee.vn/product/900001/700001/?d_id=1", "shopee", "700001", "900001", None),
        ("https://shopee.vn/shop.thu/900001/700001", "shopee", "700001", "900001", None),
        ("https://shopee.vn/%C3%81o-thun-nam-i.900001.700001", "shopee", "700001", "900001", "Áo thun nam"),
        ("https://s.shopee.vn/AbC", "shopee", "s.shopee.vn/AbC", None, None),
        ("https://tiki.vn/ao-thun-nam-p5.html?spid=6", "tiki", "5", None, "ao thun nam"),
        ("https://www.lazada.vn/products/pdp-i30001-s40001.html", "lazada", "30001", None, None),
        ("https://www.sendo.vn/noi-com-dien-50001.html", "sendo", "50001", None, "noi com dien"),
        ("https://www.chotot.com/mua-ban-dong-ho-quan-1/123456789.htm#px=SR", "chotot", "123456789", None, None),
        ("https://xe.chotot.com/mua-ban-xe-may/123456780.htm", "chotot", "123456780", None, None),
        ("https://www.tiktok.com/view/product/1729000000000000001?x=1", "tiktok", "1729000000000000001", None, None),
        ("https://shop.tiktok.com/vn/pdp/son-kem-li/1729000000000000002", "tiktok", "1729000000000000002", None, "son kem li"),
        ("https://www.tiktok.com/@shop.thu/video/7300000000000000001", "tiktok", "7300000000000000001", "@shop.thu", None),
        ("https://m.facebook.com/groups/12/posts/34/", "facebook", "34", None, None),
        ("https://www.facebook.com/trang.thu/posts/pfbid0AbC?mibextid=x", "facebook", "pfbid0AbC", "trang.thu", None),
        ("https://www.facebook.com/permalink.php?story_fbid=77&id=88", "facebook", "77", None, None),
        ("http://cua-hang.example/dong-ho-nam-01.html", "cua-hang.example", "cua-hang.example/dong-ho-nam-01.html", None, "dong ho nam 01"),
    ],
)
def test_an_address_says_site_ids_and_title(address: str, platform: str, listing: str, seller: str | None, words: str | None) -> None:
    found = read_address(address)
    assert found is not None
    assert (found.platform, found.listing_id, found.seller_id, found.words) == (platform, listing, seller, words)


@pytest.mark.parametrize(
    "value", [None, 5, "", "Áo thun", "https://", "https://shopee.vn/", "javascript:alert(1)", "https://[x/y", "a b/c", "x" * 3000]
)
def test_what_is_no_address_says_nothing(value: Any) -> None:
    assert read_address(value) is None


@given(st.text(alphabet="aị0/.:?&=%-_@[] #\\i\n", max_size=60), st.sampled_from(["https://shopee.vn/", "www.lazada.vn", "https://", "x.vn/", ""]))
def test_no_address_makes_the_reader_fail_and_every_one_read_has_an_id(tail: str, head: str) -> None:
    found = read_address(head + tail)
    assert found is None or (found.listing_id.strip() and found.platform)
    assert shop_id(head + tail) is None or str(shop_id(head + tail)).strip()


@pytest.mark.parametrize(
    ("value", "shop"),
    [
        ("https://shopee.vn/shop/900001/search", "900001"),
        ("https://shopee.vn/ten.shop?x=1", "ten.shop"),
        ("https://tiki.vn/cua-hang/shop-thu", "shop-thu"),
        ("https://www.facebook.com/profile.php?id=100", "100"),
        ("https://trang-thu.example/gian-hang/1", "trang-thu.example/gian-hang/1"),
        ("Shop 12", "Shop 12"),
        (12, "12"),
        (12.0, "12"),
        (None, None),
    ],
)
def test_a_shops_address_says_which_shop(value: Any, shop: str | None) -> None:
    assert shop_id(value) == shop
