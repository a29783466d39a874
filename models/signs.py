"""Trees over signs whose direction is known beforehand: more evidence, a lower price or a younger shop never lowers what they say.

They see no word and no category. So they say less of what outcomes have shown than trees that see everything, and more of what no outcome has
shown yet: a tactic that nobody has found still has its price and its signs, while its words look harmless to whoever learned from words.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from models.boosted import PARAMETERS, Boosted, fit_boosted

Floats = npt.NDArray[np.float64]
Floats32 = npt.NDArray[np.float32]

#: +1: more is riskier, -1: less is. A column belongs here only where nobody would argue about its direction.
DIRECTIONS: dict[str, int] = {
    "evidence_points": 1, "evidence_counterfeit": 1, "evidence_scam": 1, "evidence_prohibited": 1, "n_families": 1, "brand_evasive": 1,
    "price_gap": -1, "price_gap_low": -1, "price_gap_high": -1, "price_z": -1, "price_percentile": -1, "log_price_to_genuine": -1,
    "log_discount": -1, "price_decoy": 1, "dup_price_ratio": -1, "dup_official_price_ratio": -1, "seller_price_level": -1,
    "seller_sign_share": 1, "seller_past_share": 1, "log_seller_past_confirmed": 1, "log_network_n_confirmed": 1, "seller_reopened": 1,
    "seller_complaint_share": 1, "seller_fake_complaint_share": 1, "log_seller_age_days": -1, "seller_official": -1,
}  # fmt: skip
#: Small trees, few of them: what they know they know from the directions.
_ROUNDS, _LEAVES = 100, 4
#: How much the signs' odds may count beside a score that knows more, from most to least.
SAYS = (1.0, 0.3, 0.1, 0.0)
#: What that may cost on tactics that outcomes have shown, as a share of PR-AUC: the premium of an insurance against those they have not.
PREMIUM = 0.003


def sign_columns(table: pd.DataFrame) -> list[str]:
    """Return the columns of ``table`` with a known direction that vary; none where a source shows no signs."""
    return [name for name in DIRECTIONS if name in table and table[name].nunique() > 1]


def fit_signs(table: pd.DataFrame, y: npt.NDArray[np.bool_], *, seed: int, balance: Floats | None = None) -> Boosted:
    """Fit one booster on the `sign_columns` of ``table``; raises ``ValueError`` where there is none."""
    columns = sign_columns(table)
    if not columns:
        raise ValueError("no column has a known direction; ask `sign_columns` first")
    directed = {"num_leaves": _LEAVES, "monotone_constraints": [DIRECTIONS[name] for name in columns]}
    return fit_boosted(
        table[columns], without(table), y, rounds=_ROUNDS, n_boosters=1, seed=seed, balance=balance, parameters=PARAMETERS | directed
    )


def signs_say(signs: Boosted, table: pd.DataFrame) -> Floats:
    """Return the log-odds of each row of ``table``."""
    return np.asarray(signs.log_odds(table, without(table))[:, 0], dtype=float)


def added(log_odds: Floats, signs: Floats, say: float) -> Floats:
    """Return the log of both odds' sum, the signs' times ``say``: who sees a strong sign is not talked out of it by harmless words."""
    return log_odds if say == 0 else np.asarray(np.logaddexp(log_odds, signs + np.log(say)), dtype=float)


def without(table: pd.DataFrame) -> Floats32:
    """Return no further columns for the rows of ``table``."""
    return np.empty((len(table), 0), dtype=np.float32)
