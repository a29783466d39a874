"""Where a learned score may speak: platforms, categories and languages like those it learned from.

Outside, a probability would be a guess in the clothes of a measurement; there the evidence orders and the band is amber.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from models.slices import language

Bools = npt.NDArray[np.bool_]
#: A platform or language was learned from when this many labelled rows had it; a category is new when none had it.
_LEAST_ROWS = 20
#: Categories are checked only where most labelled rows have one so frequent; else they are as good as free text.
_COVERED = 0.8


@dataclass(frozen=True)
class Support:
    """Known values of ``platform``, ``category`` and ``language``; an empty list means that anything goes."""

    platforms: list[str]
    categories: list[str]
    languages: list[str]

    def inside(self, rows: pd.DataFrame) -> Bools:
        """Return True where a row (``platform, category, title``) is like what was learned from; a missing category is no new one."""
        inside = np.ones(len(rows), dtype=bool)
        if self.platforms:
            inside &= rows["platform"].isin(self.platforms).to_numpy()
        if self.categories:
            inside &= (rows["category"].isna() | rows["category"].astype("str").isin(self.categories)).to_numpy()
        if self.languages:
            inside &= language(rows["title"]).isin([*self.languages, "none"]).to_numpy()
        return inside

    def to_json(self) -> dict[str, list[str]]:
        """Return plain values."""
        return {"platforms": self.platforms, "categories": self.categories, "languages": self.languages}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Support:
        """Return what `to_json` described."""
        return cls(list(values["platforms"]), list(values["categories"]), list(values["languages"]))


ANYTHING = Support([], [], [])


def support_of(rows: pd.DataFrame) -> Support:
    """Return the support of labelled ``rows`` (``platform, category, title``)."""
    categories = rows["category"].dropna().astype("str")
    covered = bool(len(categories)) and categories.isin(_often(categories)).mean() >= _COVERED
    seen = sorted(categories.unique().tolist()) if covered else []
    return Support(_often(rows["platform"].astype("str")), seen, _often(language(rows["title"])))


def _often(values: pd.Series) -> list[str]:
    counts = values.value_counts()
    return sorted(str(value) for value in counts[counts >= _LEAST_ROWS].index)
