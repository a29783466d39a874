"""What one listing asked before, and what its claimed discounts are worth, as of the end of each capture's day in Vietnam.

A discount is real against what the listing itself asked before the cut: the lowest price of the 30 days before the present price began (the rule
of EU Directive 98/6/EC, art. 6a; Decree 81/2018/NĐ-CP asks for the price right before the promotion). A crossed-out price that nobody ever
paid, or a price raised in order to be cut, shows here and nowhere in a single crawl. All of this describes; no sign rests on it, because
no real listing with a history has been seen yet.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from features.days import day_number
from features.segment.decide import compiled
from features.seller_rows import listing_codes

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

#: Days before a cut in which the lowest price is the one a discount is measured against.
BEFORE_CUT = 30
#: Days within which a raise and the cut after it belong together.
RAISE_AND_CUT = 60
#: A raise is one of a fifth; the cut after it ends no more than a twentieth above where the price began.
RAISED_BY, BACK_WITHIN = 1.2, 1.05
#: Prices this near (ratio) are the same price.
_SAME = 1.01

HISTORY_COLUMNS = ["price_days_seen", "price_change", "price_below_peak", "price_raised_then_cut"]
HISTORY_COLUMNS += ["discount_claimed", "discount_real", "discount_excess", "list_price_gap"]


def price_history(rows: pd.DataFrame, expected: pd.Series) -> pd.DataFrame:
    """Return `HISTORY_COLUMNS` for ``rows`` (``platform, listing_id, captured_at, price_vnd, list_price_vnd, n_units``), same index.

    ``price_days_seen``: days up to this one on which the listing was seen with a price. ``price_change``: natural log of the price over that of the
    day before it was seen. ``price_below_peak``: log of the price over the highest in 60 days (0 or less). ``price_raised_then_cut``: 1.0 where in
    60 days the price rose by a fifth and came back to where it began, 0.0 where it did not, missing before the third day.
    ``discount_claimed``: one minus price over crossed-out price, 0 to 1. ``discount_real``: one minus price over the lowest of the 30 days before
    the present price began; negative after a raise, missing without such days. ``discount_excess``: what is claimed beyond what is real.
    ``list_price_gap``: log of the crossed-out price (a unit) over ``expected``, what the genuine article is expected to cost.
    """
    price, listed = rows["price_vnd"].to_numpy(dtype=float), rows["list_price_vnd"].to_numpy(dtype=float)
    price, listed = np.where(price > 0, price, np.nan), np.where(listed > 0, listed, np.nan)
    seen, change, peak, raised, real = _by_listing(rows, price)
    claimed = np.where(listed >= price, 1.0 - price / listed, np.where(np.isfinite(listed) & np.isfinite(price), 0.0, np.nan))
    unit = rows["n_units"].fillna(1.0).clip(lower=1.0).to_numpy(dtype=float)
    columns: dict[str, npt.NDArray[Any]] = {
        "price_days_seen": seen,
        "price_change": change,
        "price_below_peak": peak,
        "price_raised_then_cut": raised,
        "discount_claimed": claimed,
        "discount_real": real,
        "discount_excess": claimed - np.maximum(real, 0.0),
        "list_price_gap": np.log(listed / unit / expected.to_numpy(dtype=float)),
    }
    return pd.DataFrame(columns, index=rows.index)[HISTORY_COLUMNS]


def _by_listing(rows: pd.DataFrame, price: Floats) -> tuple[Floats, Floats, Floats, Floats, Floats]:
    listing = listing_codes(rows)
    day, moment = day_number(rows["captured_at"]), rows["captured_at"].astype("int64").to_numpy()
    order = np.lexsort((price, moment, day, listing))
    order = order[np.isfinite(price[order])]
    out = tuple(np.full(len(rows), np.nan) for _ in range(5))
    if len(order):
        _walk(order, listing, day, price, BEFORE_CUT, RAISE_AND_CUT, RAISED_BY, BACK_WITHIN, _SAME, *out)
    return out[0], out[1], out[2], out[3], out[4]


@compiled
def _walk(
    order: Ints, listing: Ints, day: Ints, price: Floats, before_cut: int, together: int, raised_by: float, back: float, same: float,
    seen: Floats, change: Floats, peak: Floats, raised: Floats, real: Floats,
) -> None:  # fmt: skip
    """Days of each listing in order; each day stands with the last price asked on it, each capture with its own."""
    days = np.empty(len(order), dtype=np.int64)
    asked = np.empty(len(order))
    n = 0
    for at in range(len(order)):
        row = order[at]
        if at == 0 or listing[order[at - 1]] != listing[row]:
            n = 0
        if n == 0 or days[n - 1] != day[row]:
            n += 1
        days[n - 1], asked[n - 1] = day[row], price[row]
        last = at + 1 == len(order) or listing[order[at + 1]] != listing[row] or day[order[at + 1]] != day[row]
        if not last:
            continue
        # All captures of the day know the day's end.
        first = at
        while first > 0 and listing[order[first - 1]] == listing[row] and day[order[first - 1]] == day[row]:
            first -= 1
        for other in range(first, at + 1):
            _tell(order[other], price[order[other]], days, asked, n, before_cut, together, raised_by, back, same, seen, change, peak, raised, real)


@compiled
def _tell(
    row: int, now: float, days: Ints, asked: Floats, n: int, before_cut: int, together: int, raised_by: float, back: float, same: float,
    seen: Floats, change: Floats, peak: Floats, raised: Floats, real: Floats,
) -> None:  # fmt: skip
    today = days[n - 1]
    seen[row] = n
    if n > 1:
        change[row] = np.log(now / asked[n - 2])
    # Backwards: the highest price since, and whether some earlier one lies a fifth below that and not below today's.
    highest, fits, at = now, False, n - 2
    while at >= 0 and days[at] >= today - together:
        if highest >= raised_by * asked[at] and highest >= raised_by * now and now <= back * asked[at]:
            fits = True
        highest = max(highest, asked[at])
        at -= 1
    peak[row] = np.log(now / highest)
    if n > 2:
        raised[row] = 1.0 if fits else 0.0
    # The present price began where it last differed; a capture of today that differs from the day's end began today.
    begun = n - 1
    while begun > 0 and asked[begun - 1] <= now * same and asked[begun - 1] >= now / same:
        begun -= 1
    lowest, at = np.inf, begun - 1
    while at >= 0 and days[at] >= days[begun] - before_cut:
        lowest = min(lowest, asked[at])
        at -= 1
    if np.isfinite(lowest):
        real[row] = 1.0 - now / lowest
