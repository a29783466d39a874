"""May a challenger order lists? Rows that may judge, figures with intervals, rules that each can stop it, and who moves on the list."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError
from sklearn.metrics import average_precision_score

from features.errors import ConfigError
from models.comparison import Comparison, Said, compare
from pipeline.promotion_rules import PromotionRules, load_promotion_rules
from pipeline.stages.batch_comparison import BatchComparison, moves
from pipeline.stages.learned_rows import learned_rows, unseen_rows
from pipeline.stages.promotion import Promotion
from pipeline.stages.promotion_verdicts import Verdict, verdicts
from tests.small_market import BEHAVIOUR, eager, saved_anew, small_market

RULES = load_promotion_rules()


# Rows that may judge


def rows(listings: list[str], sellers: list[str | None], days: list[str | None]) -> Any:
    """As much of a dataset as the choice of rows looks at."""
    return SimpleNamespace(
        rows=pd.DataFrame({"platform": "a", "listing_id": listings}),
        sellers=pd.Series(sellers, dtype="str"),
        when=pd.Series(pd.to_datetime(days, utc=True)).astype("datetime64[us, UTC]"),
    )


def test_rows_and_sellers_that_a_model_learned_from_do_not_judge_it() -> None:
    old = rows(["1", "2"], ["s1", None], [None, None])
    learned = learned_rows(old, {"scam": np.array([0, 1, 1])})
    new = rows(["1", "2", "3", "4", "5"], ["s1", None, "s1", "s2", None], [None] * 5)
    # 1 and 2 were learned from, 3 is of a seller that was; no seller is not a seller.
    assert unseen_rows(new, [learned], "scam").rows.tolist() == [3, 4]
    other = learned_rows(rows(["4"], ["s2"], [None]), {"scam": np.array([0])})
    assert unseen_rows(new, [learned, other], "scam").rows.tolist() == [4]
    assert unseen_rows(new, [learned, other], "counterfeit").rows.tolist() == [0, 1, 2, 3, 4], "each behaviour learned for itself"
    assert unseen_rows(new, [learned_rows(old, {})], "scam").rows.tolist() == [0, 1, 2, 3, 4]


def test_later_rows_judge_alone_where_there_are_any() -> None:
    learned = learned_rows(rows(["1"], ["s1"], ["2026-03-01"]), {"scam": np.array([0])})
    new = rows(["2", "3"], ["s2", "s3"], ["2026-02-01", "2026-03-02"])
    found = unseen_rows(new, [learned], "scam")
    assert found.rows.tolist() == [1] and "captured after 2026-03-01" in found.why
    found = unseen_rows(rows(["2"], ["s2"], ["2026-02-01"]), [learned], "scam")
    assert found.rows.tolist() == [0] and "time does not separate" in found.why


# Figures


def drawn(n: int = 3000, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Labels, a calibrated probability that knows much about them, and sellers of three rows each."""
    draw = np.random.default_rng(seed)
    truth = np.repeat(draw.beta(0.4, 2.5, n // 3), 3)
    return draw.random(n) < truth, truth, np.arange(n) // 3


def compared(champion: Said, challenger: Said, y: np.ndarray, groups: np.ndarray, **slices: pd.Series) -> Comparison:
    return compare("scam", y, champion, challenger, groups, slices, top_share=0.1, least_positives=20, n_resamples=100, seed=1)


def test_a_better_order_is_a_gain_and_the_same_order_a_tie() -> None:
    y, truth, groups = drawn()
    blurred = np.clip(truth + np.random.default_rng(1).normal(0, 0.25, len(y)), 0.001, 0.999)
    better = compared(Said(blurred, blurred), Said(truth, truth), y, groups)
    assert better.pr_auc_gap["ci"][0] > 0.05 and better.brier_gap is not None and better.brier_gap["ci"][1] < 0
    same = compared(Said(truth, truth), Said(truth, truth), y, groups)
    assert (same.pr_auc_gap["difference"], same.pr_auc_gap["ci"]) == (0.0, [0.0, 0.0])
    assert better.observed_over_expected["challenger"] == pytest.approx(1, abs=0.15)


def test_evidence_promises_nothing() -> None:
    y, truth, groups = drawn()
    found = compared(Said(truth * 9, None), Said(truth, truth), y, groups)
    assert found.brier_gap is None and found.observed_over_expected["champion"] is None


def test_a_lost_slice_shows_beside_a_gain_overall() -> None:
    y, truth, groups = drawn(9000)
    platform = pd.Series(np.where(groups % 4 == 0, "small", "large"))
    noise = np.random.default_rng(1).random(len(y))
    old = np.where(platform.eq("large"), 0.5 * truth + 0.5 * noise, truth)
    new = np.where(platform.eq("large"), truth, noise)
    found = compared(Said(old, old), Said(new, new), y, groups, platform=platform)
    gaps = {gap.value: gap for gap in found.slices}
    assert gaps["large"].difference > 0.05 and gaps["small"].difference < -0.2
    assert gaps["small"].ci is not None and gaps["small"].ci[1] < 0
    assert gaps["small"].n + gaps["large"].n == len(y)


def test_slices_with_few_finds_are_not_judged() -> None:
    y, truth, groups = drawn()
    odd = pd.Series(np.where(np.arange(len(y)) < 30, "odd", "usual"))
    assert [gap.value for gap in compared(Said(truth, None), Said(truth, None), y, groups, shop=odd).slices] == ["usual"]


# Rules


def quick(holds: bool = True) -> tuple[Any, Any, PromotionRules]:
    """A challenger that takes over nothing needs no time; a limit below zero cannot be held."""
    limit = RULES.speed.model_copy(update={"max_ms_per_listing": 1.0 if holds else -1.0})
    challenger = SimpleNamespace(takes_over=[], learners={})
    data = SimpleNamespace(rows=pd.DataFrame(index=range(3)), table=pd.DataFrame(index=range(3)), text=np.zeros((3, 1)))
    return challenger, data, RULES.model_copy(update={"speed": limit})


def ruled(*later: Comparison, thin: tuple[str, ...] = (), fast: bool = True) -> dict[str, bool]:
    challenger, data, rules = quick(fast)
    return {one.rule: one.holds for one in verdicts(list(later), list(thin), challenger, data, rules)}


def good() -> Comparison:
    y, truth, groups = drawn()
    blurred = np.clip(truth + np.random.default_rng(1).normal(0, 0.25, len(y)), 0.001, 0.999)
    return compared(Said(blurred, blurred), Said(truth, truth), y, groups, platform=pd.Series(["a"] * len(y)))


def test_a_better_calibrated_even_and_fast_model_passes_every_rule() -> None:
    assert ruled(good()) == dict.fromkeys(["enough finds", "gain", "calibration", "slices", "speed"], True)


def failing(*later: Comparison, **how: Any) -> set[str]:
    return {rule for rule, holds in ruled(*later, **how).items() if not holds}


def test_each_rule_can_stop_a_model() -> None:
    one = good()
    lost = replace(one.slices[0], difference=-0.2, ci=[-0.3, -0.1])
    assert failing(replace(one, pr_auc_gap={"difference": 0.01, "ci": [-0.01, 0.03]})) == {"gain"}
    assert failing(replace(one, observed_over_expected={"champion": 1.0, "challenger": 0.5})) == {"calibration"}
    assert failing(replace(one, brier_gap={"difference": 0.02, "ci": [0.01, 0.03]})) == {"calibration"}
    assert failing(replace(one, slices=[lost])) == {"slices"}
    assert failing(one, fast=False) == {"speed"}


def test_a_gain_in_one_behaviour_does_not_pay_for_a_loss_in_another() -> None:
    one = good()
    worse = replace(one, behaviour="counterfeit", pr_auc_gap={"difference": -0.05, "ci": [-0.08, -0.02]})
    tie = replace(one, behaviour="counterfeit", pr_auc_gap={"difference": -0.01, "ci": [-0.03, 0.02]})
    assert failing(one, worse) == {"gain"} and failing(one, tie) == set()


def test_noise_is_no_reason_to_stop() -> None:
    one = good()
    wide = replace(one.slices[0], difference=-0.2, ci=[-0.45, 0.05])
    small = replace(one.slices[0], difference=-0.05, ci=[-0.06, -0.04])
    assert failing(replace(one, slices=[wide, small])) == set()
    assert failing(replace(one, brier_gap={"difference": 0.001, "ci": [-0.001, 0.003]})) == set()
    nearer = replace(one, observed_over_expected={"champion": 0.3, "challenger": 0.5})
    assert failing(nearer) == set(), "half of what was promised is nearer than a third"


def test_without_later_finds_nothing_is_promoted() -> None:
    assert failing(thin=("scam 3 of 30",)) == {"enough finds", "gain", "calibration", "slices"}


def test_rules_name_an_unknown_key(tmp_path: Any) -> None:
    path = tmp_path / "rules.yaml"
    path.write_text("config_version: 1\nmin_gian: 0\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"min_gian.*known keys: \['calibration'"):
        load_promotion_rules(path)
    with pytest.raises(ValidationError):
        RULES.min_gain = 1.0  # type: ignore[misc]


# Decision


def promotion(*holds: bool) -> Promotion:
    ruled = [Verdict(f"rule {number}", one, "said") for number, one in enumerate(holds)]
    nobody = moves(targets({}), targets({}))
    return Promotion("new", "old", {"scam": "3 of 9"}, [], BatchComparison(9, 0, 0, 1.0, nobody), ruled)


@pytest.mark.parametrize(
    ("holds", "dry_run", "anyway", "decision", "promoted"),
    [
        ((True, True), False, None, "promoted", True),
        ((True, False), False, None, "not promoted", False),
        ((True, False), False, "  ", "not promoted", False),
        ((True, False), False, "the old one is broken", "promoted anyway", True),
        ((True, True), True, None, "not promoted (dry run)", False),
        ((True, False), True, "reason", "not promoted (dry run)", False),
    ],
)
def test_rules_decide_and_a_person_with_a_reason_overrules_them(
    holds: tuple[bool, ...], dry_run: bool, anyway: str | None, decision: str, promoted: bool
) -> None:
    made = promotion(*holds).decide(dry_run=dry_run, anyway=anyway)
    assert (made.decision, made.promoted) == (decision, promoted)
    assert all(holds) or "rule 1" in made.reason
    assert made.promoted is False or anyway is None or anyway in made.reason


# Who moves


def targets(ranks: dict[str, int]) -> pd.DataFrame:
    table = pd.DataFrame({"seller_id": list(ranks), "rank": list(ranks.values())}).astype({"seller_id": "str"})
    return table.assign(platform="a", subject_url="u", seller_name="Shop thử", authority="Hà Nội", signs="Dấu hiệu").astype({"platform": "str"})


def test_who_stays_enters_and_leaves_adds_up() -> None:
    found = moves(targets({"s1": 1, "s2": 2, "s3": 3}), targets({"s2": 1, "s4": 2}))
    assert dict(zip(found["seller_id"], found["move"], strict=True)) == {"s2": "stays", "s4": "enters", "s1": "leaves", "s3": "leaves"}
    assert found["rank_after"].tolist()[:2] == [1, 2] and found["rank_before"].tolist()[2:] == [1, 3]
    batch = BatchComparison(100, 3, 2, 0.9, found)
    assert batch.to_json() | {"overlap": 0} == {
        "listings": 100, "chosen_before": 3, "chosen_after": 2, "stays": 1, "enters": 1, "leaves": 2, "overlap": 0, "rank_agreement": 0.9,
    }  # fmt: skip
    assert batch.to_json()["overlap"] == pytest.approx(1 / 3)


def test_targets_without_a_seller_are_told_apart_by_their_address() -> None:
    left = targets({"s1": 1}).assign(seller_id=pd.Series([None], dtype="str"), subject_url="https://a/1")
    right = targets({"s1": 1}).assign(seller_id=pd.Series([None], dtype="str"), subject_url="https://a/2")
    assert moves(left, left)["move"].tolist() == ["stays"]
    assert sorted(moves(left, right)["move"]) == ["enters", "leaves"]


# The whole comparison on the invented market


def test_two_models_of_one_market_are_compared_on_rows_that_neither_knows() -> None:
    from pipeline.config import DEMO_KEY
    from pipeline.labels import read_outcomes
    from pipeline.lock import lock
    from pipeline.sources.mapping import load_mappings
    from pipeline.stages.judge import read_features
    from pipeline.stages.promotion import judge_challenger
    from pipeline.stages.take_in import take_in
    from pipeline.store import read_parquet

    market = small_market()
    out = market.folder / "promotion"
    learned = [read_parquet(one.folder.parent / "learned_rows.parquet") for one in (market.first, market.second)]
    with lock(out):
        taken = take_in([market.crawl], out=out, config=eager(), mappings=load_mappings(), key=DEMO_KEY)
        read_features(out, config=eager(), n_listings=taken.n_listings, with_text=True)
        labels = read_outcomes(market.all)
        found = judge_challenger(out, labels, market.second.model, market.first.model, learned, rules=RULES, config=eager())
        against = judge_challenger(out, labels, market.second.model, None, learned[:1], rules=RULES, config=eager())
    (one,) = found.later
    assert one.behaviour == BEHAVIOUR and 30 <= one.n_positive < one.n < 5000
    assert abs(one.pr_auc_gap["difference"]) < 0.1, "two seeds of one training are much the same"
    assert found.batch.n_listings == 5000 and found.batch.n_stays > 0
    assert found.batch.n_before == found.batch.n_stays + int(found.batch.moves["move"].eq("leaves").sum())
    assert found.batch.n_after == found.batch.n_stays + int(found.batch.moves["move"].eq("enters").sum())
    assert against.champion is None and against.later[0].brier_gap is None and "evidence" in against.lines()[0]
    assert {one.rule for one in found.verdicts} == {"enough finds", "gain", "calibration", "slices", "speed"}


def test_a_behaviour_that_only_the_champion_orders_is_compared_too() -> None:
    from pipeline.labels import read_outcomes
    from pipeline.reference import load_reference
    from pipeline.stages.dataset import build_dataset
    from pipeline.stages.learned_rows import Unseen
    from pipeline.stages.promotion import compare_later

    market = small_market()
    quiet = saved_anew(market.second, market.folder / "quiet", [])
    data = build_dataset(market.folder / "out" / "work", read_outcomes(market.all), load_reference())
    every = {BEHAVIOUR: Unseen(np.arange(len(data.rows)), "all")}
    (one,), _ = compare_later(data, every, quiet.model, market.first.model, rules=RULES, seed=1)
    assert one.behaviour == BEHAVIOUR and one.brier_gap is None and one.observed_over_expected["challenger"] is None
    y = data.labels.positive(BEHAVIOUR).to_numpy(dtype=bool)
    assert one.challenger["pr_auc"]["value"] == pytest.approx(average_precision_score(y, data.points)), "its place is taken by the evidence"
