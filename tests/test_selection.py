"""Figures for all listings from the few looked at: unbiased where looks were drawn with recorded chances, and the plain share is not."""

from __future__ import annotations

import numpy as np
import pytest

from models.selection import Looks, corrected, doubly_robust, fitting_weights, inverse_propensity, naive

N, DRAWS = 4000, 300


def population(seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Guilt, what a model expects (too much, by half), and the chance of a look: inspectors go where guilt shows."""
    draw = np.random.default_rng(seed)
    shows = draw.normal(size=N)
    risk = 1 / (1 + np.exp(2.5 - 1.2 * shows))
    guilty = draw.random(N) < risk
    chance = np.clip(0.02 + 0.25 / (1 + np.exp(1.5 - 2 * shows)), 0.02, 1)
    return guilty, np.clip(1.5 * risk, 0, 1), chance


def looks_of(seen: np.ndarray, guilty: np.ndarray, expected: np.ndarray, chance: np.ndarray, taken: np.ndarray) -> Looks:
    return Looks(guilty[seen], chance[seen], expected[seen], taken[seen])


@pytest.mark.parametrize("share", [1.0, 0.3])
def test_weighted_estimates_are_right_on_average_where_the_plain_share_is_not(share: float) -> None:
    guilty, expected, chance = population()
    taken = expected >= np.quantile(expected, 1 - share)
    truth = guilty[taken].mean()
    draw = np.random.default_rng(1)
    said: dict[str, list[float]] = {"naive": [], "inverse": [], "robust": []}
    for _ in range(DRAWS):
        looks = looks_of(draw.random(N) < chance, guilty, expected, chance, taken)
        ones = np.ones(len(looks.y))
        said["naive"].append(naive(looks, ones))
        said["inverse"].append(inverse_propensity(looks, ones))
        said["robust"].append(doubly_robust(looks, ones, expected, taken))
    noise = {name: 4 * np.std(values) / np.sqrt(DRAWS) for name, values in said.items()}
    assert abs(np.mean(said["inverse"]) - truth) < noise["inverse"] + 0.002
    assert abs(np.mean(said["robust"]) - truth) < noise["robust"] + 0.002
    assert np.mean(said["naive"]) - truth > 2 * noise["naive"], "looks went where guilt shows"


def test_a_good_model_makes_the_doubly_robust_estimate_steadier() -> None:
    guilty, _, chance = population(3)
    draw = np.random.default_rng(2)
    good = np.clip(guilty * 0.8 + 0.05, 0, 1)
    everything = np.ones(N, dtype=bool)
    spread = {"inverse": [], "robust": []}
    for _ in range(100):
        looks = looks_of(draw.random(N) < chance, guilty, good, chance, everything)
        ones = np.ones(len(looks.y))
        spread["inverse"].append(inverse_propensity(looks, ones))
        spread["robust"].append(doubly_robust(looks, ones, good, everything))
    assert np.std(spread["robust"]) < 0.6 * np.std(spread["inverse"])


def test_intervals_come_with_every_form_and_hold_the_value() -> None:
    guilty, expected, chance = population(5)
    draw = np.random.default_rng(4)
    seen = draw.random(N) < chance
    looks = looks_of(seen, guilty, expected, chance, np.ones(N, dtype=bool))
    weights = [draw.poisson(1, len(looks.y)).astype(float) for _ in range(60)]
    said = corrected(looks, weights, expected, np.ones(N, dtype=bool))
    assert said["n_looks"] == seen.sum()
    for form in ("naive", "inverse_propensity", "doubly_robust"):
        low, high = said[form]["ci"]
        assert low <= said[form]["value"] <= high


def test_rare_looks_weigh_much_in_estimates_and_at_most_so_much_in_a_fit() -> None:
    chance = np.array([0.5] * 98 + [1e-6, np.nan])
    weight = fitting_weights(chance)
    assert weight.mean() == pytest.approx(1.0)
    assert weight[-2] / weight[0] < 3, "one in a million must not decide a calibration"
    assert weight[-1] == pytest.approx(weight[0]), "an unknown chance weighs as an ordinary one"
