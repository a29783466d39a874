"""How many of a shop's *other* listings carry signs in their words, as of each capture, and what that makes of a small shop."""

from __future__ import annotations

import numpy as np

from features.days import Bools, Events, Floats
from features.seller_rows import SellerRows
from features.shrink import shrunken_share, usual_share

#: About one real listing in a hundred carries a strong or middling word sign; where a market begins, this is its usual share.
_GUESS = 0.01


def signs(rows: SellerRows, has_sign: Bools, *, prior: float) -> dict[str, Floats]:
    """Return ``seller_n_others`` and ``seller_n_others_signed`` (other listings of the shop to date, and those on which a sign was ever seen) and
    ``seller_sign_share``: their share, shrunk to that of all other shops of the platform as if ``prior`` listings more had been seen.

    A shop of one listing stands where the platform stands. A listing never counts towards its own shop's share.
    """
    signed = rows.offers_since(has_sign)
    listed, marked = Events(rows.offer_seller, rows.offer_first), Events(rows.offer_seller, signed)
    n, n_signed = listed.until(rows.seller, rows.day), marked.until(rows.seller, rows.day)
    others, others_signed = n - 1, n_signed - (signed[rows.offer] <= rows.day)
    all_listed, all_marked = Events(rows.offer_platform, rows.offer_first), Events(rows.offer_platform, signed)
    elsewhere = all_listed.until(rows.platform, rows.day) - n
    usual = usual_share(all_marked.until(rows.platform, rows.day) - n_signed, elsewhere, guess=_GUESS)
    return {
        "seller_n_others": others.astype(float),
        "seller_n_others_signed": others_signed.astype(np.float64),
        "seller_sign_share": shrunken_share(others_signed, others, usual, prior=prior),
    }
