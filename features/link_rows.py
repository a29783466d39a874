"""The crawl as links see it: which seller showed which text, picture, phone or tax code on which day, as whole numbers.

A text's and a picture's group depend on what came before them alone (`features.text_index`, `features.image_index`), so all that is made
from these arrays can be made as of any day. `link_rows` reads a whole crawl and keeps no index; `LinkIndex` keeps both indexes, half a gigabyte a
million rows, so that a later day's rows can be added to an earlier crawl.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from features.days import Ints, day_number
from features.image_index import ImageIndex, empty_image_index, image_codes
from features.seller import official, seller_key
from features.signatures import Signatures
from features.text_groups import text_groups
from features.text_index import TextIndex, empty_index

#: Listing columns that links are made from, besides the text's signature.
LINK_COLUMNS = ["platform", "listing_id", "captured_at", "seller_id", "seller_name", "is_official", "seller_type", "price_vnd"]
LINK_COLUMNS += ["contact_keys", "image_hashes", "tax_code", "licence_no", "created_at"]
#: Pictures of a listing that are compared; the first ones show the article, the last ones the size chart.
_MOST_IMAGES = 8
_ROWS_AT_ONCE = 100_000


class LinkRows(NamedTuple):
    """Arrays of one length, one entry a row of the crawl, but for ``sellers`` and the pictures.

    ``seller`` is a position in ``sellers`` (keys in ascending order), -1 where the crawl shows none; ``text`` equal for equal texts; ``group``
    equal for nearly equal ones, -1 for texts too short to say; ``image_row`` and ``image`` one entry a picture of a row.
    """

    day: Ints
    seller: Ints
    sellers: npt.NDArray[np.object_]
    official: npt.NDArray[np.bool_]
    text: Ints
    group: Ints
    image_row: Ints
    image: Ints


@dataclass(frozen=True)
class LinkIndex:
    """What is known of texts and pictures so far."""

    texts: TextIndex = field(default_factory=empty_index)
    images: ImageIndex = field(default_factory=empty_image_index)

    def extended(self, crawl: pd.DataFrame, signatures: Signatures) -> tuple[LinkIndex, LinkRows]:
        """Return the index with ``crawl`` (``LINK_COLUMNS``, RangeIndex; ``signatures`` in its order), and the crawl as links see it.

        Raises `DataError` where a row was captured on or before the last day of the index: what came first decides.
        """
        day = day_number(crawl["captured_at"])
        texts, text = self.texts.extended(signatures, day)
        image_row, codes, comparable = _images(crawl["image_hashes"])
        images, numbers = self.images.extended(codes, comparable, day[image_row])
        rows = _link_rows(crawl, day, text, texts.group_keys(text), image_row, images.group_keys(numbers))
        return replace(self, texts=texts, images=images), rows


def link_rows(crawl: pd.DataFrame, signatures: Signatures) -> LinkRows:
    """Return what `LinkIndex.extended` says of ``crawl`` where nothing came before it."""
    day = day_number(crawl["captured_at"])
    text, group = text_groups(signatures, day)
    image_row, codes, comparable = _images(crawl["image_hashes"])
    images, numbers = empty_image_index().extended(codes, comparable, day[image_row])
    return _link_rows(crawl, day, text, group, image_row, images.group_keys(numbers))


def _link_rows(crawl: pd.DataFrame, day: Ints, text: Ints, group: Ints, image_row: Ints, image: Ints) -> LinkRows:
    seller, sellers = pd.factorize(seller_key(crawl), sort=True)
    vouched = official(crawl).eq(1.0).to_numpy()
    return LinkRows(day, seller.astype(np.int64), np.asarray(sellers, dtype=object), vouched, text, group, image_row, image)


def _images(hashes: pd.Series) -> tuple[Ints, npt.NDArray[np.uint64], npt.NDArray[np.bool_]]:
    """Row, bits and whether these may be compared, of each picture that counts; a few rows at a time, for their texts are long."""
    found = [_images_of(hashes.iloc[begin : begin + _ROWS_AT_ONCE], begin) for begin in range(0, max(len(hashes), 1), _ROWS_AT_ONCE)]
    row, codes, comparable = (np.concatenate(column) for column in zip(*found, strict=True))
    return row, codes, comparable


def _images_of(hashes: pd.Series, begin: int) -> tuple[Ints, npt.NDArray[np.uint64], npt.NDArray[np.bool_]]:
    row, text = several(hashes)
    place = np.arange(len(row)) - np.searchsorted(row, row)
    row, text = row[place < _MOST_IMAGES], text.filter(pa.array(place < _MOST_IMAGES))
    encoded = text.dictionary_encode()
    codes, comparable = image_codes(encoded.dictionary.to_pylist())
    at = encoded.indices.to_numpy()
    return row + begin, codes[at], comparable[at]


def several(values: pd.Series) -> tuple[Ints, pa.Array]:
    """Return position and text of each non-empty value in a column of values joined by ';'."""
    at = np.flatnonzero(values.notna().to_numpy())
    found = pa.array(values.iloc[at], type=pa.string())
    # A column put together from several partitions comes in pieces.
    lists = pc.split_pattern(found.combine_chunks() if isinstance(found, pa.ChunkedArray) else found, ";")
    text = pc.utf8_trim_whitespace(lists.flatten())
    row = at[pc.list_parent_indices(lists).to_numpy()]
    kept = pc.not_equal(text, "")
    return row[kept.to_numpy(zero_copy_only=False)].astype(np.int64), text.filter(kept)
