"""The invented market is believable, says that it is invented, and leans on none of our rules."""

from __future__ import annotations

import ast
from pathlib import Path

import pandas as pd
import pytest

from features.errors import ConfigError, DataError
from pipeline.simulation.disguise import disguise
from pipeline.simulation.market import Simulated, simulate
from pipeline.simulation.outcomes import outcomes_of
from pipeline.simulation.settings import load_market, load_tactics
from pipeline.simulation.spikes import plant
from tests.conftest import ROOT


@pytest.fixture(scope="module")
def market() -> Simulated:
    return simulate(6000, market=load_market(), tactics=load_tactics(), seed=7)


def test_the_simulator_imports_neither_features_nor_models_nor_our_reference_tables() -> None:
    allowed = {"features.errors"}
    for path in (ROOT / "pipeline" / "simulation").glob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        names = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module}
        ours = {name for name in names if name.split(".")[0] in {"features", "models"}} - allowed
        assert not ours and "pipeline.reference" not in names, path
        assert "load_table" not in path.read_text(encoding="utf-8")


def test_the_same_seed_gives_the_same_market_and_another_seed_another() -> None:
    one, same, other = (simulate(300, market=load_market(), tactics=load_tactics(), seed=seed) for seed in (1, 1, 2))
    pd.testing.assert_frame_equal(one.listings, same.listings)
    assert not one.listings["title"].equals(other.listings["title"])


def test_every_row_says_that_it_is_invented_and_none_says_what_it_is(market: Simulated) -> None:
    assert len(market.listings) == len(market.truth) == 6000 and market.listings["x_synthetic"].all()
    assert not {"tactic", "behaviour", "network", "nature"} & set(market.listings)
    assert market.listings["listing_id"].is_unique


def test_suspects_are_few_and_use_every_tactic(market: Simulated) -> None:
    share = market.truth["behaviour"].notna().mean()
    assert 0.01 < share < 0.12
    assert set(load_tactics().tactics) <= set(market.truth["tactic"].dropna())


def test_tactics_drift_from_the_first_weeks_to_the_last() -> None:
    made = simulate(30_000, market=load_market(), tactics=load_tactics(), seed=3)
    when = made.listings["captured_at"]
    early, late = (made.truth[side]["tactic"].dropna() for side in (when < when.quantile(0.3), when > when.quantile(0.7)))
    assert (late == "loud").mean() < (early == "loud").mean()


def test_a_network_shares_its_phone_and_pictures_across_accounts(market: Simulated) -> None:
    joined = market.listings.assign(network=market.truth["network"], tactic=market.truth["tactic"])
    hands = joined[joined["tactic"].eq("network")].groupby("network")
    sizes = hands["seller_id"].nunique()
    assert sizes.max() >= 2
    for _, rows in hands:
        phones = rows["description"].str.extract(r"(0900\d+)")[0].dropna()
        assert phones.nunique() <= 1


def test_innocent_look_alikes_use_the_words_that_trap_lists(market: Simulated) -> None:
    innocent = market.listings[market.truth["behaviour"].isna()]
    texts = innocent["title"] + " " + innocent["description"]
    for trap in ("túi xách tay", "F1", "dành cho iPhone", "1:1", "fake", "xả kho"):
        assert texts.str.contains(trap, case=False, regex=False).any(), trap


def test_outcomes_exist_only_where_somebody_looked_and_come_later(market: Simulated) -> None:
    outcomes = outcomes_of(market.listings, market.truth, seed=7)
    assert len(outcomes) < 0.5 * len(market.listings)
    assert (outcomes["known_at"] > outcomes["happened_at"]).all()
    desk = outcomes["source"].eq("desk_review")
    assert outcomes.loc[desk, "selection_probability"].between(0, 1).all() and outcomes.loc[~desk, "selection_probability"].isna().all()
    confirmed = outcomes["status"].eq("confirmed")
    assert confirmed[~desk].mean() > 1.5 * confirmed[desk].mean(), "inspectors go where something shows"


def test_a_reviewer_can_swap_the_tactics(tmp_path: Path) -> None:
    text = (ROOT / "configs" / "simulation" / "tactics.yaml").read_text(encoding="utf-8")
    mine = tmp_path / "tactics.yaml"
    mine.write_text(text.replace("{title} rep 1:1", "{title} zzz"), encoding="utf-8")
    made = simulate(4000, market=load_market(), tactics=load_tactics(mine), seed=1)
    assert made.listings["title"].str.contains("zzz").any()
    mine.write_text(text.replace("behaviour: scam", "behaviour: evil"), encoding="utf-8")
    with pytest.raises(ConfigError, match="prepay"):
        load_tactics(mine)


@pytest.mark.parametrize(
    ("how", "written"),
    [("plain", "Giày Nike đỏ"), ("dots", "Giày N.i.k.e đỏ"), ("spaces", "Giày N i k e đỏ"),
     ("styled", "Giày 𝗡𝗶𝗸𝗲 đỏ"), ("sound", "Giày sờ nai kì đỏ")],
)
def test_disguises(how: str, written: str) -> None:
    import random

    tactics = load_tactics()
    said = disguise("Giày Nike đỏ", "Nike", how, sounds=tactics.sounds, homoglyphs=tactics.homoglyphs, draw=random.Random(1))
    assert said == written


def test_spike_ins_are_marked_half_twins_and_leave_the_crawl_as_it_was(market: Simulated) -> None:
    crawl = market.listings.drop(columns=["x_synthetic"])
    made = plant(crawl, rate=0.02, market=load_market(), tactics=load_tactics(), seed=1)
    planted = made.listings[made.listings["x_synthetic"]]
    assert len(planted) == len(made.truth) == 120 and made.truth["twin"].sum() == 60
    kept = made.listings[~made.listings["x_synthetic"]].drop(columns=["x_synthetic"]).reset_index(drop=True)
    pd.testing.assert_frame_equal(kept, crawl.reset_index(drop=True), check_dtype=False)
    assert made.truth.loc[made.truth["twin"], "behaviour"].isna().all()


def test_a_crawl_without_known_brands_cannot_be_spiked() -> None:
    crawl = pd.DataFrame({"platform": "a", "listing_id": ["1"], "title": ["Bàn gỗ"], "price_vnd": [1e5]})
    with pytest.raises(DataError, match="at least 20"):
        plant(crawl, rate=0.01, market=load_market(), tactics=load_tactics(), seed=1)
