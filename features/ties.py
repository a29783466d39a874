"""Which sellers showed the same thing (a phone, a tax code, a picture, a text), and since when.

A *tie* is one seller showing one key for the first time. Phones and bank accounts come as keyed hashes (``contact_keys``), pictures and texts
as groups of nearly equal ones. Nothing is judged here: what a shared key is worth is `features.networks`'.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from features.days import NEVER, Ints, first_days
from features.link_rows import LinkRows, several

#: In the order of how much a shared one says; the position is the code.
KINDS = ("tax", "licence", "contact", "image", "text")
TAX, LICENCE, CONTACT, IMAGE, TEXT = range(len(KINDS))
IDENTITY = (TAX, LICENCE, CONTACT)


class Ties(NamedTuple):
    """``key``, ``seller``, ``day``: one entry a tie, by day; ``kind`` and ``value``: one entry a key.

    ``value`` is a number that is the same in every run. ``stand_contact``, ``stand_day``: one entry a contact key in a listing, by day;
    ``beside_stand``, ``beside_content``: one entry a text or picture of that listing, as the position of the former and a key.
    """

    key: Ints
    seller: Ints
    day: Ints
    kind: npt.NDArray[np.int8]
    value: Ints
    stand_contact: Ints
    stand_day: Ints
    beside_stand: Ints
    beside_content: Ints


def find_ties(crawl: pd.DataFrame, rows: LinkRows) -> Ties:
    """Return the ties of ``crawl`` (``contact_keys, tax_code, licence_no``); rows without a seller or day tie nobody."""
    row, kind, value = [], [], []
    for number, name in ((TAX, "tax_code"), (LICENCE, "licence_no"), (CONTACT, "contact_keys")):
        at, texts = several(crawl[name])
        row.append(at)
        value.append(_numbers(texts))
        kind.append(np.full(len(at), number, dtype=np.int8))
    at = np.flatnonzero(rows.group >= 0)
    for number, place, found in ((IMAGE, rows.image_row, rows.image), (TEXT, at, rows.group[at])):
        row.append(place)
        value.append(found)
        kind.append(np.full(len(place), number, dtype=np.int8))
    return _ties(np.concatenate(row), np.concatenate(kind), np.concatenate(value), rows)


def _ties(row: Ints, kind: npt.NDArray[np.int8], value: Ints, rows: LinkRows) -> Ties:
    kept = (rows.seller[row] >= 0) & (rows.day[row] < NEVER)
    row, kind, value = row[kept], kind[kept], value[kept]
    found = pd.DataFrame({"kind": kind, "value": value})
    key = found.groupby(["kind", "value"], sort=True).ngroup().to_numpy()
    keys = found.groupby(["kind", "value"], sort=True).size().index.to_frame(index=False)
    pair, pairs = pd.factorize(key * (len(rows.sellers) + 1) + rows.seller[row])
    first = first_days(pair.astype(np.int64), rows.day[row], len(pairs))
    tied, seller = np.divmod(np.asarray(pairs, dtype=np.int64), len(rows.sellers) + 1)
    order = np.lexsort((seller, tied, first))
    kinds, values = keys["kind"].to_numpy(np.int8), keys["value"].to_numpy(np.int64)
    return Ties(tied[order], seller[order], first[order], kinds, values, *_beside(row, kind, key, rows))


def _beside(row: Ints, kind: npt.NDArray[np.int8], key: Ints, rows: LinkRows) -> tuple[Ints, Ints, Ints, Ints]:
    """The last four columns of `Ties`."""
    at = np.flatnonzero(kind == CONTACT)
    at = at[np.lexsort((key[at], row[at], rows.day[row[at]]))]
    content = np.flatnonzero(kind >= IMAGE)
    content = content[np.argsort(row[content], kind="stable")]
    begin, end = (np.searchsorted(row[content], row[at], side=side) for side in ("left", "right"))
    counts = end - begin
    stand = np.repeat(np.arange(len(at)), counts)
    place = np.arange(len(stand)) - np.repeat(np.cumsum(counts) - counts, counts) + np.repeat(begin, counts)
    return key[at], rows.day[row[at]], stand, key[content[place]]


def _numbers(texts: pa.Array) -> Ints:
    """A 63-bit number for each text, however it is spaced or cased."""
    encoded = texts.dictionary_encode()
    digests = [blake2b("".join(text.split()).lower().encode(), digest_size=8).digest() for text in encoded.dictionary.to_pylist()]
    known = np.array([int.from_bytes(digest, "little") >> 1 for digest in digests], dtype=np.int64)
    return known[encoded.indices.to_numpy()] if len(texts) else np.empty(0, np.int64)
