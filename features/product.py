"""Which article a title names: model numbers and sizes exactly, the rest of the words nearly.

The *model key* holds a title's numbers that name a model, its sizes in one unit and words like "pro" and "max": two titles with different keys
name different articles, however alike they read. Titles with the same key are gathered into *product clusters* of near-same words. A cluster is
led by its first title; a title belongs to the leader most like it among those seen by the end of its own day, so that later listings never
change where an earlier one belongs.
"""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as arrow
import pyarrow.compute as compute

from features.fold import plain
from features.pack import amounts
from features.segment.decide import compiled

Ints = npt.NDArray[np.int64]

_MODEL_TOKEN = re.compile(r"(?<![\w])(?=[a-z]*\d)[a-z0-9]{1,12}(?![\w])")
_UNIT_SPACE = re.compile(r"(?<=\d) (?=(?:gb|tb|mm|inch|w|mah|v)\b)")
_MEMORY = re.compile(r"(?<![\w.,])(\d{1,2}) ?(?:gb|g)? ?[/+-] ?(\d{2,4}) ?gb\b")
_VARIANT_WORDS = re.compile(r"\b(?:pro|max|plus|mini|ultra|lite|air|se|fe|note|fold|flip|gen)\b")
_GLUED = re.compile(r"\b(?:promax|pro-max)\b")
_BRACKETS = re.compile(r"\[[^\]]*\]|【[^】]*】")
#: Numbers that count, date or promise something: no model is named by them.
_IDLE_NUMBER = re.compile(
    r"(?:\b(?:size|sz|combo|set|sét|bộ|mua|tặng|giảm|từ|đến|form|hsd|date|năm|còn|chỉ|thùng|lốc|hộp|bịch|mã|màu) ?\d{1,4}\b)"
    r"|(?<![\w])\d{1,4} ?(?:%|k\b|đ\b|cm\b|m\b|cái\b|chiếc\b|đôi\b|màu\b|món\b|lớp\b|tháng\b|năm\b|ngày\b|hộp\b|chai\b|lọ\b|tuýp\b|in 1\b|trong 1\b)"
    r"|(?<![\w])20[12]\d(?![\w])"
)
_SIZE = re.compile(r"[\d.e+]+(?:ml|g|viên|miếng|tờ|gói)")
_WORDS = re.compile(r"[^\W\d_]{2,}")

#: Share of words in common (Jaccard) from which two titles with one key name the same product.
ALIKE = 0.6
_SKETCH = 6  # smallest hashes a title is looked up by: at ALIKE words in common, 1 - 0.4 ** 6 = 99.6 % of pairs meet
_MOST_TRIED = 24  # leaders compared with one title


def model_key(folded_title: str) -> str:
    """Return the sorted model tokens and sizes of a title, or ``""`` where it names no model.

    >>> model_key("điện thoại iphone 15 pro max 256 gb")
    '15 256gb max pro'
    >>> model_key("sữa tắm 0,5 lít [giảm 10%] mẫu 2024"), model_key("combo 3 áo size 36")
    ('500ml', '')
    """
    text = _BRACKETS.sub(" ", folded_title) if "[" in folded_title or "【" in folded_title else folded_title
    if not any(letter in text for letter in "0123456789"):
        return ""
    sizes = set()
    for amount, unit, (start, end) in reversed(amounts(text)):
        sizes.add(f"{amount:g}{unit}")
        text = f"{text[:start]} {text[end:]}"
    text = _MEMORY.sub(r" \1gb \2gb ", _UNIT_SPACE.sub("", text))
    tokens = set(_MODEL_TOKEN.findall(_IDLE_NUMBER.sub(" ", text))) | sizes
    if not tokens:
        return ""
    return " ".join(sorted(tokens | set(_VARIANT_WORDS.findall(_GLUED.sub("pro max", text)))))


def names_model(model_keys: pd.Series) -> npt.NDArray[np.bool_]:
    """True where a key names a model: "100ml" or "30viên" alone is the size of any article of its maker.

    >>> names_model(pd.Series(["100ml", "15 256gb", "30viên 5g", "", None], dtype="str")).tolist()
    [False, True, False, False, False]
    """
    codes, keys = pd.factorize(model_keys.fillna("").to_numpy(dtype=object))
    named = np.array([any(not _SIZE.fullmatch(token) for token in key.split()) for key in keys], dtype=bool)
    return named[codes] if len(keys) else np.zeros(len(codes), dtype=bool)


def product_words(folded_title: str) -> str:
    """Return a title's different words without tones, sorted; no numbers, nothing inside square brackets.

    >>> product_words("[Mã giảm 10%] giày nike air force 1 trắng")
    'air force giay nike trang'
    """
    text = _BRACKETS.sub(" ", folded_title) if "[" in folded_title or "【" in folded_title else folded_title
    return " ".join(sorted(set(_WORDS.findall(plain(text)))))


class Products:
    """Product clusters, learned from all rows and asked for per row, as of each row's own day.

    Attributes
    ----------
    leaders_ : dict of str to numpy arrays
        Day, words and sketch keys of each cluster's first title.
    """

    def fit(self, block: Ints, words: pd.Series, day: Ints, order: Ints) -> Products:
        """Found clusters inside each ``block`` (-1: none); ``order`` lists the rows by day and then by a key of their own."""
        block, (starts, tokens) = _with_words(block, words), _tokens(words)
        sketch = _sketch(block, starts, tokens)
        self.keys_, places = np.unique(sketch.ravel(), return_inverse=True)
        leads, heads, links = _found(order, block, starts, tokens, places.reshape(sketch.shape), len(self.keys_), ALIKE, _MOST_TRIED)
        self.leaders_: dict[str, Any] = {"heads": heads, "links": links, "day": day[leads]}
        self.leaders_["starts"], self.leaders_["tokens"] = _rows_of(starts, tokens, leads)
        return self

    def transform(self, block: Ints, words: pd.Series, day: Ints) -> Ints:
        """Return each row's cluster (a number without meaning), -1 where it has no block, no words or no leader is near."""
        block, (starts, tokens) = _with_words(block, words), _tokens(words)
        sketch = _sketch(block, starts, tokens)
        places = np.searchsorted(self.keys_, sketch.ravel())
        places[places >= len(self.keys_)] = 0
        known = self.keys_[places] == sketch.ravel() if len(self.keys_) else np.zeros(len(places), dtype=bool)
        places = np.where(known, places, -1).reshape(sketch.shape)
        one = self.leaders_
        found: Ints = _nearest(
            block, starts, tokens, day, places, one["heads"], one["links"], one["day"], one["starts"], one["tokens"], ALIKE, _MOST_TRIED
        )
        return found


def _with_words(block: Ints, words: pd.Series) -> Ints:
    return np.where(words.fillna("").ne("").to_numpy(), block, -1)


def _tokens(words: pd.Series) -> tuple[Ints, Ints]:
    """Row starts and 64-bit hashes of the words, in one array."""
    texts = arrow.array(words.fillna("").to_numpy(dtype=object), type=arrow.large_string())
    lists = compute.split_pattern(texts, " ")
    codes = compute.list_flatten(lists).dictionary_encode()
    hashes = pd.util.hash_array(codes.dictionary.to_numpy(zero_copy_only=False).astype(object), categorize=False).astype(np.int64)
    starts = np.concatenate([[0], np.cumsum(compute.list_value_length(lists).to_numpy(zero_copy_only=False))]).astype(np.int64)
    return starts, hashes[codes.indices.to_numpy(zero_copy_only=False)] if len(hashes) else np.empty(0, dtype=np.int64)


@compiled
def _mixed(value: int, salt: int) -> int:
    mixed = (value ^ (salt * 0x9E3779B97F4A7C1)) * 0xBF58476D1CE4E5B
    mixed = (mixed ^ (mixed >> 29)) * 0x94D049BB133111E
    return (mixed ^ (mixed >> 32)) & 0x7FFFFFFFFFFFFFF


@compiled
def _sketch(block: Ints, starts: Ints, tokens: Ints) -> Ints:
    """For each row and salt the smallest hash of its words, together with its block."""
    out = np.empty((len(block), _SKETCH), dtype=np.int64)
    for row in range(len(block)):
        for salt in range(_SKETCH):
            least = 0x7FFFFFFFFFFFFFF
            for at in range(starts[row], starts[row + 1]):
                value = _mixed(tokens[at], salt + 1)
                if value < least:
                    least = value
            out[row, salt] = _mixed(least + block[row] * 0x9E3779B1, salt + 101)
    return out


@compiled
def _in_common(tokens: Ints, start: int, end: int, others: Ints, first: int, last: int) -> float:
    """Jaccard of two small sets of words, not both empty."""
    both = 0
    for at in range(start, end):
        for other in range(first, last):
            if tokens[at] == others[other]:
                both += 1
                break
    return both / (end - start + last - first - both)


@compiled
def _found(order: Ints, block: Ints, starts: Ints, tokens: Ints, places: Ints, n_places: int, alike: float, most: int) -> tuple[Ints, Ints, Ints]:
    """Rows that lead a cluster in order; for each sketch key the chain of leaders that have it: oldest first."""
    heads = np.full(n_places, -1, dtype=np.int64)
    tails = np.full(n_places, -1, dtype=np.int64)
    links = np.full((len(order), _SKETCH), -1, dtype=np.int64)
    leads = np.empty(len(order), dtype=np.int64)
    n = 0
    for row in order:
        if block[row] < 0:
            continue
        near = False
        tried = 0
        for salt in range(_SKETCH):
            at = heads[places[row, salt]]
            while at >= 0 and not near and tried < most:
                other = leads[at]
                near = _in_common(tokens, starts[row], starts[row + 1], tokens, starts[other], starts[other + 1]) >= alike
                tried += 1
                at = links[at, salt]
            if near:
                break
        if near:
            continue
        leads[n] = row
        for salt in range(_SKETCH):
            place = places[row, salt]
            if heads[place] < 0:
                heads[place] = n
            else:
                links[tails[place], salt] = n
            tails[place] = n
        n += 1
    return leads[:n].copy(), heads, links[:n].copy()


@compiled
def _nearest(
    block: Ints, starts: Ints, tokens: Ints, day: Ints, places: Ints, heads: Ints, links: Ints, led: Ints, first: Ints, words: Ints,
    alike: float, most: int,
) -> Ints:  # fmt: skip
    out = np.full(len(block), -1, dtype=np.int64)
    for row in range(len(block)):
        if block[row] < 0:
            continue
        best, tried = 0.0, 0
        for salt in range(_SKETCH):
            if places[row, salt] < 0:
                continue
            at = heads[places[row, salt]]
            # Leaders stand oldest first: what comes later than this day is not known yet.
            while at >= 0 and led[at] <= day[row] and tried < most:
                shared = _in_common(tokens, starts[row], starts[row + 1], words, first[at], first[at + 1])
                tried += 1
                if shared >= alike and (shared > best or (shared == best and at < out[row])):
                    best, out[row] = shared, at
                at = links[at, salt]
    return out


def _rows_of(starts: Ints, tokens: Ints, rows: Ints) -> tuple[Ints, Ints]:
    sizes = starts[rows + 1] - starts[rows]
    first = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    at = np.repeat(starts[rows] - first[:-1], sizes) + np.arange(first[-1])
    return first, tokens[at]
