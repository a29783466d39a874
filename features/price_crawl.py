"""The prices of a whole crawl beside each other, a few kinds of thing at a time.

No price is held against one of another kind (`features.price_groups`), so a crawl can be worked through kind by kind: the answers are the same, and
what is needed on the way is needed for some kinds only.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from features.price import PRICE_COLUMNS, PriceReference
from features.price_groups import kind_codes

Ints = npt.NDArray[np.int64]

#: Rows that are worked out at once; a kind that has more is worked out whole.
ROWS_AT_ONCE = 100_000


def prices_of_crawl(
    rows: pd.DataFrame, *, genuine: pd.DataFrame | None, bands: pd.DataFrame | None, rows_at_once: int = ROWS_AT_ONCE
) -> dict[str, npt.NDArray[Any]]:
    """Return ``PRICE_COLUMNS`` as `PriceReference` gives them that was fitted on ``rows``; one entry a row.

    ``rows`` has ``PEER_COLUMNS``, texts as such or as categories; ``genuine`` and ``bands`` as for `PriceReference`.
    """
    out: dict[str, npt.NDArray[Any]] = {name: np.full(len(rows), np.nan) for name in PRICE_COLUMNS}
    out |= {name: np.zeros(len(rows), dtype=bool) for name in ("price_by_official", "price_decoy")}
    out["price_level"] = np.full(len(rows), None, dtype=object)
    for at in _some_kinds(kind_codes(rows), rows_at_once):
        some = _as_text(rows.iloc[at])
        found = PriceReference(genuine=genuine, bands=bands).fit(some).transform(some)
        for name in PRICE_COLUMNS:
            out[name][at] = found[name].to_numpy()
    return out


def _some_kinds(kind: Ints, rows_at_once: int) -> Iterator[Ints]:
    """Rows of whole kinds, in their own order, until all have had their turn."""
    order = np.argsort(kind, kind="stable")
    ends = np.append(np.flatnonzero(np.diff(kind[order])) + 1, len(kind))
    begin = 0
    while begin < len(kind):
        enough = int(np.searchsorted(ends, begin + rows_at_once))
        end = int(ends[min(enough, len(ends) - 1)])
        yield np.sort(order[begin:end])
        begin = end


def _as_text(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.astype({name: "str" for name, kind in rows.dtypes.items() if isinstance(kind, pd.CategoricalDtype)})
