"""From the published model to tables of numbers, computed once and kept in the state folder.

A table file is plain arrays (``.npz``, never unpickled), named by what it was made from: the known checksums and our own format. A file that
cannot be read is made again.
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from features.segment.decide import BITS, PAIR_STARTS, TRIPLE_STARTS, WINDOW, Weights, fill
from features.segment.published import KNOWN_FILES, Published, read_published
from features.segment.state import state_folder, write_whole

FORMAT = 1

Floats = npt.NDArray[np.float64]
Spans = list[tuple[int, ...]]


@dataclass(frozen=True)
class Tables:
    """``exact`` and ``lower`` number the spellings and lower-case words the model knows, from 1; ``pattern`` splits text into tokens."""

    weights: Weights
    exact: dict[str, int]
    lower: dict[str, int]
    pattern: str
    letters: dict[str, str]
    tokens: dict[str, str]


def load_tables() -> Tables:
    """Return the tables of the installed model; about a second the first time, 0.1 s from the state folder."""
    folder = state_folder("words")
    path = folder / f"{_name()}.npz" if folder else None
    if path and path.is_file():
        try:
            return _unpack(path.read_bytes())
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
            pass  # cut short or damaged: make it again
    tables = build_tables(read_published())
    if path:
        write_whole(path, _pack(tables))
    return tables


def build_tables(model: Published) -> Tables:
    """Arrange the model's weights by the numbers of tokens, pairs and triples instead of by strings."""
    get = model.attributes.get
    exact = _vocabulary(model, ("",))
    lower = _vocabulary(model, (".lower",), model.dictionary)
    in_dictionary = {known: [_flag(get, f"T[{o}].is_in_dict", known) for o in WINDOW] for known in (False, True)}
    exact_rows = [[0.0] * 5] + [[get(f"T[{o}]={word}", 0.0) for o in WINDOW] for word in exact]
    lower_rows = [in_dictionary[False]] + [
        [get(f"T[{o}].lower={word}", 0.0) + known for o, known in zip(WINDOW, in_dictionary[word in model.dictionary], strict=True)]
        for word in lower
    ]
    flags = [[_flag(get, f"T[{o}].isdigit", bool(bit & 1)) + _flag(get, f"T[{o}].istitle", bool(bit & 2)) for o in WINDOW] for bit in range(4)]
    pair_names, triple_names = [f"T[{a},{a + 1}]" for a in PAIR_STARTS], [f"T[{a},{a + 2}]" for a in TRIPLE_STARTS]
    pairs = _span_table(model, exact, pair_names, "", 2)
    lower_pairs = _span_table(model, lower, pair_names, ".lower", 2)
    triples = _chained(_span_table(model, exact, triple_names, "", 3), pairs)
    lower_triples = _chained(_span_table(model, lower, triple_names, ".lower", 3), lower_pairs)
    weights = Weights(
        np.array(exact_rows), np.array(lower_rows), np.array(flags),
        *_hashed(pairs), *_hashed(lower_pairs), *_hashed(triples), *_hashed(lower_triples),
        np.array([[_flag(get, f"T[0,{o}].istitle", every) for every in (False, True)] for o in (1, 2)]),
        np.array(_outside(model, "BOS")), np.array(_outside(model, "EOS")), model.transitions, model.bound,
    )  # fmt: skip
    return Tables(weights, exact, lower, model.pattern, model.letters, model.tokens)


def _flag(get: Any, template: str, value: bool) -> float:
    found: float = get(f"{template}={value}", 0.0)
    return found


def _vocabulary(model: Published, suffixes: tuple[str, ...], also: Iterable[str] = ()) -> dict[str, int]:
    """Number every word that stands in an attribute ``T[..]suffix=word word`` or in ``also``, in an order that is always the same."""
    found = {word for entry in also if entry.count(" ") < 3 for word in entry.split(" ")}
    for name in model.attributes:
        template, value = name.split("=", 1)
        if template[template.index("]") + 1 :] in suffixes:
            found.update(value.split(" "))
    return {word: number for number, word in enumerate(sorted(found - {""}), start=1)}


@dataclass
class _Spans:
    """Rows of weights by the numbers of their words; ``unseen`` is the row of every other span."""

    rows: dict[tuple[int, ...], list[float]]
    unseen: list[float]


def _span_table(model: Published, words: dict[str, int], names: list[str], suffix: str, length: int) -> _Spans:
    """Collect what the model and (for lower-case words) the dictionary say of spans of ``length`` words."""
    get = model.attributes.get
    known = suffix == ".lower"
    spans = {value for name in model.attributes for template, value in [name.split("=", 1)] if template in {f"{one}{suffix}" for one in names}}
    spans |= {entry for entry in model.dictionary if known}
    rows = {}
    for span in sorted(span for span in spans if span.count(" ") == length - 1 and "" not in span.split(" ")):
        rows[tuple(words[word] for word in span.split(" "))] = [
            get(f"{name}{suffix}={span}", 0.0) + (_flag(get, f"{name}.is_in_dict", span in model.dictionary) if known else 0.0) for name in names
        ]
    return _Spans(rows, [_flag(get, f"{name}.is_in_dict", False) if known else 0.0 for name in names])


def _chained(triples: _Spans, pairs: _Spans) -> _Spans:
    """Re-key triples by the row of their first two words; a first pair that has no row gets one that says what no row says."""
    for a, b, _ in triples.rows:
        pairs.rows.setdefault((a, b), pairs.unseen)
    row = {span: number for number, span in enumerate(pairs.rows, start=1)}
    return _Spans({(row[a, b], c): values for (a, b, c), values in triples.rows.items()}, triples.unseen)


def _hashed(spans: _Spans) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], Floats]:
    wanted = np.array([(a << BITS) | b for a, b in spans.rows], dtype=np.int64)
    size = 1 << int(2 * len(wanted) + 1).bit_length()
    keys, rows = np.full(size, -1, dtype=np.int64), np.zeros(size, dtype=np.int64)
    fill(keys, rows, wanted)
    return keys, rows, np.array([spans.unseen, *spans.rows.values()])


def _outside(model: Published, word: str) -> list[float]:
    """Return what the model says where a template reaches before (``BOS``) or beyond (``EOS``) the text: 5 single, 4 pairs, 3 triples."""
    get = model.attributes.get
    single = [sum(get(f"T[{o}]{of}={word}", 0.0) for of in ("", ".lower", ".isdigit", ".istitle", ".is_in_dict")) for o in WINDOW]
    spans = [f"T[{a},{a + 1}]" for a in PAIR_STARTS] + [f"T[{a},{a + 2}]" for a in TRIPLE_STARTS]
    return single + [sum(get(f"{span}{of}={word}", 0.0) for of in ("", ".lower", ".istitle", ".is_in_dict")) for span in spans]


def _name() -> str:
    made_from = json.dumps([FORMAT, sorted(KNOWN_FILES.items())])
    return hashlib.sha256(made_from.encode()).hexdigest()[:16]


def _pack(tables: Tables) -> bytes:
    texts = {"exact": list(tables.exact), "lower": list(tables.lower), "pattern": tables.pattern, "letters": tables.letters, "tokens": tables.tokens}
    packed = io.BytesIO()
    np.savez(packed, words=np.frombuffer(json.dumps(texts).encode(), dtype=np.uint8), **tables.weights._asdict())
    return packed.getvalue()


def _unpack(data: bytes) -> Tables:
    with np.load(io.BytesIO(data), allow_pickle=False) as found:
        texts = json.loads(found["words"].tobytes())
        arrays = {name: found[name] for name in Weights._fields}
    numbered = {which: {word: number for number, word in enumerate(texts[which], start=1)} for which in ("exact", "lower")}
    weights = Weights(**{**arrays, "bound": float(arrays["bound"])})
    return Tables(weights, numbered["exact"], numbered["lower"], texts["pattern"], texts["letters"], texts["tokens"])
