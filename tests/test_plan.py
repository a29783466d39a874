"""Who comes on the list: ranked per authority within capacity, nobody dropped, and a seller is not the sum of its listings."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.codes import check_letter, is_valid, row_code
from pipeline.reference import load_reference
from pipeline.routing import CENTRAL, route
from pipeline.stages.run import RunReport

FAKE = {"tiêu đề": "Giày Nike N.I.K.E rep 1:1 full box bill", "giá bán": "250.000"}
CLEAN = {"tiêu đề": "Giày vải nữ đế bằng", "giá bán": "190.000"}
THIN = {"tiêu đề": "Áo thun nam ADI_DAS vải cotton", "giá bán": "260.000"}


def rows(*offers: tuple[dict[str, str], str, str]) -> list[dict[str, str]]:
    return [{**offer, "mã gian hàng": seller, "mã tin": f"L{n}", "nơi gửi": place} for n, (offer, seller, place) in enumerate(offers)]


def test_a_huge_clean_shop_with_one_sign_stands_below_a_small_shop_full_of_them(
    crawl: Callable[..., Path], finished: Callable[..., RunReport]
) -> None:
    offers = [(CLEAN, "LỚN", "Hà Nội")] * 300 + [(FAKE, "LỚN", "Hà Nội")] + [(FAKE, "NHỎ", "Hà Nội")] * 4
    targets = finished(crawl(rows(*offers))).plan.targets
    assert list(targets["seller_id"]) == ["NHỎ", "LỚN"]
    assert list(targets["n_collected"]) == [4, 301] and list(targets["n_flagged"]) == [4, 1]


def test_nobody_is_dropped_beyond_capacity(crawl: Callable[..., Path], finished: Callable[..., RunReport]) -> None:
    offers = [(FAKE, f"S{n:02d}", "Hà Nội") for n in range(30)]
    targets = finished(crawl(rows(*offers))).plan.targets
    assert len(targets) == 30 and targets["code"].is_unique
    assert targets["standing"].value_counts().to_dict() == {"Chính thức": 10, "Dự bị": 10, "Rà soát ngẫu nhiên": 2, "Chờ": 8}
    assert list(targets["rank"]) == list(range(1, 31))


def test_one_thin_sign_is_shown_last_and_takes_nobodys_place_but_may_be_drawn_for_reading(
    crawl: Callable[..., Path], finished: Callable[..., RunReport]
) -> None:
    targets = finished(crawl(rows((THIN, "MỎNG", "Hà Nội"), (FAKE, "DÀY", "Hà Nội")))).plan.targets.set_index("seller_id")
    assert targets.loc["MỎNG", "level"] == "Chưa đủ căn cứ nhận định" and targets.loc["MỎNG", "standing"] == "Rà soát ngẫu nhiên"
    assert targets.loc["MỎNG", "selection_probability"] == 1.0 and targets.loc["MỎNG", "action"] == "Xác minh trực tuyến"
    assert targets.loc["DÀY", "rank"] == 1 and targets.loc["DÀY", "selection"] == "Theo mức ưu tiên"


def test_unknown_and_foreign_places_go_to_the_central_list(crawl: Callable[..., Path], finished: Callable[..., RunReport]) -> None:
    offers = [(FAKE, "A", ""), (FAKE, "B", "Quảng Châu"), (FAKE, "C", "An Giang")]
    targets = finished(crawl(rows(*offers))).plan.targets.set_index("seller_id")
    assert targets.loc["A", "authority"] == targets.loc["B", "authority"] == CENTRAL
    assert "An Giang" in targets.loc["C", "authority"] and targets.loc["C", "code"].startswith("AG-")


def test_a_place_is_never_called_reliable(demo: RunReport) -> None:
    known = demo.plan.targets.dropna(subset=["location"])
    assert len(known) and known["location_confidence"].str.startswith("thấp").all()
    assert known["action"].isin(["Yêu cầu sàn cung cấp thông tin người bán", "Xác minh trực tuyến", "Theo dõi", "Liên hệ chủ thể quyền"]).all()


@pytest.mark.parametrize(
    ("place", "current"),
    [
        ("Hà Nội", "Thành phố Hà Nội"), ("TP. Hồ Chí Minh", "Thành phố Hồ Chí Minh"), ("hcm", "Thành phố Hồ Chí Minh"),
        ("Bình Dương", "Thành phố Hồ Chí Minh"), ("Hải Dương", "Thành phố Hải Phòng"), ("Quận 1, TP. Hồ Chí Minh", "Thành phố Hồ Chí Minh"),
        ("Thừa Thiên Huế", "Thành phố Huế"),
    ],
)  # fmt: skip
def test_legacy_provinces_lead_to_the_one_current_authority(place: str, current: str) -> None:
    assert route(pd.Series([place]), load_reference().provinces)["province"].iat[0] == current


@pytest.mark.parametrize("place", ["", "Overseas", "中国", "Atlantis", "Nước ngoài"])
def test_what_is_no_province_is_not_forced_into_one(place: str) -> None:
    assert route(pd.Series([place]), load_reference().provinces)["authority"].iat[0] == CENTRAL


def test_all_63_legacy_provinces_reach_one_of_34_authorities() -> None:
    provinces = load_reference().provinces
    found = route(provinces["legacy_name"], provinces)
    assert len(found) == 63 and found["authority"].nunique() == 34 and (found["authority"] != CENTRAL).all()


def test_a_code_tells_authority_week_and_number() -> None:
    from datetime import date

    code = row_code("AG", date(2026, 11, 24), 7)
    assert code.startswith("AG-2648-007-") and is_valid(code) and is_valid(f" {code.lower()} ")


@given(st.integers(0, 999), st.integers(0, 2), st.integers(1, 9))
def test_one_wrong_digit_never_passes(number: int, place: int, change: int) -> None:
    body = f"HCM-2648-{number:03d}"
    at = len(body) - 3 + place
    wrong = body[:at] + str((int(body[at]) + change) % 10) + body[at + 1 :]
    assert check_letter(wrong) != check_letter(body)


@given(st.integers(0, 999), st.integers(0, 1))
def test_two_digits_swapped_never_pass(number: int, place: int) -> None:
    body = f"AG-2648-{number:03d}"
    at = len(body) - 3 + place
    swapped = body[:at] + body[at + 1] + body[at] + body[at + 2 :]
    assert (swapped == body) or check_letter(swapped) != check_letter(body)
