"""Who seems to be one hand: strong ties link, hubs do not glue, networks stay small, keep their names, and know nothing of the future."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.communities import communities
from features.errors import DataError
from features.network_ids import lasting_ids
from features.networks import LinkWeights
from features.signatures import as_bytes, signatures
from pipeline.simulation.networks import load_networks, simulate_networks
from pipeline.stages.links import Links, find_links, link_lines, linked_groups, load_link_weights, read_link_summary, write_links
from pipeline.stages.run import RunReport
from pipeline.tables.links import HUBS, LINKS, NETWORKS

TEXTS = ["platform", "listing_id", "seller_id", "seller_name", "seller_type", "contact_keys", "image_hashes", "tax_code", "licence_no"]

WORDS = ["mau", "tui", "gia", "deo", "vai", "khoa", "nau", "den", "bo", "cao", "nhe", "ben", "dep", "kieu", "may", "quai", "hop", "ngan"]


def crawl(*rows: dict[str, Any]) -> pd.DataFrame:
    nothing = dict.fromkeys(TEXTS) | {"platform": "shopee", "is_official": False, "price_vnd": 100_000.0, "captured_at": "2026-06-01"}
    table = pd.DataFrame([nothing | {"listing_id": f"L{at}", "created_at": None} | row for at, row in enumerate(rows)])
    for name in ("captured_at", "created_at"):
        table[name] = pd.to_datetime(table[name], utc=True).astype("datetime64[us, UTC]")
    return table.astype(dict.fromkeys(TEXTS, "str"))


def found(*rows: dict[str, Any], **options: Any) -> Links:
    return find_links(crawl(*rows), **options)


def together(links: Links) -> list[list[str]]:
    return sorted(sorted(name.split("|")[2] for name in one) for one in links.networks.groupby("network")["seller"].agg(list))


def sellers(names: str, **shared: Any) -> list[dict[str, Any]]:
    return [{"seller_id": name} | shared for name in names]


# What ties


@pytest.mark.parametrize("shared", [{"contact_keys": "k1"}, {"tax_code": "0100000001"}, {"licence_no": "G 1"}])
def test_a_phone_a_tax_code_or_a_licence_ties_two_shops(shared: dict[str, str]) -> None:
    assert together(found(*sellers("ab", **shared), {"seller_id": "c"})) == [["a", "b"]]


def test_ties_reach_across_platforms_and_from_one_to_the_next() -> None:
    rows = [{"seller_id": "a", "contact_keys": "k1"}, {"seller_id": "b", "platform": "tiki", "contact_keys": "k1;k2"}]
    assert together(found(*rows, {"seller_id": "c", "contact_keys": "k2"})) == [["a", "b", "c"]]


def test_shops_that_share_most_of_their_texts_with_nobody_else_are_tied() -> None:
    # How two real shops that bear one name in two spellings were found.
    texts = [" ".join(random.Random(at).choices(WORDS, k=40)) for at in range(4)]
    rows = [{"seller_id": name, "description": one} for name in "ab" for one in texts]
    rows += [{"seller_id": "reseller", "description": one} for one in texts[:1]]
    table = crawl(*rows)
    table["signature"] = as_bytes(signatures([""] * len(table), table["description"].tolist()))
    assert together(find_links(table)) == [["a", "b"]]


def test_one_shared_picture_ties_nobody() -> None:
    assert together(found(*sellers("ab", image_hashes="00000000000000aa"))) == []


def test_shops_that_share_nearly_all_pictures_with_nobody_else_are_tied() -> None:
    pictures = ";".join(f"{(at + 1) * 0x0101010101010101:016x}" for at in range(3, 9))
    assert together(found(*sellers("ab", image_hashes=pictures))) == [["a", "b"]]


def test_every_edge_says_what_it_rests_on() -> None:
    links = found(*sellers("ab", contact_keys="k1", tax_code="0100000001", image_hashes="00000000000000aa")).links
    assert LINKS.validate(links)[["n_contact", "n_tax", "n_image", "n_text"]].iloc[0].tolist() == [1, 1, 1, 0]
    weights = load_link_weights()
    assert links["points"].tolist() == [pytest.approx(sum(weights.points[:1]) + weights.points[2] + weights.points[3])]


# What must not glue


def test_a_hotline_that_many_shops_show_ties_none_of_them_and_is_listed_as_a_hub() -> None:
    links = found(*[{"seller_id": f"s{at:02d}", "contact_keys": "hotline"} for at in range(30)])
    assert together(links) == []
    assert HUBS.validate(links.hubs)[["kind", "n_sellers", "why"]].values.tolist() == [["contact", 30, "too many sellers"]]


def test_a_brands_hotline_shown_by_its_official_shop_ties_nobody() -> None:
    assert together(found({"seller_id": "hãng", "is_official": True, "contact_keys": "k1"}, *sellers("ab", contact_keys="k1"))) == []


def test_a_couriers_number_beside_each_shops_own_ties_nobody() -> None:
    rows = [{"seller_id": name, "contact_keys": f"courier;own {name}"} for name in "abcdef"]
    assert together(found(*rows)) == []


def test_a_suppliers_number_that_stands_in_copied_listings_only_ties_nobody() -> None:
    pictures = [f"{(at + 1) * 0x0101010101010101:016x}" for at in range(5)]
    copied = [{"seller_id": name, "contact_keys": "supplier", "image_hashes": one} for name in "abcdef" for one in pictures]
    assert together(found(*copied)) == []
    # The same number beside listings of their own is another thing.
    own = [{"seller_id": name, "contact_keys": "supplier"} for name in "abcdef"]
    assert together(found(*copied, *own)) == [list("abcdef")]


def test_a_placeholder_tax_code_ties_nobody() -> None:
    assert together(found(*[{"seller_id": f"s{at}", "tax_code": "0000000000"} for at in range(40)])) == []


@settings(max_examples=30)
@given(st.lists(st.tuples(st.integers(0, 59), st.integers(0, 59), st.integers(1, 9)), max_size=200), st.integers(2, 20))
def test_no_community_is_larger_than_its_bound_and_the_order_of_edges_does_not_matter(edges: list[tuple[int, int, int]], largest: int) -> None:
    kept = {(min(a, b), max(a, b)): points for a, b, points in edges if a != b}
    table = np.array([(a, b, points) for (a, b), points in kept.items()], dtype=np.int64).reshape(-1, 3)
    days = np.arange(60, dtype=np.int64) % 7
    one, other = (communities(some[:, 0].copy(), some[:, 1].copy(), some[:, 2].copy(), days, largest=largest) for some in (table, table[::-1]))
    assert np.array_equal(one, other)
    assert np.bincount(one).max() <= largest
    assert all(days[oldest] <= days[at] for at, oldest in enumerate(one))


def test_the_weights_of_the_settings_file_are_those_of_the_code() -> None:
    assert load_link_weights() == LinkWeights()


# As of a day, and what is known of the neighbours


def test_two_shops_are_linked_from_the_day_on_which_both_had_shown_the_phone() -> None:
    rows = [{"seller_id": "a", "contact_keys": "k1", "captured_at": "2026-06-01"}, {"seller_id": "b", "captured_at": "2026-06-02"}]
    later = [{"seller_id": "b", "contact_keys": "k1", "captured_at": "2026-06-03"}, {"seller_id": "a", "captured_at": "2026-06-03"}]
    columns = found(*rows, *later).columns
    assert columns["network_n_sellers"].tolist() == [1, 1, 2, 2]
    assert columns["seller_network"].isna().tolist() == [True, True, False, False]


def test_neighbours_outcomes_count_from_the_day_they_were_known_and_ones_own_never() -> None:
    rows = [{"seller_id": name, "contact_keys": "k1", "captured_at": day} for day in ("2026-06-01", "2026-06-05") for name in "abc"]
    rows[3:] = [row | {"listing_id": f"N{row['seller_id']}"} for row in rows[3:]]
    outcomes = pd.DataFrame({"platform": "shopee", "listing_id": ["L0", "L1"], "status": ["confirmed", "cleared"], "source": "inspection"})
    outcomes["known_at"] = pd.to_datetime(["2026-06-03", "2026-06-04"], utc=True)
    columns = found(*rows, outcomes=outcomes).columns
    assert columns["network_n_confirmed"].tolist() == [0, 0, 0, 0, 1, 1]
    # a: b was cleared; b: a was confirmed; c: both.
    assert columns["network_n_judged"].tolist() == [0, 0, 0, 1, 1, 2]


def test_an_outcome_without_a_date_is_nobodys_neighbour() -> None:
    outcomes = pd.DataFrame({"platform": "shopee", "listing_id": ["L0"], "status": "confirmed", "source": "inspection"})
    outcomes["known_at"] = pd.Series([pd.NaT]).dt.tz_localize("UTC")
    assert found(*sellers("ab", contact_keys="k1"), outcomes=outcomes).columns["network_n_judged"].tolist() == [0, 0]


def test_shops_that_were_ever_linked_stay_on_one_side_of_a_split(tmp_path: Path) -> None:
    early = sellers("ab", contact_keys="k1")
    # Later the number turns out to be a hotline, and nobody is linked by it any more.
    late = [{"seller_id": f"s{at:02d}", "contact_keys": "k1", "captured_at": "2026-06-09"} for at in range(30)]
    links = found(*early, *late, *sellers("xy", captured_at="2026-06-09"))
    assert together(links) == []
    write_links(links, tmp_path / "links")
    groups = linked_groups(tmp_path, pd.Series(["shopee|id|a", "shopee|id|b", "shopee|id|x"]))
    assert groups[0] == groups[1] and groups.isna().tolist() == [False, False, True]


# Names that last


def members(**networks: str) -> pd.DataFrame:
    rows = [(network, seller) for network, names in networks.items() for seller in names]
    return pd.DataFrame(rows, columns=["network", "seller"], dtype="str")


def test_a_network_keeps_the_name_that_most_of_its_members_had() -> None:
    renamed = lasting_ids(members(M1="abcd", M2="xy"), members(OLD="abc", OTHER="xyz"))
    assert renamed.ids == {"M1": "OLD", "M2": "OTHER"} and not renamed.merges and not renamed.splits


def test_merges_and_splits_are_said() -> None:
    merged = lasting_ids(members(M1="abcxy"), members(OLD="abc", OTHER="xy"))
    assert merged.ids == {"M1": "OLD"} and merged.merges == ["OLD, OTHER are now one: OLD"]
    split = lasting_ids(members(M1="ab", M2="cd", M3="z"), members(OLD="abcd"))
    assert split.splits == ["OLD is now 2: M2, OLD"] and split.ids["M1"] == "OLD"


@settings(max_examples=40)
@given(st.lists(st.integers(0, 5), min_size=8, max_size=8), st.lists(st.integers(0, 5), min_size=8, max_size=8))
def test_no_name_is_given_twice(before: list[int], now: list[int]) -> None:
    old = pd.DataFrame({"network": [f"M{one}" for one in before], "seller": list("abcdefgh")})
    new = pd.DataFrame({"network": [f"M{one}" for one in now], "seller": list("abcdefgh")})
    ids = lasting_ids(new, old).ids
    assert set(ids) == set(new["network"]) and len(set(ids.values())) == len(ids)


def test_a_later_run_keeps_ids_and_reports_a_merge(tmp_path: Path) -> None:
    rows = [*sellers("ab", contact_keys="k1"), *sellers("cd", contact_keys="k2")]
    write_links(found(*rows), tmp_path / "first" / "work" / "links")
    grown = [*rows, {"seller_id": "c", "contact_keys": "k1"}, *sellers("01", contact_keys="k9")]
    write_links(found(*grown), tmp_path / "second" / "work" / "links", previous=tmp_path / "first")
    first, second = (pd.read_parquet(tmp_path / run / "work" / "links" / "networks.parquet") for run in ("first", "second"))
    NETWORKS.validate(second)
    kept = set(first["network"]) & set(second["network"])
    assert len(kept) == 1 and second[second["network"].isin(kept)]["seller"].str[-1].tolist() == list("abcd")
    said = link_lines(read_link_summary(tmp_path / "second" / "work"))
    assert any(line.startswith("  merged: M-") for line in said)


def test_a_folder_without_networks_is_no_earlier_run(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="--previous wants"):
        write_links(found(*sellers("ab")), tmp_path / "links", previous=tmp_path)


def test_adding_listings_elsewhere_renames_no_network() -> None:
    rows = [*sellers("ab", contact_keys="k1"), *sellers("cd", contact_keys="k2")]
    before = found(*rows).networks.set_index("seller")["network"]
    after = found(*rows, *sellers("0e", contact_keys="k3", captured_at="2026-06-02")).networks.set_index("seller")["network"]
    assert after[before.index].equals(before)


# The whole way


def test_rings_are_found_and_no_innocents_are_glued_on_an_invented_market() -> None:
    made = simulate_networks(20_000, market=load_networks(), seed=5)
    table = made.listings.assign(seller_type=None, licence_no=None, created_at=pd.NaT)
    networks = find_links(crawl(*table.drop(columns=["title", "description", "x_synthetic"]).to_dict("records"))).networks
    hands = made.truth.set_index("seller")
    named = networks.assign(hand=networks["seller"].map(hands["hand"]), nature=networks["seller"].map(hands["nature"]))
    innocent = named[named["nature"].isin(["innocent", "official"])]
    assert innocent.groupby("network").size().max() <= 5
    pairs, right = (named.groupby(by).size().pipe(lambda n: n * (n - 1) // 2).sum() for by in (["network"], ["network", "hand"]))
    assert right / pairs > 0.95
    assert named["hand"].str.startswith("ring").sum() > 30


def test_everything_invented_says_so_and_the_same_seed_gives_the_same() -> None:
    one, again = (simulate_networks(500, market=load_networks(), seed=1) for _ in range(2))
    assert one.listings["x_synthetic"].all() and one.listings.equals(again.listings) and len(one.listings) == 500


def test_run_tells_of_networks_and_keeps_them_in_its_report(finished: Callable[..., RunReport], crawl_of_two: Path, tmp_path: Path) -> None:
    report = finished(crawl_of_two)
    said = json.loads((report.out / "run.json").read_text(encoding="utf-8"))["links"]
    assert said["networks"] == 1 and said["sellers_in_networks"] == 2
    assert any(line.startswith("networks 1 of 2 sellers") for line in report.lines())
    again = finished(crawl_of_two, out="again", previous=report.out)
    assert json.loads((again.out / "run.json").read_text(encoding="utf-8"))["links"]["kept_ids"] == 1


@pytest.fixture
def crawl_of_two(tmp_path: Path) -> Path:
    path = tmp_path / "hai.csv"
    lines = ["sàn,mã tin,tiêu đề,ngày thu thập,giá bán,mã gian hàng,mô tả"]
    lines += [f"sàn thử,T{at},Áo thun trơn,2026-11-20,99000,S{at},Liên hệ zalo 0900000001 để đặt hàng" for at in range(2)]
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def test_a_network_is_one_target_that_names_its_main_shop_and_the_others(finished: Callable[..., RunReport], tmp_path: Path) -> None:
    path = tmp_path / "mạng.csv"
    lines = ["sàn,mã tin,tiêu đề,ngày thu thập,giá bán,mã gian hàng,tên gian hàng,nhãn hiệu,mô tả"]
    for shop, title in (("S1", "Túi xách Gucci rep 1:1 cao cấp"), ("S2", "Túi xách Gucci super fake"), ("S3", "Giày Nike rep 1:1")):
        phone = "Liên hệ zalo 0900000001 để đặt hàng" if shop != "S3" else ""
        lines += [f"sàn thử,{shop}{at},{title} {at},2026-11-20,250000,{shop},Gian hàng {shop},,{phone}" for at in range(2)]
    path.write_text("\n".join(lines), encoding="utf-8")
    report = finished(path)
    targets = report.plan.targets
    assert len(targets) == 2
    network = targets[targets["seller_name"].str.contains("và 1 gian hàng liên kết")]
    assert len(network) == 1 and network["n_collected"].tolist() == [4]
    assert network["reasons"].iloc[0][-1].startswith("Liên kết (chung số liên hệ hoặc tài khoản")
