"""The catalogue of tricks: which signs stood on listings that were later confirmed, with examples from which nobody can be told again.

Only what at least a few confirmed sellers did is a trick; one seller's habit would be that seller's portrait. Examples show the words around a
sign, with names of shops, numbers, addresses and names of sellers' own brands masked; names of well-known brands stay, since how they are
disguised is what is to be learned.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

import pandas as pd

from features.seller import seller_key
from pipeline.reasons import REASON_COLUMNS
from pipeline.sources.tax_codes import mask_tax_codes
from pipeline.tables.outcomes import DESK_REVIEW

COLUMNS = ["sign_id", "behaviour", "family", "meaning", "n_sellers", "n_listings", "examples"]
_AROUND = 4
"""Words kept on each side of the quoted ones."""
_NUMBER = re.compile(r"\d(?:[\d.,]*\d)?")
_LONG_NUMBER = 4
_ADDRESS = re.compile(r"(?:https?://|www\.)\S+|\b[\w.\-]+\.(?:com|vn|net|org|shop|info|xyz|me)(?:/\S*)?|\S+@\S+|@\w+", re.IGNORECASE)
_NAME, _SITE = "[tên]", "[địa chỉ]"
_SHORTEST_NAME = 3


def catalogue(
    listings: pd.DataFrame, reasons: pd.DataFrame, outcomes: pd.DataFrame, *, brands: Iterable[str], least_sellers: int, examples: int
) -> pd.DataFrame:
    """Return ``COLUMNS``, most sellers first: signs on listings whose outcome was confirmed for the sign's behaviour.

    ``listings``: ``platform, listing_id, seller_id, seller_name, title, description``; ``brands``: well-known names, which stay.
    A finding about a seller as a whole speaks of its listings with signs of what was found.
    """
    found = _confirmed(reasons[reasons["points"].gt(0)], listings, outcomes)
    if not len(found):
        return pd.DataFrame(columns=COLUMNS)
    names = sorted(set(brands), key=lambda one: (-len(one), one))
    known = {one.casefold() for one in names}
    branded = re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, names))})(?!\w)") if names else None
    hidden = _name_words(listings["seller_name"].dropna().unique(), known)
    rows = []
    for sign, group in found.groupby("sign_id", sort=True):
        if group["seller"].nunique() < least_sellers:
            continue
        shown = list(dict.fromkeys(_example(row, hidden) for row in group.drop_duplicates("seller").to_dict("records")))
        first = group.iloc[0]
        rows.append(
            {
                "sign_id": sign, "behaviour": first["behaviour"], "family": first["family"], "meaning": _meaning(str(first["text"]), branded),
                "n_sellers": group["seller"].nunique(), "n_listings": group["listing_id"].nunique(), "examples": shown[:examples],
            }
        )  # fmt: skip
    table = pd.DataFrame(rows, columns=COLUMNS)
    return table.sort_values(["n_sellers", "sign_id"], ascending=[False, True], kind="stable").reset_index(drop=True)


def anonymous(text: str, names: Iterable[str], brands: Iterable[str] = ()) -> str:
    """Return ``text`` with shop names, addresses and long numbers masked.

    >>> anonymous("Túi rep 1:1 Shop Hoa Mẫu 250.000đ zalo 0900xxxxxx shop.example.com", ["Shop Hoa Mẫu"])
    'Túi rep 1:1 [tên] #đ zalo #xxxxxx [địa chỉ]'
    """
    return _anonymous(text, _name_words(names, {one.casefold() for one in brands}))


def _confirmed(signs: pd.DataFrame, listings: pd.DataFrame, outcomes: pd.DataFrame) -> pd.DataFrame:
    shown = listings.assign(seller=seller_key(listings)).drop_duplicates(["platform", "listing_id"], keep="last")
    columns = ["platform", "listing_id", "seller_id", "seller", "title", "description"]
    table = signs[REASON_COLUMNS].merge(shown[columns], on=["platform", "listing_id"], how="inner")
    table["seller"] = table["seller"].fillna(table["platform"] + "|listing|" + table["listing_id"])
    # Reading a listing at a desk confirms nothing.
    confirmed = outcomes[outcomes["status"].eq("confirmed") & outcomes["source"].ne(DESK_REVIEW)]
    of_listing, of_seller = confirmed[confirmed["listing_id"].notna()], confirmed[confirmed["listing_id"].isna()]
    by_listing = table.merge(of_listing[["platform", "listing_id", "behaviours"]], on=["platform", "listing_id"])
    by_seller = table.merge(of_seller[["platform", "seller_id", "behaviours"]], on=["platform", "seller_id"])
    both = pd.concat([by_listing, by_seller], ignore_index=True)
    fits = [isinstance(said, str) and one in said.split(",") for one, said in zip(both["behaviour"], both["behaviours"], strict=True)]
    return both[pd.Series(fits, index=both.index, dtype=bool)].drop_duplicates(["platform", "listing_id", "sign_id"])


def _name_words(names: Iterable[str], known: set[str]) -> re.Pattern[str] | None:
    """Whole names first, then each word of them that looks like a name and is no well-known brand."""
    whole = {" ".join(str(name).split()) for name in names}
    words = {word for name in whole for word in re.findall(r"[^\W\d_]+", name) if word[:1].isupper() and word.casefold() not in known}
    common = {"shop", "store", "cửa", "hàng", "gian", "official", "mall", "giày", "túi", "mỹ", "phẩm", "thời", "trang", "hiệu", "xách", "tay"}
    parts = [one for one in [*whole, *(word for word in words if word.casefold() not in common)] if len(one) >= _SHORTEST_NAME]
    longest_first = sorted(set(parts), key=lambda one: (-len(one), one))
    return re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, longest_first))})(?!\w)", re.IGNORECASE) if longest_first else None


def _anonymous(text: str, hidden: re.Pattern[str] | None) -> str:
    clean = _ADDRESS.sub(_SITE, mask_tax_codes(text))
    clean = hidden.sub(_NAME, clean) if hidden is not None else clean
    return _NUMBER.sub(lambda found: "#" if sum(map(str.isdigit, found[0])) >= _LONG_NUMBER else found[0], clean)


def _example(row: dict[str, object], hidden: re.Pattern[str] | None) -> str:
    text = row.get(str(row["field"])) if row["field"] in ("title", "description") else None
    start, end = row["start"], row["end"]
    if not isinstance(text, str) or not isinstance(start, float) or not isinstance(end, float) or start != start:
        return _anonymous(str(row["text"]), hidden)
    before, quote, after = text[: int(start)].split(), text[int(start) : int(end)], text[int(end) :].split()
    window = " ".join([*before[-_AROUND:], quote, *after[:_AROUND]])
    return ("… " if len(before) > _AROUND else "") + _anonymous(window, hidden) + (" …" if len(after) > _AROUND else "")


def _meaning(sentence: str, branded: re.Pattern[str] | None) -> str:
    """What a sign means, without the words, figures and brand of one listing."""
    told = sentence.split("”: ", 1)
    if len(told) == 2:
        return told[1]
    bare = _NUMBER.sub("…", re.sub(r"“[^”]*”", "“…”", sentence))
    return branded.sub("…", bare) if branded is not None else bare
