"""Known sites are told from what imitates them, only they become live links, and trust is a sum that anybody can check or is unknown."""

from __future__ import annotations

import math
from datetime import date
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.relisting import removed_listings
from pipeline.labels import read_table
from pipeline.platforms.hosts import addresses_in, take_apart
from pipeline.platforms.listing_urls import subject_of
from pipeline.platforms.lookalikes import look_alike, look_alikes_among
from pipeline.platforms.matching import match, platform_code, url_key
from pipeline.platforms.registry import STATUSES, TYPES, is_registered, load_registry
from pipeline.platforms.trust import COUNT_COLUMNS, NOT_ENOUGH, UNDECIDED, load_trust_rule, rate
from pipeline.stages.takedowns import take_takedowns
from pipeline.store import write_parquet

#: Names that somebody registered; "shop.tiktok.com" lies inside one of them.
REGISTERED = sorted(
    domain for one in load_registry().platforms if one.registered for domain in one.domains if not take_apart(domain).before  # type: ignore[union-attr]
)
LABEL = st.from_regex(r"[a-z][a-z0-9]{0,8}", fullmatch=True)


@given(st.sampled_from(REGISTERED), LABEL)
def test_a_registered_site_and_its_own_subdomains_may_be_live(domain: str, label: str) -> None:
    assert is_registered(f"https://{domain}/a?b=c") and is_registered(f"https://{label}.{domain}/")


@given(st.sampled_from(REGISTERED), LABEL)
def test_no_address_that_only_contains_a_registered_name_may_be_live(domain: str, label: str) -> None:
    lures = [
        f"http://{domain}/", f"https://{domain}:8443/", f"https://{domain}@{label}.top/", f"https://{label}{domain}.top/", f"https://{domain}.{label}.top/",
        f"https://{label}-{domain}/", f"javascript:https://{domain}/", f"https://{label}.top/{domain}", f"https://{domain}\u202e/",
        f"https://{domain} .top/", f"https://{label}.top\\@{domain}/",
    ]  # fmt: skip
    assert [lure for lure in lures if is_registered(lure)] == []


@pytest.mark.parametrize("value", [None, 3, "", "https://", "https://[::1/", "x" * 3000])
def test_what_is_no_address_is_no_link(value: object) -> None:
    assert not is_registered(value)


def test_social_pages_and_sites_abroad_are_known_but_never_live_links() -> None:
    for host in ("facebook.com", "temu.com"):
        assert load_registry().of_host(host) is not None and not is_registered(f"https://{host}/x")


@pytest.mark.parametrize(
    ("address", "imitates", "way"),
    [
        ("shopee-sale.vn", "shopee.vn", "added_words"),
        ("https://lazada.com.vn.xyz/khuyen-mai", "lazada.vn", "before_other_site"),
        ("dienmayxanhgiare.com", "dienmayxanh.com", "added_words"),
        ("sh0pee.vn", "shopee.vn", "characters"),
        ("1azada.vn", "lazada.vn", "characters"),
        ("tlki.vn", "tiki.vn", "characters"),
        ("sh\u043epee.vn", "shopee.vn", "characters"),
        ("xn--shpee-kye.vn", "shopee.vn", "characters"),
        ("shoppe.vn", "shopee.vn", "near_name"),
        ("tiki.top", "tiki.vn", "other_ending"),
        ("nike-outlet.vn", "Nike", "added_words"),
    ],
)
def test_an_address_that_imitates_is_told_with_how(address: str, imitates: str, way: str) -> None:
    found = look_alike(address)
    assert found is not None and (found.imitates, found.way) == (imitates, way)


def test_the_cyrillic_letter_in_an_idn_is_what_the_test_says() -> None:
    assert "xn--" + "sh\u043epee".encode("punycode").decode() == "xn--shpee-kye"


HONEST = "shopify.com tinhte.vn wikipedia.org sendgrid.com tikitaka.com momo.vn zalopay.vn shopee.sg nike.com chanel.com fahasa.com zing.vn"


@pytest.mark.parametrize("address", [*HONEST.split(), *(f"www.{domain}" for domain in REGISTERED)])
def test_honest_addresses_imitate_nobody(address: str) -> None:
    assert look_alike(address) is None


@given(st.sampled_from(REGISTERED), LABEL)
def test_every_registered_site_set_before_another_is_found(domain: str, label: str) -> None:
    found = look_alike(f"{domain}.{label}x.top")
    # Names of under four letters stand in too many words.
    host = take_apart(domain)
    assert host is not None and (found is not None) == (len(host.name) > 3)


def test_addresses_in_a_text_are_found_and_numbers_and_mails_are_not() -> None:
    text = "vào shopee-sale.vn hoặc https://1azada.vn/x, giá 1.250.000đ, mau@example.com, Dr.Jart, mua ở Tiki.Giá tốt"
    assert addresses_in(text) == ["shopee-sale.vn", "1azada.vn"]
    assert [one.host for one in look_alikes_among(["shopee-sale.vn", "dr.jart", "SHOPEE-SALE.vn"])] == ["shopee-sale.vn"]


def test_a_platform_is_called_what_the_law_of_the_day_calls_it() -> None:
    registry = load_registry()
    shopee = registry.get("shopee")
    assert shopee is not None
    before, after = registry.type_of(shopee, date(2026, 6, 30)), registry.type_of(shopee, date(2026, 7, 1))
    assert (before.name_vi, before.instrument) == ("Sàn giao dịch thương mại điện tử", "52/2013/NĐ-CP")
    assert (after.name_vi, after.instrument) == ("Nền tảng thương mại điện tử trung gian", "122/2025/QH15")
    assert not after.verified and registry.type_of(shopee, date(2000, 1, 1)).instrument is None


def test_no_fact_of_the_registry_is_shown_as_verified_that_was_not_read_at_its_source() -> None:
    for one in load_registry().platforms:
        assert not one.verified and one.status in STATUSES and (one.type is None or one.type in TYPES)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://shopee.vn/product/11/22", ("shopee", "22", "11")),
        ("https://shopee.vn/Ao-thun-i.11.22?sp_atk=1", ("shopee", "22", "11")),
        ("https://www.lazada.vn/products/x-i77-s88.html", ("lazada", "77", None)),
        ("https://shopee-sale.vn/product/11/22", (None, None, None)),
        ("https://tiki.vn/khuyen-mai", ("tiki", None, None)),
    ],
)
def test_an_address_names_a_listing_only_on_its_own_site(url: str, expected: tuple[str | None, ...]) -> None:
    assert subject_of(url) == expected


@pytest.fixture
def crawl(tmp_path: Path) -> Path:
    """Three shops, two of which bear one name."""
    rows = [
        ("chotot", "900", "https://www.chotot.com/111.htm", "S1", "Shop Một"),
        ("tiki", "901", "https://tiki.vn/a-p901.html", None, "Nhà Tên"),
        ("tiki", "902", "https://tiki.vn/b-p902.html", "S3", "Trùng Tên"),
        ("tiki", "903", "https://tiki.vn/c-p903.html", "S4", "trung ten"),
    ]
    table = pd.DataFrame(rows, columns=["platform", "listing_id", "url", "seller_id", "seller_name"])
    table["captured_at"] = pd.Timestamp("2026-11-01", tz="UTC")
    write_parquet(table, tmp_path / "run" / "work" / "listings" / "part-00000.parquet")
    return tmp_path / "run"


def subjects(**columns: str | None) -> pd.DataFrame:
    return pd.DataFrame([{"platform": None, "url": None, "listing_id": None, "seller_id": None, "seller_name": None} | columns])


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ({"url": "http://chotot.com/111.htm?x=1"}, ("chotot", "900", "S1", "url")),
        ({"url": "https://tiki.vn/z-p555.html"}, ("tiki", "555", None, "url")),
        ({"platform": "chotot", "seller_name": "SHOP  mot"}, ("chotot", None, "S1", "shop_name")),
        ({"platform": "tiki", "seller_name": "nhà tên"}, ("tiki", "901", None, "shop_name")),
        ({"platform": "tiki", "seller_name": "Trùng Tên"}, ("tiki", None, None, "none")),
        ({"platform": "tiki", "seller_name": "Shop Một"}, ("tiki", None, None, "none")),
        ({"seller_name": "Shop Một"}, (None, None, None, "none")),
        ({"platform": "tiki", "listing_id": "903", "seller_name": "Trùng Tên"}, ("tiki", "903", None, "listing_id")),
    ],
)
def test_a_row_is_about_whom_it_names_and_a_namesake_is_nobody(crawl: Path, columns: dict[str, str], expected: tuple[str | None, ...]) -> None:
    found = match(subjects(**columns), crawl).astype("object")
    assert tuple(found.where(found.notna(), None).iloc[0]) == expected


def test_platforms_are_known_as_people_write_them() -> None:
    written = ("Shopee", "sàn Lazada", "tiki.vn", "Chợ Tốt", "Sàn Lạ")
    assert [platform_code(said) for said in written] == ["shopee", "lazada", "tiki", "chotot", "sàn lạ"]
    assert url_key("https://www.Tiki.vn/a-p1.html?spid=2#x") == url_key("tiki.vn/a-p1.html/") == "tiki.vn/a-p1.html"


def test_a_list_of_removals_becomes_outcomes_that_the_relist_detector_follows(tmp_path: Path, crawl: Path) -> None:
    removals = tmp_path / "go.csv"
    removals.write_text(
        "Đường dẫn;Ngày gỡ;Lý do;Tình trạng\n"
        "https://www.chotot.com/111.htm;12/11/2026;Hàng giả mạo nhãn hiệu;Đã gỡ\n"
        "https://tiki.vn/b-p902.html;13/11/2026;;\n"
        "https://tiki.vn/c-p903.html;13/11/2026;Hàng giả;Chưa gỡ\n"
        "https://tiki.vn/d-p904.html;;Hàng giả;Đã gỡ\n"
        "https://tiki-sale.vn/d-p904.html;13/11/2026;;Đã gỡ\n",
        encoding="utf-8",
    )
    into = tmp_path / "outcomes.csv"
    report = take_takedowns(removals, into=into, crawl=crawl)
    assert (report.n_read, report.n_taken, report.n_before) == (5, 2, 0) and [line for line, _ in report.returned] == [4, 5, 6]
    table = read_table(into).table
    assert table[["platform", "listing_id", "status", "source"]].to_numpy().tolist() == [
        ["chotot", "900", "not_inspected", "takedown"],
        ["tiki", "902", "not_inspected", "takedown"],
    ]
    assert table["behaviours"].iloc[0] == "counterfeit" and pd.isna(table["behaviours"].iloc[1])
    gone = removed_listings(table)
    assert sorted(gone["listing_id"]) == ["900", "902"] and gone["known_at"].min() == pd.Timestamp("2026-11-11T17:00Z")
    again = take_takedowns(removals, into=into, crawl=crawl)
    assert (again.n_taken, again.n_before) == (0, 2) and read_table(into).table.equals(table)


def counts(**inputs: tuple[int, int]) -> pd.DataFrame:
    return pd.DataFrame([("tiki", name, n, hits) for name, (n, hits) in inputs.items()], columns=COUNT_COLUMNS)


def test_trust_is_the_weighted_sum_that_the_method_says() -> None:
    # signs 10 of 1,000: 1 % between 0 and 5 % is 80 points, weight 3; found 11 of 20: 55 % between 20 and 90 % is 50, weight 2;
    # identified 600 of 1,000: 60 % between 20 and 100 % is 50, weight 1. (3 * 80 + 2 * 50 + 50) / 6 = 65.
    (rating,) = rate(counts(signs=(1000, 10), found=(20, 11), identified=(1000, 600)), load_trust_rule())
    assert rating.points == pytest.approx(65) and rating.low < 65 < rating.high and rating.band == UNDECIDED


def test_too_little_known_is_no_rating() -> None:
    # Found rests on 19 of the 20 that it needs: signs and identified weigh 4 of the 5 that a rating needs.
    (rating,) = rate(counts(signs=(1000, 10), found=(19, 11), identified=(1000, 600)), load_trust_rule())
    assert rating.band == NOT_ENOUGH and math.isnan(rating.points) and (rating.low, rating.high) == (0, 100)


@given(st.integers(100, 5000), st.integers(0, 100), st.integers(0, 100))
def test_more_shops_with_signs_never_raise_trust(n: int, few: int, more: int) -> None:
    rule, others = load_trust_rule(), {"found": (50, 20)}
    (low,), (high,) = (rate(counts(signs=(n, min(n, hits)), **others), rule) for hits in (few + more, few))
    assert low.points <= high.points + 1e-9 and low.low <= low.points <= low.high
