"""Figures for all listings from the few that somebody looked at, where each look was drawn with a recorded chance.

Inspections go where something shows, so the plain share of finds says what inspectors pick, not what is there. Weighting each look by one over
its chance undoes that (Horvitz and Thompson 1952; the ratio form of Hájek 1971). The doubly robust form (Robins, Rotnitzky and Zhao 1994) starts
from what the model expects of every listing and corrects it by the weighted errors: right if either the chances or the model are, and steadier.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from models.metrics import interval

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

#: For *fitting* only, a chance below this quantile counts as this one: a few rare looks must not decide everything. Estimates are never clipped.
_CLIP = 0.05


@dataclass(frozen=True)
class Looks:
    """Rows that were looked at: what was found, with which chance they were drawn, what the model expects, and whether the list takes them."""

    y: Bools
    chance: Floats
    expected: Floats
    taken: Bools


def naive(looks: Looks, weight: Floats) -> float:
    """Return the plain share of finds among looked-at rows that the list takes."""
    return _share(weight * looks.taken, looks.y.astype(float))


def inverse_propensity(looks: Looks, weight: Floats) -> float:
    """Return the share of finds among all rows that the list takes, by one over the chance; missing where it takes no looked-at row."""
    return _share(weight * looks.taken / looks.chance, looks.y.astype(float))


def doubly_robust(looks: Looks, weight: Floats, everyone: Floats, everyone_taken: Bools) -> float:
    """Return the same, starting from the model's expectation of ``everyone`` (all rows, or an equal-chance sample of them).

    ``everyone_taken`` says which of them the list takes.
    """
    if not everyone_taken.any():
        return float("nan")
    draws = weight * looks.taken / looks.chance
    error = _share(draws, looks.y - looks.expected) if draws.sum() > 0 else 0.0
    return float(np.clip(everyone[everyone_taken].mean() + error, 0.0, 1.0))


def corrected(looks: Looks, weights: Sequence[Floats], everyone: Floats | None = None, everyone_taken: Bools | None = None) -> dict[str, Any]:
    """Return the three estimates with 95 % intervals over the resamples ``weights`` of the looks, and how many looks they rest on."""
    ones = np.ones(len(looks.y))
    forms = {"naive": naive, "inverse_propensity": inverse_propensity}
    out: dict[str, Any] = {"n_looks": int(looks.taken.sum())}
    for name, form in forms.items():
        out[name] = {"value": form(looks, ones), "ci": interval([form(looks, weight) for weight in weights])}
    if everyone is not None and everyone_taken is not None:
        each = [doubly_robust(looks, weight, everyone, everyone_taken) for weight in weights]
        out["doubly_robust"] = {"value": doubly_robust(looks, ones, everyone, everyone_taken), "ci": interval(each)}
    return out


def fitting_weights(chance: Floats) -> Floats:
    """Return clipped inverse chances for fitting a calibration, mean one; a missing chance weighs as the average known one."""
    known = chance[np.isfinite(chance)]
    if not len(known):
        return np.ones(len(chance))
    floor = float(np.quantile(known, _CLIP))
    weight = 1.0 / np.maximum(np.where(np.isfinite(chance), chance, float(np.median(known))), floor)
    return np.asarray(weight / weight.mean(), dtype=float)


def _share(weight: Floats, values: Floats) -> float:
    total = float(weight.sum())
    return float(weight @ values / total) if total > 0 else float("nan")
