"""What a seller's past and other listings add to a score: they sharpen a listing that carries signs itself, and never accuse one that does not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from models.seller_priority import seller_priority
from pipeline.reference import load_reference
from pipeline.stages.run import RunReport

LOUD = {"tiêu đề": "Túi xách Gucci super fake", "giá bán": "350000"}
QUIET = {"tiêu đề": "Bình giữ nhiệt 500ml", "giá bán": "150000"}


def signs(done: RunReport) -> pd.DataFrame:
    return pd.read_parquet(done.out / "reasons.parquet").set_index(["listing_id", "sign_id"])


def points(done: RunReport) -> list[float]:
    found: list[float] = pd.read_parquet(done.out / "scores.parquet").sort_values("listing_id")["points"].tolist()
    return found


def test_a_shop_full_of_signs_sharpens_each_of_them_and_accuses_none_of_its_clean_listings(
    crawl: Callable[..., Path], finished: Callable[..., RunReport]
) -> None:
    done = finished(crawl([LOUD] * 7 + [QUIET]))
    text = signs(done).loc[("T0", "seller_other_signs"), "text"]
    assert text == "6 trong 7 tin khác của gian hàng cũng có từ ngữ đáng chú ý"
    scores = points(done)
    alone = points(finished(crawl([LOUD], "alone.csv"), out="alone"))[0]
    assert scores[0] == pytest.approx(alone + load_reference().weights.signs.seller_other_signs.points)
    assert scores[7] == 0.0


def test_a_shop_with_few_listings_of_which_one_more_has_a_sign_is_not_sharpened(
    crawl: Callable[..., Path], finished: Callable[..., RunReport]
) -> None:
    assert "seller_other_signs" not in signs(finished(crawl([LOUD, LOUD, QUIET]))).index.get_level_values("sign_id")


def _found(**row: Any) -> pd.DataFrame:
    nothing = {"platform": "sàn thử", "listing_id": None, "seller_id": None, "status": "confirmed", "source": "inspection"}
    table = pd.DataFrame([nothing | row]).astype("str")
    return table.assign(known_at=pd.Timestamp("2026-11-01", tz="UTC"), happened_at=pd.Timestamp("2026-10-20", tz="UTC"), behaviours="counterfeit")


@pytest.mark.parametrize(
    ("found", "sharpened"),
    [
        ({"seller_id": "S1"}, True),
        ({"seller_id": "S1", "status": "cleared"}, False),
        ({"seller_id": "S2"}, False),
        ({"listing_id": "T0"}, False),  # the listing's own outcome
        ({"seller_id": "S1", "source": "desk_review"}, False),
    ],
)
def test_something_confirmed_at_the_shop_sharpens_its_other_listings_that_carry_signs(
    crawl: Callable[..., Path], finished: Callable[..., RunReport], found: dict[str, str], sharpened: bool
) -> None:
    done = finished(crawl([LOUD, QUIET]), outcomes=_found(**found))
    index = signs(done).index
    assert (("T0", "seller_found_before") in index) == sharpened
    assert ("T1", "seller_found_before") not in index


def test_the_signs_of_a_seller_only_sharpen() -> None:
    known = load_reference().weights.signs
    for name in ("seller_new", "seller_many_brands", "seller_other_signs", "seller_found_before", "seller_complaints"):
        assert getattr(known, name).only_with_others, name


def test_a_seller_stands_by_its_strongest_listings_and_not_by_how_many_clean_ones_it_has() -> None:
    table = pd.DataFrame({"seller": ["small"] * 3 + ["large"] * 203, "points": [3.0, 2.0, 1.0] * 2 + [0.0] * 200})
    ranked = seller_priority(table["points"], table["seller"], flagged_from=1.0)
    # 0.6·3 + 0.25·2 + 0.15·1 = 2.45, and 1.5 times 3 of 3 + 20, 3 of 203 + 20.
    assert ranked["priority"].to_dict() == pytest.approx({"small": 2.45 + 4.5 / 23, "large": 2.45 + 4.5 / 223})
