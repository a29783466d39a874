"""The page in real Chromium: found by keyboard, readable on a phone, clean for axe, silent towards the network."""

from __future__ import annotations

import importlib.util
import json
import re
import shutil
from datetime import timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from pipeline.reports.charts import price_against_peers
from pipeline.reports.page import write_page
from pipeline.reports.page_target import target_page
from tests.browser import Browser, with_browser
from tests.invented_targets import DAY, PLACES, SUMMARY, invented

_CHROMIUM = pytest.mark.skipif(shutil.which("chromium") is None, reason="Chromium is not installed")
_TORNADO = pytest.mark.skipif(importlib.util.find_spec("tornado") is None, reason="tornado is not installed")
HOSTILE = '<img src=x onerror=alert(1)>"\' {{7*7}} </script><script>window.hit=1</script> rep 1:1'


@pytest.fixture(scope="module")
def tables() -> tuple[pd.DataFrame, pd.DataFrame]:
    targets, listings = invented(8, PLACES[:2])
    listings = listings.assign(peer_low=2_190_000.0, peer_middle=2_370_000.0, peer_high=2_560_000.0, genuine_floor=2_900_000.0)
    listings["sightings"] = [[(DAY - timedelta(days=20), 450_000.0), (row.captured_at, row.price_vnd)] for row in listings.itertuples()]
    return targets, listings


@pytest.fixture(scope="module")
def page(tables: tuple[pd.DataFrame, pd.DataFrame], tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("page") / "AG.html"
    write_page(path, *tables, SUMMARY)
    return path


def first_row(tables: tuple[pd.DataFrame, pd.DataFrame]) -> dict[str, Any]:
    targets, listings = tables
    row = next(targets.itertuples())
    return target_page(row, list(listings[listings["code"].eq(row.code)].itertuples()))


def test_a_targets_page_says_where_the_price_lies_among_its_peers(tables: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    chart = str(first_row(tables)["listings"][0]["chart"])
    assert "Giá tin này 390.000 đ; người bán khác 2.190.000 đ đến 2.560.000 đ, giữa 2.370.000 đ" in chart
    own, band = (float(re.search(pattern, chart).group(1)) for pattern in (r'class="own" cx="([\d.]+)"', r'class="band" x="([\d.]+)"'))  # type: ignore[union-attr]
    assert own < band


def test_no_price_is_drawn_without_peers_or_without_a_price() -> None:
    nothing = float("nan")
    assert price_against_peers(nothing, 1.0, 2.0, 3.0) is None
    assert price_against_peers(100.0, nothing, nothing, nothing) is None
    assert price_against_peers(0.0, 1.0, 2.0, 3.0) is None


def test_the_days_tell_the_first_sight_each_new_price_and_that_it_still_stands(tables: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    events = first_row(tables)["events"]
    assert events[0].startswith("03/11/2026: lần đầu thấy tin “Giày thể thao N.I.K.E rep 1:1") and events[0].endswith("giá 450.000 đ")
    assert any("đổi giá từ 450.000 đ thành 390.000 đ" in line for line in events)
    assert events[-1] == "Còn hiển thị tại lần thu thập 23/11/2026: 1 tin"


def test_a_targets_page_needs_none_of_the_columns_that_a_plan_may_lack(tmp_path: Path) -> None:
    targets, listings = invented(2, PLACES[:1])
    needed = ["code", "authority", "rank", "standing", "reserve", "level", "subject_kind", "platform", "seller_id", "seller_name", "subject_url"]
    needed += ["goods", "brands", "signs", "reasons", "location", "location_confidence", "n_flagged", "n_collected", "action", "to_verify"]
    needed += ["priority"]
    write_page(tmp_path / "a.html", targets[needed], listings.drop(columns=["captured_precision", "seller_name"]), SUMMARY)
    assert targets["code"][1] in (tmp_path / "a.html").read_text(encoding="utf-8")


def test_one_authority_alone_offers_no_choice_of_authorities(tmp_path: Path) -> None:
    write_page(tmp_path / "a.html", *invented(3, PLACES[:1]), SUMMARY)
    text = (tmp_path / "a.html").read_text(encoding="utf-8")
    assert 'id="f-authority"' not in text and 'id="f-level"' not in text and 'id="f-goods"' in text


@pytest.mark.chromium
@_CHROMIUM
@_TORNADO
def test_a_target_is_found_read_and_left_with_the_keyboard_alone(page: Path, tmp_path: Path) -> None:
    async def read(browser: Browser) -> None:
        await browser.open(page.as_uri())
        shown = "[...document.querySelectorAll('.row')].filter((one) => one.offsetHeight > 0).length"
        pages = "[...document.querySelectorAll('.target')].filter((one) => one.offsetHeight > 0)"
        assert await browser.value(shown) == 16 and await browser.value(f"{pages}.length") == 0
        # Diacritics may be left out, and "/" goes to the search.
        await browser.key("/")
        await browser.write("HCM-2648-003")
        assert await browser.value(shown) == 1
        assert "Đang xem 1 trên 16" in await browser.value("document.getElementById('count').textContent")
        await browser.value("document.getElementById('f-text').value = ''; document.getElementById('f-text').dispatchEvent(new Event('input'))")
        await browser.write("giay xach tay")
        assert await browser.value(shown) == 16
        await browser.value("document.getElementById('f-authority').focus()")
        await browser.value("document.querySelector('.row a').focus()")
        code = await browser.value("document.activeElement.hash.slice(1)")
        await browser.key("Enter")
        await browser.until(f"{pages}.length === 1")
        assert await browser.value("document.activeElement.id") == code
        assert await browser.value("document.getElementById('list').offsetHeight") == 0
        await browser.key("Escape")
        await browser.until(f"{pages}.length === 0")
        # Back where one was, not at the top.
        assert await browser.value("document.activeElement.hash") == f"#{code}"

    with_browser(tmp_path / "profile", read)


@pytest.mark.chromium
@_CHROMIUM
@_TORNADO
def test_nothing_sticks_out_on_a_phone_and_what_is_touched_is_big_enough(page: Path, tmp_path: Path) -> None:
    async def read(browser: Browser) -> None:
        await browser.size(360, 640, mobile=True)
        for address in (page.as_uri(), page.as_uri() + "#AG-2648-005-P"):
            await browser.open(address)
            assert await browser.value("document.documentElement.scrollWidth") == 360, address
        await browser.open(page.as_uri())
        small = "[...document.querySelectorAll('input, select, .row')].filter((one) => one.offsetHeight < 44).length"
        assert await browser.value(small) == 0

    with_browser(tmp_path / "profile", read)


@pytest.mark.chromium
@_CHROMIUM
@_TORNADO
def test_axe_finds_nothing_on_the_list_on_a_target_and_in_the_dark(page: Path, tmp_path: Path) -> None:
    found = importlib.util.find_spec("axe_playwright_python")
    if found is None or found.origin is None:
        pytest.skip("axe-core is not installed (pip install --no-deps axe-playwright-python)")
    axe = (Path(found.origin).parent / "axe.min.js").read_text(encoding="utf-8")
    broken = "all.violations.map((one) => [one.id, one.nodes[0].html.slice(0, 120)])"
    run = f"axe.run().then((all) => JSON.stringify({{broken: {broken}, held: all.passes.length}}))"

    async def read(browser: Browser) -> None:
        for dark in (False, True):
            await browser.dark(dark)
            for place in ("", "#AG-2648-005-P"):
                await browser.open(page.as_uri() + place)
                await browser.value(axe)
                told = json.loads(await browser.value(run))
                assert told["broken"] == [] and told["held"] > 20, (place, dark, told)

    with_browser(tmp_path / "profile", read)


@pytest.mark.chromium
@_CHROMIUM
@_TORNADO
def test_no_sellers_word_runs_and_nothing_is_fetched(tmp_path: Path) -> None:
    write_page(tmp_path / "a.html", *invented(2, PLACES[:1], shop=HOSTILE, title=HOSTILE), SUMMARY)

    async def read(browser: Browser) -> None:
        await browser.open((tmp_path / "a.html").as_uri())
        assert await browser.value("typeof window.hit") == "undefined" and await browser.value("document.images.length") == 0
        assert await browser.value("performance.getEntriesByType('resource').length") == 0
        assert HOSTILE in await browser.value("document.querySelector('.row a').textContent")

    with_browser(tmp_path / "profile", read)
