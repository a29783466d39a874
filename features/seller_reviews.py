"""What a shop's reviews say, as of each capture: complaints, praise in bulk, texts written twice, stars that contradict the words."""

from __future__ import annotations

import numpy as np
import pandas as pd

from features.days import Bools, Events, Floats, Ints, day_number
from features.seller_rows import SellerRows, Whose, whose
from features.shrink import shrunken_share, usual_share

REVIEW_COLUMNS = [
    "seller_n_reviews_read",
    "seller_n_complaints",
    "seller_complaint_share",
    "seller_fake_complaint_share",
    "seller_review_mismatch",
    "seller_review_repeats",
    "seller_review_burst",
]
#: A burst is what came within so many days.
BURST_DAYS = 3
#: Shorter texts ("hàng đẹp, giao nhanh") are everybody's.
_LONG_TEXT = 40
#: Of 26,370 real reviews 14 complain, two of a fake, two under five stars; of the long ones about one in fifty repeats another.
_COMPLAINTS, _FAKES, _MISMATCHES, _REPEATS = 0.0005, 0.0001, 0.0001, 0.02
_PRAISE = 4.0


def review_columns(rows: SellerRows, named: pd.DataFrame, reviews: pd.DataFrame | None, *, prior: float) -> dict[str, Floats]:
    """Return ``REVIEW_COLUMNS`` for ``rows``; all missing without ``reviews``. A shop without any by the capture day stands where the others stand.

    ``reviews`` has ``platform, listing_id, seller_id, rating, created_at, reviewer_key`` and the columns of `features.reviews`. Shares are shrunk
    to those of all other shops as if ``prior`` reviews more had been read. Undated reviews never count: nobody can tell when they were there.
    """
    if reviews is None or not len(reviews):
        return {name: np.full(len(rows.at), np.nan) for name in REVIEW_COLUMNS}
    table = reviews.reset_index(drop=True)
    written = day_number(table["created_at"])
    told = _Told(rows, whose(rows, named, table, written), written, prior)
    complaint = table["complaint"].to_numpy(dtype=bool)
    praised = table["rating"].ge(_PRAISE).to_numpy(dtype=bool)
    return {
        "seller_n_reviews_read": told.n.astype(float),
        "seller_n_complaints": told.count(complaint).astype(float),
        "seller_complaint_share": told.share(complaint, _COMPLAINTS),
        "seller_fake_complaint_share": told.share(table["complaint_fake"].to_numpy(dtype=bool), _FAKES),
        "seller_review_mismatch": told.share(complaint & praised, _MISMATCHES),
        "seller_review_repeats": told.share(_repeats(table, written), _REPEATS),
        "seller_review_burst": told.burst() / (told.n + prior),
    }


def _repeats(table: pd.DataFrame, day: Ints) -> Bools:
    """Whether a long text stood at the same shop (or listing, where no shop is named) before, from another reviewer where they are told apart."""
    at = table["platform"] + "|" + table["seller_id"].fillna("listing " + table["listing_id"])
    facts = pd.DataFrame({"at": at, "text": table["text_key"], "day": day, "who": table["reviewer_key"]})
    facts = facts[table["n_letters"].ge(_LONG_TEXT)].sort_values("day", kind="stable")
    # One buyer's one text under several articles of an order is one review.
    once = facts[facts["who"].isna() | ~facts.duplicated(["at", "text", "who"])]
    repeated = np.zeros(len(table), dtype=bool)
    repeated[once.index[once.duplicated(["at", "text"])]] = True
    return repeated


class _Told:
    """Reviews counted by seller up to each row's day."""

    def __init__(self, rows: SellerRows, who: Whose, written: Ints, prior: float) -> None:
        self._rows, self._who, self._written, self._prior = rows, who, written, prior
        self._events = Events(who.seller, who.day)
        self.n = self._events.until(rows.seller, rows.day)

    def count(self, when: Bools) -> Ints:
        kept = when[self._who.row]
        return Events(self._who.seller[kept], self._who.day[kept]).until(self._rows.seller, self._rows.day)

    def share(self, when: Bools, guess: float) -> Floats:
        mine = self.count(when)
        usual = usual_share(self._everywhere(when) - mine, self._everywhere(np.ones(len(when), dtype=bool)) - self.n, guess=guess)
        return shrunken_share(mine, self.n, usual, prior=self._prior)

    def burst(self) -> Ints:
        """Most reviews that came within `BURST_DAYS` days, up to each row's day."""
        seller, day = (np.asarray(column) for column in np.unique(np.stack([self._who.seller, self._who.day]), axis=1))
        inside = self._events.until(seller, day) - self._events.until(seller, day - BURST_DAYS)
        most = pd.Series(inside).groupby(seller).cummax().to_numpy()
        # The largest so far only grows: adding up its steps gives it back.
        steps = np.diff(most, prepend=0)
        steps = np.where(np.concatenate([[True], seller[1:] != seller[:-1]]), most, steps) if len(most) else most
        return Events(seller, day, steps).until(self._rows.seller, self._rows.day)

    def _everywhere(self, when: Bools) -> Ints:
        # Of shops outside the crawl too: which shops it will show some day must not move what is usual today.
        nothing = np.zeros(int(when.sum()), dtype=np.int64)
        return Events(nothing, self._written[when]).until(np.zeros(len(self._rows.at), dtype=np.int64), self._rows.day)
