"""What was taken down and came back under another number: known only from when it was known, and never a whole market's text."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pandas as pd
import pytest

from features.relisting import MOST_SELLERS
from features.signatures import as_bytes, signatures
from pipeline.stages.links import Links, find_links, link_lines, read_link_summary, write_links

TEXTS = ["platform", "listing_id", "seller_id", "seller_name", "seller_type", "contact_keys", "image_hashes", "tax_code", "licence_no"]
TEXT = " ".join(random.Random(4).choices(["mau", "tui", "gia", "deo", "vai", "khoa", "nau", "den", "bo", "cao", "nhe", "ben", "dep", "kieu"], k=60))


def found(*rows: dict[str, Any], known: str = "2026-06-10", status: str = "confirmed", source: str = "inspection") -> Links:
    nothing = dict.fromkeys(TEXTS) | {"platform": "shopee", "is_official": False, "price_vnd": 100_000.0, "title": "tin", "description": ""}
    table = pd.DataFrame([nothing | {"listing_id": f"L{at}", "created_at": None} | row for at, row in enumerate(rows)])
    table["signature"] = as_bytes(signatures(table["title"].tolist(), table["description"].tolist()))
    for name in ("captured_at", "created_at"):
        table[name] = pd.to_datetime(table[name], utc=True).astype("datetime64[us, UTC]")
    outcomes = pd.DataFrame({"platform": "shopee", "listing_id": ["L0"], "status": status, "source": source})
    outcomes["known_at"] = pd.to_datetime([known], utc=True).astype("datetime64[us, UTC]")
    return find_links(table.astype(dict.fromkeys(TEXTS, "str")), outcomes=outcomes)


def days(*rows: dict[str, Any], **options: str) -> list[float | None]:
    return [None if np.isnan(one) else one for one in found(*rows, **options).columns["relisted_after_days"]]


OLD = {"seller_id": "a", "description": TEXT, "captured_at": "2026-06-01"}
NEW = {"seller_id": "b", "description": TEXT, "captured_at": "2026-06-14"}


def test_the_same_text_under_another_shop_after_the_finding_came_back() -> None:
    assert days(OLD, NEW) == [None, 4.0]


def test_it_says_which_listing_came_back() -> None:
    assert found(OLD, NEW).columns["relisted_from"].tolist()[1] == "shopee:L0"


def test_the_same_picture_is_enough_and_may_come_back_on_another_platform() -> None:
    old = {"seller_id": "a", "image_hashes": "0123456789abcdef", "captured_at": "2026-06-01"}
    assert days(old, old | {"seller_id": "z", "platform": "tiki", "captured_at": "2026-06-11"}) == [None, 1.0]


def test_within_one_shop_a_repeated_title_is_enough() -> None:
    old = {"seller_id": "a", "title": "giày thể thao nam đế êm màu trắng", "captured_at": "2026-06-01"}
    assert days(old, old | {"captured_at": "2026-06-12"}, old | {"seller_id": "b", "captured_at": "2026-06-12"}) == [None, 2.0, None]


@pytest.mark.parametrize("late", ["2026-06-14", "2026-06-20"])
def test_what_was_there_before_the_finding_did_not_come_back(late: str) -> None:
    assert days(OLD, NEW, known=late) == [None, None]


def test_the_listing_itself_seen_again_did_not_come_back() -> None:
    assert days(OLD, OLD | {"listing_id": "L0", "captured_at": "2026-06-20"}) == [None, None]


def test_a_listing_put_up_before_the_finding_and_crawled_after_it_did_not_come_back() -> None:
    assert days(OLD, NEW | {"created_at": "2026-06-05"}) == [None, None]


def test_a_takedown_counts_and_a_cleared_listing_does_not() -> None:
    assert days(OLD, NEW, status="pending", source="takedown") == [None, 4.0]
    assert days(OLD, NEW, status="cleared") == [None, None]
    assert days(OLD, NEW, status="worth_a_look", source="desk_review") == [None, None]


def test_another_price_is_another_article() -> None:
    assert days(OLD, NEW | {"price_vnd": 900_000.0}) == [None, None]


def test_a_text_that_many_shops_shared_is_not_followed() -> None:
    others = [OLD | {"seller_id": f"s{at}"} for at in range(MOST_SELLERS)]
    assert days(OLD, NEW, *others)[1] is None
    # Shops that copy it only after the finding do not hide the first that did.
    later = [NEW | {"seller_id": f"s{at}", "captured_at": "2026-06-20"} for at in range(MOST_SELLERS)]
    assert days(OLD, NEW, *later)[1] == 4.0


def test_an_official_shop_brings_nothing_back() -> None:
    assert days(OLD, NEW | {"is_official": True}) == [None, None]


def test_the_run_tells_how_soon_things_come_back_by_platform(tmp_path: Any) -> None:
    write_links(found(OLD, NEW, NEW | {"platform": "tiki", "captured_at": "2026-06-18"}), tmp_path / "links")
    summary = read_link_summary(tmp_path)
    assert summary["relisted_listings"] == 2 and summary["relisted_by_platform"]["shopee"] == {"n": 1, "median_days": 4.0, "p90_days": 4.0}
    assert any("came back on shopee" in line for line in link_lines(summary))
