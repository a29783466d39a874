"""Signs are judged as rules that may abstain, and weights move only as far as many sellers' outcomes carry them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from models.label_doubt import doubtful, next_looks
from models.refit_weights import refit, weight_points
from models.sign_quality import sign_pairs, sign_quality
from models.weights import EvidenceWeights, read_weights
from pipeline.config import load_yaml


def fired(*signs: tuple[int, str, float], behaviour: str = "counterfeit") -> pd.DataFrame:
    table = pd.DataFrame(signs, columns=["row", "sign_id", "points"])
    return table.assign(behaviour=behaviour)


@pytest.fixture(scope="module")
def weights() -> EvidenceWeights:
    return read_weights(load_yaml("evidence.yaml"))


# Rules


def test_coverage_overlap_and_conflict_are_counted_by_hand() -> None:
    # Ten rows. cheap: 0 1 2 3; loud: 2 3 4; official (against): 3 5.
    official = [(3, "official", -4.0), (5, "official", -4.0)]
    signs = fired(*[(row, "cheap", 2.0) for row in range(4)], *[(row, "loud", 1.0) for row in (2, 3, 4)], *official)
    table = sign_quality(signs, 10).set_index("sign_id")
    assert table["coverage"].to_dict() == {"cheap": 0.4, "loud": 0.3, "official": 0.2}
    # cheap stands beside another in rows 2 and 3; loud in 2 and 3; official in 3 only.
    assert table["overlap"].to_dict() == {"cheap": 0.5, "loud": pytest.approx(2 / 3), "official": 0.5}
    assert table["conflict"].to_dict() == {"cheap": 0.25, "loud": pytest.approx(1 / 3), "official": 0.5}
    assert table["vote"].to_dict() == {"cheap": 1, "loud": 1, "official": -1}


def test_a_mere_fact_votes_for_nothing_and_overlaps_with_nobody() -> None:
    signs = pd.concat([fired((0, "cheap", 2.0)), fired((0, "identity_missing", 1.0), behaviour="undisclosed")], ignore_index=True)
    table = sign_quality(signs, 2, facts=["undisclosed"]).set_index("sign_id")
    assert table.loc["identity_missing", "vote"] == 0 and table.loc["cheap", "overlap"] == 0.0


def test_precision_counts_only_rows_somebody_looked_at_and_sellers_not_listings() -> None:
    signs = fired(*[(row, "cheap", 2.0) for row in range(40)])
    # Twenty labelled rows, ten confirmed: once of twenty sellers, once all of two.
    y = pd.Series([1.0] * 10 + [0.0] * 10, index=range(20))
    many = sign_quality(signs, 100, y=y, sellers=pd.Series([f"s{n}" for n in range(20)], index=range(20))).iloc[0]
    few = sign_quality(signs, 100, y=y, sellers=pd.Series(["a"] * 10 + ["b"] * 10, index=range(20))).iloc[0]
    assert (many["n_labelled"], many["n_positive"], many["precision"]) == (20, 10, 0.5) and (few["n_sellers"], many["n_sellers"]) == (2, 20)
    # Clopper and Pearson for 10 of 20.
    assert (many["low"], many["high"]) == pytest.approx((0.272, 0.728), abs=1e-3)
    assert few["low"] < 0.1 and few["high"] > 0.9


def test_a_sign_no_labelled_row_has_is_said_to_be_unknown() -> None:
    table = sign_quality(fired((3, "cheap", 2.0)), 10, y=pd.Series([1.0], index=[0]))
    assert table["n_labelled"].tolist() == [0] and np.isnan(table["precision"][0]) and (table["low"][0], table["high"][0]) == (0.0, 1.0)


def test_pairs_that_fire_together_come_first() -> None:
    signs = fired((0, "a", 1.0), (0, "b", 1.0), (1, "a", 1.0), (1, "b", 1.0), (2, "a", 1.0), (2, "c", 1.0))
    table = sign_pairs(signs, 3)
    assert table.values.tolist() == [["a", "b", 2, pytest.approx(2 / 3)], ["a", "c", 1, pytest.approx(1 / 3)]]


# Weights


def market(n_sellers: int, *, true_factor: float, seed: int = 0) -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    """Rows of ten listings a seller, where one weight means ``true_factor`` times what is written and the other what is written."""
    draw = np.random.default_rng(seed)
    n = n_sellers * 10
    table = pd.DataFrame({"signs.price_below_peers": draw.choice([0.0, 4.0], n), "cue_points.strong": draw.choice([0.0, 3.0], n, p=[0.8, 0.2])})
    z = -2.5 + table.to_numpy() @ [true_factor, 1.0]
    return table, draw.random(n) < 1 / (1 + np.exp(-z)), np.repeat(np.arange(n_sellers), 10)


def test_a_weight_that_outcomes_contradict_moves_and_the_others_stay() -> None:
    found = refit(*market(400, true_factor=0.0), seed=1)
    assert found is not None
    factor = found.factors.set_index("weight")
    assert factor.loc["signs.price_below_peers", "high"] < 0.5 and factor.loc["cue_points.strong", "factor"] == pytest.approx(1.0, abs=0.3)
    assert found.wins and found.gain["refitted"] > found.gain["written"]


def test_where_the_written_weights_are_right_nothing_is_won() -> None:
    found = refit(*market(300, true_factor=1.0, seed=2), seed=1)
    assert found is not None and not found.wins
    assert found.factors["low"].lt(1).all() and found.factors["high"].gt(1).all()


def test_few_outcomes_leave_the_written_weights_nearly_as_they_are() -> None:
    few, many = (refit(*market(n, true_factor=0.0, seed=3), seed=1) for n in (20, 400))
    assert few is not None and many is not None
    moved = [one.factors.set_index("weight").loc["signs.price_below_peers", "factor"] for one in (few, many)]
    assert 1 > moved[0] > moved[1]
    table, y, sellers = market(15, true_factor=0.0)
    assert refit(table, y, sellers, seed=1) is None


def test_one_huge_seller_does_not_outvote_the_rest() -> None:
    table, y, sellers = market(100, true_factor=1.0, seed=4)
    alone = refit(table, y, sellers, seed=1)
    # One shop with 5,000 listings that all look cheap and were all cleared.
    flood = pd.DataFrame({"signs.price_below_peers": [4.0] * 5000, "cue_points.strong": [0.0] * 5000})
    flooded = refit(pd.concat([table, flood], ignore_index=True), np.r_[y, np.zeros(5000, dtype=bool)], np.r_[sellers, np.full(5000, 999)], seed=1)
    assert alone is not None and flooded is not None
    assert flooded.factors["factor"].to_numpy() == pytest.approx(alone.factors["factor"].to_numpy(), abs=0.1)


def test_a_sign_never_changes_its_direction() -> None:
    table, y, sellers = market(300, true_factor=-2.0, seed=5)
    found = refit(table, y, sellers, seed=1)
    assert found is not None and found.factors["factor"].ge(0).all()


def test_factors_go_where_the_settings_have_the_weight(weights: EvidenceWeights) -> None:
    found = refit(*market(400, true_factor=0.0), seed=1)
    assert found is not None
    after = found.apply(weights)
    factor = found.factors.set_index("weight")["factor"]
    price, cue = factor["signs.price_below_peers"], factor["cue_points.strong"]
    assert after.signs.price_below_peers.points == pytest.approx(price * weights.signs.price_below_peers.points)
    assert after.signs.price_below_peers.points_per_z == pytest.approx(price * weights.signs.price_below_peers.points_per_z)
    assert after.cue_points["strong"] == pytest.approx(cue * weights.cue_points["strong"])
    assert after.signs.brand_disguised == weights.signs.brand_disguised and after.bands == weights.bands and after.family_caps == weights.family_caps


def test_points_are_gathered_under_the_weight_that_gave_them(weights: EvidenceWeights) -> None:
    signs = fired((0, "cue.rep", 3.0), (0, "cue.auth", 1.5), (2, "price_below_peers", 1.1), (2, "cue.unknown", 9.0))
    facts = fired((1, "identity_missing", 1.0), behaviour="undisclosed")
    table = weight_points(pd.concat([signs, facts]), {"rep": "strong", "auth": "strong"}, weights, 3)
    assert table["cue_points.strong"].tolist() == [4.5, 0.0, 0.0] and table["signs.price_below_peers"].tolist() == [0.0, 0.0, 1.1]
    assert table["signs.identity_missing"].eq(0).all() and len(table) == 3


# Doubts and next looks


def labelled(seed: int = 0) -> tuple[list[str], np.ndarray, np.ndarray, np.ndarray]:
    """Forty sellers of five listings each; every listing of a bad seller says "rep"; three labels are wrong."""
    draw = np.random.default_rng(seed)
    bad = np.repeat(np.arange(40) % 3 == 0, 5)
    titles = [f"Giày số {draw.integers(9)} {'rep 11' if one else 'có hóa đơn'}" for one in bad]
    y = bad.copy()
    y[[3, 50, 102]] ^= True
    return titles, np.where(bad, 2.0, 0.0)[:, None], y, np.repeat(np.arange(40), 5)


def test_labels_against_all_others_are_the_doubtful_ones() -> None:
    titles, points, y, sellers = labelled()
    found = doubtful(titles, points, y, sellers, seed=1)
    assert sorted(found["row"]) == [3, 50, 102]
    assert ((found["expected"] < 0.5) == found["y"]).all()


def test_too_few_labels_are_not_doubted() -> None:
    titles, points, y, sellers = labelled()
    with pytest.raises(ValueError, match="too few to doubt"):
        doubtful(titles[:50], points[:50], y[:50], sellers[:50], seed=1)


def test_the_next_looks_go_where_labels_lack_one_a_seller_and_the_least_sure_first() -> None:
    goods = pd.Series(["giày"] * 6 + ["túi"] * 6 + [None] * 2, dtype="str")
    sellers = pd.Series(["a", "a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", None, None], dtype="str")
    unsure = np.array([0.9, 0.8, 0.1, 0.2, 0.3, 0.4, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.0, 0.0])
    # Candidates over labels + 1: bags 6/1, unknown 2/1, shoes 6/6. Roots 2.45, 1.41, 1; five looks go 2.45, 1.41, 2.45/2, 1, 2.45/3.
    chosen = next_looks(unsure, goods, sellers, pd.Series({"giày": 5}), n=5)
    assert chosen["goods"].tolist() == ["túi", "túi", "túi", "?", "giày"]
    # The least sure of the bags are rows 11, 10 and 9; of the shoes row 0, and row 1 is of the same seller.
    assert chosen["row"].tolist() == [11, 10, 9, 12, 0] and chosen["n_candidates"].tolist() == [6, 6, 6, 2, 6]


def test_no_more_looks_are_proposed_than_there_are_sellers() -> None:
    chosen = next_looks(np.ones(4), pd.Series(["x"] * 4, dtype="str"), pd.Series(["a", "a", "b", "b"], dtype="str"), pd.Series(dtype=float), n=10)
    assert len(chosen) == 2
