"""What a model learned from past findings, and what becomes of it where nobody says what was found before.

Such columns are not empty by chance then: without the outcomes every shop looks as if nothing were known of it. That is a state the model knows
from shops that were new to it, so a list is made; but it must say so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from models.artifact import Model
    from models.learner import Learner


#: Columns of `models.matrix` that are filled from outcomes alone.
PAST = ["seller_past_share", "log_seller_past_confirmed", "log_seller_past_cleared", "log_network_n_confirmed", "log_network_n_judged"]
PAST += ["log_relisted_after_days"]


def unfed_columns(model: Model) -> dict[str, list[str]]:
    """Return by behaviour that ``model`` takes over which columns of `PAST` differed among the rows it learned from; nothing where none did."""
    found = {name: [one for one in PAST if one in model.learners[name].stack.numbers] for name in model.takes_over}
    # On the lowest rung the evidence orders, which is made for a shop of which nothing is known.
    return {name: columns for name, columns in found.items() if columns and model.learners[name].rung != "evidence"}


def as_if_new(table: pd.DataFrame, learner: Learner) -> pd.DataFrame:
    """Return ``table`` with an unknown share of confirmed findings set to what it usually was where ``learner`` learned.

    The trees never met a missing share, and would read one as zero: as a shop where everything was cleared. The counts are zero, as they are for
    any shop that is new.
    """
    name = PAST[0]
    numbers = learner.stack.numbers
    if name not in numbers or name not in table or table[name].notna().all():
        return table
    usual = np.float32(learner.stack.scale[numbers.index(name), 2])
    return table.assign(**{name: table[name].fillna(usual)})


def warn_unfed(unfed: Mapping[str, Sequence[str]], version: str) -> list[str]:
    """Return in words what is missing and what to do, one line a behaviour."""
    return [
        f"WARNING: no outcomes were given, but model {version} learned {name} from what had been found before ({', '.join(columns)}); "
        "every shop counts as one of which nothing is known. Give --outcomes FILE, or --model coldstart"
        for name, columns in unfed.items()
    ]
