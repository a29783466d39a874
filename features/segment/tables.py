"""From the published model to tables of numbers, computed once and kept in the state folder.

A table file is plain arrays (``.npz``, never unpickled), named by what it was made from: the checksums of the model and of this code. A file
that cannot be read is made again.
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from features.segment import decide, published
from features.segment.decide import ANSWERS, BITS, DIGIT_WINDOW, PAIR_STARTS, TRIPLE_STARTS, WINDOW, Weights, fill
from features.segment.published import KNOWN_FILES, Published, installed_core
from features.segment.state import state_folder, write_whole

Floats = npt.NDArray[np.float64]
#: Pairs or triples as written, by the numbers of their words; a span's row is its place, from 1.
Spans = dict[tuple[int, ...], str]


@dataclass(frozen=True)
class Tables:
    """``exact`` and ``lower`` number the spellings and lower-case words the model knows, from 1; ``pattern`` splits text into tokens."""

    weights: Weights
    exact: dict[str, int]
    lower: dict[str, int]
    pattern: str
    letters: dict[str, str]
    tokens: dict[str, str]


def kept_tables() -> Tables | None:
    """Return the tables kept in the state folder, ``None`` where there are none of this model and this code, or the file is damaged."""
    path = _kept_at()
    if path is None or not path.is_file():
        return None
    try:
        return _unpack(path.read_bytes())
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None


def keep_tables(tables: Tables) -> None:
    """Keep tables for the next start, where there is a state folder."""
    path = _kept_at()
    if path is not None:
        write_whole(path, _pack(tables))


def build_tables(model: Published) -> Tables:
    """Arrange the model's weights by the numbers of tokens, pairs and triples instead of by strings."""
    exact, lower = _vocabulary(model, ""), _vocabulary(model, ".lower", model.dictionary)
    single, pairs, triples = _names(WINDOW, 0), _names(PAIR_STARTS, 1), _names(TRIPLE_STARTS, 2)
    pair_rows, triple_rows = _spans(model, exact, pairs, ""), _spans(model, exact, triples, "")
    lower_pair_rows = _spans(model, lower, pairs, ".lower", model.dictionary)
    lower_triple_rows = _spans(model, lower, triples, ".lower", model.dictionary)
    triple_slots, lower_triple_slots = _chained(triple_rows, pair_rows), _chained(lower_triple_rows, lower_pair_rows)
    weights = Weights(
        exact=_rows(model, ["", *exact, "BOS", "EOS"], single, ""),
        pairs=_rows(model, ["", *pair_rows.values(), "BOS", "EOS"], pairs, ""),
        triples=_rows(model, ["", *triple_rows.values(), "BOS", "EOS"], triples, ""),
        lower=_rows(model, ["", *lower, "BOS", "EOS"], single, ".lower"),
        lower_pairs=_rows(model, ["", *lower_pair_rows.values(), "BOS", "EOS"], pairs, ".lower"),
        digits=_rows(model, ANSWERS, _names(DIGIT_WINDOW, 0), ".isdigit"),
        titles=_rows(model, ANSWERS, single, ".istitle"),
        pair_titles=_rows(model, ANSWERS, ["T[0,1]"], ".istitle")[:, 0],
        triple_titles=_rows(model, ANSWERS, ["T[0,2]"], ".istitle")[:, 0],
        known=_rows(model, ANSWERS, single, ".is_in_dict"),
        pairs_known=_rows(model, ANSWERS, pairs, ".is_in_dict"),
        triples_known=_rows(model, ANSWERS, triples, ".is_in_dict"),
        pair_slots=_hashed(pair_rows),
        triple_slots=_hashed(triple_slots),
        lower_pair_slots=_hashed(lower_pair_rows),
        lower_triple_slots=_hashed(lower_triple_slots),
        in_dictionary=np.array([word in model.dictionary for word in ["", *lower]], dtype=np.uint8),
        pair_in_dictionary=np.array([pair in model.dictionary for pair in ["", *lower_pair_rows.values()]], dtype=np.uint8),
        transitions=model.transitions,
    )
    # Contiguous, as they come back from the file: another layout would be compiled again.
    weights = Weights(*map(np.ascontiguousarray, weights))
    return Tables(weights, exact, lower, model.pattern, model.letters, model.tokens)


def _names(starts: Iterable[int], further: int) -> list[str]:
    return [f"T[{start},{start + further}]" if further else f"T[{start}]" for start in starts]


def _rows(model: Published, words: Iterable[str], templates: Sequence[str], function: str) -> Floats:
    """Return ``(words, templates, 2)`` weights; 0.0 where the model has no such attribute (it has none for an empty word)."""
    nothing = (0.0, 0.0)
    return np.array([[model.attributes.get(f"{template}{function}={word}", nothing) for template in templates] for word in words])


def _vocabulary(model: Published, function: str, dictionary: Iterable[str] = ()) -> dict[str, int]:
    """Number from 1 every word of an attribute with that function, or of a dictionary entry that fits in the window."""
    found = {word for entry in dictionary if entry.count(" ") < 3 for word in entry.split(" ")}
    for name in model.attributes:
        template, value = name.split("=", 1)
        if template.partition("]")[2] == function:
            found.update(value.split(" "))
    return {word: number for number, word in enumerate(sorted(found - {""}), start=1)}


def _spans(model: Published, words: dict[str, int], templates: Sequence[str], function: str, dictionary: Iterable[str] = ()) -> Spans:
    """Collect the pairs or triples that the model or the dictionary knows, by the numbers of their words."""
    wanted, length = {template + function for template in templates}, 3 if "T[0,2]" in templates else 2
    found = {value for template, value in (name.split("=", 1) for name in model.attributes) if template in wanted}
    inside = (span for span in found.union(dictionary) if span.count(" ") == length - 1 and "" not in span.split(" "))
    return {tuple(words[word] for word in span.split(" ")): span for span in sorted(inside)}


def _chained(triples: Spans, pairs: Spans) -> Spans:
    """Re-key triples by the row of their first two words; a first pair that the model does not know gets a row of its own."""
    spelled = {key: " ".join(span.split(" ")[:2]) for key, span in triples.items()}
    for key, first_two in spelled.items():
        pairs.setdefault(key[:2], first_two)
    row = {key: number for number, key in enumerate(pairs, start=1)}
    return {(row[key[:2]], key[2]): span for key, span in triples.items()}


def _hashed(spans: Spans) -> npt.NDArray[np.int64]:
    keys = np.array([(first << BITS) | last for first, last in spans], dtype=np.int64)
    slots = np.full((1 << int(2 * len(keys)).bit_length(), 2), -1, dtype=np.int64)
    fill(slots, keys)
    return slots


def _kept_at() -> Path | None:
    code = [Path(file).read_bytes() for file in (__file__, decide.__file__, published.__file__)]
    made_from = [sorted(KNOWN_FILES.items()), installed_core(), [hashlib.sha256(one).hexdigest() for one in code]]
    folder = state_folder("words")
    return folder / f"{hashlib.sha256(json.dumps(made_from).encode()).hexdigest()[:16]}.npz" if folder else None


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
    return Tables(Weights(**arrays), numbered["exact"], numbered["lower"], texts["pattern"], texts["letters"], texts["tokens"])
