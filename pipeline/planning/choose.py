"""Which targets fit: the most harm within capacities, ceilings and floors, solved with SciPy's HiGHS, and what each limit costs.

Nothing here knows what a target is. Candidates come in the stated order (most harm first, ties by key); among equals the earlier one is taken
wherever all limits allow it, so the same candidates give the same choice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.optimize import Bounds, LinearConstraint, linprog, milp
from scipy.sparse import csr_matrix, hstack

from features.errors import DataError

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]
#: Every limit is loosened by so much for the prices: at a whole number a limit has two, what one place more gains and what one less loses.
_HAIR = 1e-4


class Limit(NamedTuple):
    """At most (``floor`` false) or at least ``bound`` of the candidates in ``members`` (positions); ``kind`` and ``name`` are for the reader."""

    kind: str
    name: str
    members: Ints
    bound: int
    floor: bool = False


@dataclass(frozen=True)
class Chosen:
    """``taken``: which candidates; ``prices``: one row a limit, ``kind, name, floor, bound, available, used, short, price`` (harm that one more
    place, or one less demanded, would gain); ``harm`` in all; ``gap``: how much more the linear programme would reach with parts of targets.
    """

    taken: Bools
    prices: pd.DataFrame
    harm: float
    gap: float


def choose(harm: Floats, limits: Sequence[Limit]) -> Chosen:
    """Return the choice of most harm. A floor that cannot be met is met as far as it can be, and ``short`` says by how much it is missed.

    ``harm`` is above zero, in falling order. Raises `DataError` where it is not, or the solver fails.
    """
    if len(harm) and (not np.isfinite(harm).all() or harm.min() <= 0 or (np.diff(harm) > 0).any()):
        raise DataError("harm must be finite, above 0 and in falling order; sort the candidates first")
    matrix = _matrix(limits, len(harm))
    kept = _could_be_chosen(matrix, limits)
    taken = np.zeros(len(harm), dtype=bool)
    prices, gap = np.zeros(len(limits)), 0.0
    if len(kept):
        small = matrix[:, kept].tocsr()
        taken[kept], prices, gap = _solve(harm[kept], small, limits)
        taken[kept] = _settle_ties(taken[kept], harm[kept], small, limits)
    used = np.asarray(matrix @ taken.astype(float)).ravel().astype(int)
    worth = np.clip(prices, 0.0, harm.max(initial=0.0))
    return Chosen(taken, _table(limits, used, worth), float(harm[taken].sum()), gap)


def _matrix(limits: Sequence[Limit], n: int) -> csr_matrix:
    rows = np.concatenate([np.full(len(one.members), at) for at, one in enumerate(limits)] or [np.zeros(0, dtype=int)])
    columns = np.concatenate([one.members for one in limits] or [np.zeros(0, dtype=int)])
    return csr_matrix((np.ones(len(rows)), (rows, columns)), shape=(len(limits), n))


def _could_be_chosen(matrix: csr_matrix, limits: Sequence[Limit]) -> Ints:
    """Of candidates under the very same limits only the first few matter: as many as the tightest upper limit allows, and one more, which says
    what a further place would gain.
    """
    columns = matrix.tocsc()
    seen: dict[bytes, int] = {}
    kept = []
    for at in range(matrix.shape[1]):
        under = columns.indices[columns.indptr[at] : columns.indptr[at + 1]]
        key = np.sort(under).tobytes()
        room = min((limits[one].bound for one in under if not limits[one].floor), default=matrix.shape[1])
        if seen.setdefault(key, 0) <= room:
            seen[key] += 1
            kept.append(at)
    return np.asarray(kept, dtype=np.int64)


def _solve(harm: Floats, matrix: csr_matrix, limits: Sequence[Limit]) -> tuple[Bools, Floats, float]:
    """Take whole targets with the integer programme; the linear one beside it says what each limit costs."""
    floors = np.array([one.floor for one in limits], dtype=bool)
    bounds = np.array([one.bound for one in limits], dtype=float)
    n, m = len(harm), int(floors.sum())
    # A floor may be missed, at a price that no harm outweighs.
    missed = 10.0 * float(harm.max()) + 1.0
    costs = np.concatenate([-harm, np.full(m, missed)])
    signs = np.where(floors, -1.0, 1.0)
    slack = csr_matrix((-np.ones(m), (np.flatnonzero(floors), np.arange(m))), shape=(len(limits), m))
    table = hstack([csr_matrix(matrix.multiply(signs[:, None])), slack]).tocsr()
    upper = np.concatenate([np.ones(n), bounds[floors]])
    whole = milp(
        costs, constraints=[LinearConstraint(table, -np.inf, signs * bounds)] if len(limits) else [], integrality=np.ones(n + m),
        bounds=Bounds(0, upper), options={"mip_rel_gap": 0.0},
    )  # fmt: skip
    parts = linprog(
        costs, A_ub=table if len(limits) else None, b_ub=signs * bounds + _HAIR if len(limits) else None,
        bounds=np.column_stack([np.zeros(n + m), upper]), method="highs",
    )  # fmt: skip
    if whole.x is None or not parts.success:
        raise DataError(f"the choice of targets could not be solved: {whole.message if whole.x is None else parts.message}")
    prices = -np.asarray(parts.ineqlin.marginals) if len(limits) else np.zeros(0)
    gap = float(whole.fun - parts.fun - prices.sum() * _HAIR)
    return whole.x[:n] > 0.5, prices, gap if gap > 1e-6 else 0.0


def _settle_ties(taken: Bools, harm: Floats, matrix: csr_matrix, limits: Sequence[Limit]) -> Bools:
    """Swap a taken candidate for an earlier one of equal harm wherever no limit then breaks that held before."""
    out = taken.copy()
    columns = matrix.tocsc()
    dense = [set(columns.indices[columns.indptr[at] : columns.indptr[at + 1]]) for at in range(len(harm))]
    used = np.asarray(matrix @ out.astype(float)).ravel()
    starts = np.flatnonzero(np.r_[True, np.diff(harm) != 0]) if len(harm) else np.zeros(0, dtype=int)
    for begin, end in zip(starts, [*starts[1:], len(harm)], strict=True):
        for early in range(begin, end):
            if out[early] or not out[early + 1 : end].any():
                continue
            tried: set[frozenset[int]] = set()
            for late in range(end - 1, early, -1):
                kind = frozenset(dense[late])
                if not out[late] or kind in tried:
                    continue
                tried.add(kind)
                if _may_swap(dense[early] - dense[late], dense[late] - dense[early], used, limits):
                    out[early], out[late] = True, False
                    used[list(dense[early] - dense[late])] += 1
                    used[list(dense[late] - dense[early])] -= 1
                    break
    return out


def _may_swap(gains: set[int], loses: set[int], used: Floats, limits: Sequence[Limit]) -> bool:
    over = any(not limits[one].floor and used[one] + 1 > limits[one].bound for one in gains)
    under = any(limits[one].floor and used[one] - 1 < limits[one].bound for one in loses)
    return not (over or under)


def _table(limits: Sequence[Limit], used: Ints, prices: Floats) -> pd.DataFrame:
    short = [max(0, one.bound - n) if one.floor else 0 for one, n in zip(limits, used, strict=True)]
    return pd.DataFrame(
        {
            "kind": pd.Series([one.kind for one in limits], dtype="str"),
            "name": pd.Series([one.name for one in limits], dtype="str"),
            "floor": [one.floor for one in limits],
            "bound": [one.bound for one in limits],
            "available": [len(one.members) for one in limits],
            "used": used,
            "short": short,
            # A floor that is missed for want of candidates costs nothing more.
            "price": np.where(np.array(short) > 0, 0.0, np.round(prices, 6) + 0.0),
        }
    )


