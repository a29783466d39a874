"""Begins or inside: the model's two-label decision over token numbers, compiled.

The published tagger turns each token into 43 attribute strings, adds up the weights of those the model knows, and takes the best path through
two labels (Viterbi). Here every attribute is a table row found by number. The additions are the same, of the same doubles, in the same order
(an unknown attribute adds 0.0 instead of nothing), so every score is the same to the last bit and every tie falls the same way. Ties are
real: in a run of equal unknown signs ("— — — —") whole paths have equal scores but for rounding.

Importing this file imports Numba (a quarter of a second) and binds its disk cache to the state folder.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numba
import numpy as np
import numpy.typing as npt

from features.segment.state import numba_cache

#: The templates in the order in which the tagger adds them: see ``features.bin`` of the model.
WINDOW, PAIR_STARTS, TRIPLE_STARTS, DIGIT_WINDOW = (-2, -1, 0, 1, 2), (-2, -1, 0, 1), (-2, -1, 0), (-1, 0, 1)
#: Two numbers share one 64-bit key.
BITS = 20
#: What a yes/no attribute can say: no, yes, before the text, after it.
ANSWERS = ("False", "True", "BOS", "EOS")
_BEFORE, _AFTER = 2, 3

# Columns of a token's codes: what stands there, what the pair and the triple starting there are. All but the first two are answers.
_EXACT, _LOWER, _PAIR, _LOWER_PAIR, _TRIPLE, _DIGITS, _TITLE, _PAIR_TITLE, _TRIPLE_TITLE, _KNOWN, _PAIR_KNOWN, _TRIPLE_KNOWN = range(12)
_ROWS, _CODES = 5, 12

Ints = npt.NDArray[np.int64]
Bytes = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float64]


class Weights(NamedTuple):
    """Weights by row, template and label (0 begins a word, 1 inside one).

    Row 0 of the first five is what the model has no attribute for; their last two stand for "before the text" and "after it". The rows of
    the others are ``ANSWERS``.
    """

    exact: Floats  # (spellings, 5, 2)
    pairs: Floats  # (pairs of spellings, 4, 2)
    triples: Floats  # (triples of spellings, 3, 2)
    lower: Floats  # (lower-case words, 5, 2)
    lower_pairs: Floats  # (pairs of lower-case words, 4, 2)
    digits: Floats  # (4, 3, 2)
    titles: Floats  # (4, 5, 2)
    pair_titles: Floats  # (4, 2)
    triple_titles: Floats  # (4, 2)
    known: Floats  # (4, 5, 2): whether the dictionary has it
    pairs_known: Floats  # (4, 4, 2)
    triples_known: Floats  # (4, 3, 2)
    pair_slots: Ints  # hash tables, (slots, 2): key and row
    triple_slots: Ints
    lower_pair_slots: Ints
    lower_triple_slots: Ints
    in_dictionary: Bytes  # by lower-case word
    pair_in_dictionary: Bytes  # by row of lower_pairs
    transitions: Floats  # (from, to)


def compiled(function: Any) -> Any:
    """Compile at the first call, or load what another process compiled."""
    with numba_cache() as on_disk:
        return numba.njit(cache=on_disk, nogil=True)(function)


@compiled
def _slot(key: int, mask: int) -> int:
    return ((key * 0x9E3779B97F4A7C1) >> 24) & mask


@compiled
def row_of(slots: Ints, key: int) -> int:
    """Return the row under a key, 0 where there is none."""
    mask = len(slots) - 1
    at = _slot(key, mask)
    while slots[at, 0] >= 0:
        if slots[at, 0] == key:
            return int(slots[at, 1])
        at = (at + 1) & mask
    return 0


@compiled
def fill(slots: Ints, keys: Ints) -> None:
    """Store row ``i + 1`` under ``keys[i]``; ``slots`` comes full of -1, a power of two and at least twice as many."""
    mask = len(slots) - 1
    for i in range(len(keys)):
        at = _slot(keys[i], mask)
        while slots[at, 0] >= 0:
            at = (at + 1) & mask
        slots[at, 0] = keys[i]
        slots[at, 1] = i + 1


@compiled
def expand(chunks: Ints, ends: Ints, starts: Ints, flat: Ints) -> tuple[Ints, Ints]:
    """Return the token numbers of all chunks, and where each text's end; chunk ``c`` holds ``flat[starts[c]:starts[c + 1]]``."""
    total = 0
    for c in chunks:
        total += starts[c + 1] - starts[c]
    tokens = np.empty(total, np.int64)
    token_ends = np.empty(len(ends), np.int64)
    at, chunk = 0, 0
    for text in range(len(ends)):
        while chunk < ends[text]:
            c = chunks[chunk]
            for i in range(starts[c], starts[c + 1]):
                tokens[at] = flat[i]
                at += 1
            chunk += 1
        token_ends[text] = at
    return tokens, token_ends


@compiled
def _code(tokens: Ints, exact: Ints, lower: Ints, flags: Ints, w: Weights, codes: Ints) -> None:
    """Write the codes of a text's tokens; row 0 and 1 of ``codes`` stand for what is before it, the last two for what is after it."""
    n = len(tokens)
    tables = (len(w.exact), len(w.lower), len(w.pairs), len(w.lower_pairs), len(w.triples))
    for i in range(-2, n + 2):
        row = codes[i + 2]
        # One, two or three tokens must fit in for the token, the pair or the triple to be inside.
        for column in range(_CODES):
            size = 3 if column in (_TRIPLE, _TRIPLE_TITLE, _TRIPLE_KNOWN) else 2 if column in (_PAIR, _LOWER_PAIR, _PAIR_TITLE, _PAIR_KNOWN) else 1
            if i < 0:
                row[column] = tables[column] - 2 if column < _ROWS else _BEFORE
            elif i + size > n:
                row[column] = tables[column] - 1 if column < _ROWS else _AFTER
            else:
                row[column] = 0
    for i in range(n):
        row = codes[i + 2]
        a = tokens[i]
        row[_EXACT], row[_LOWER] = exact[a], lower[a]
        row[_DIGITS], row[_TITLE], row[_KNOWN] = flags[a] & 1, flags[a] >> 1, w.in_dictionary[lower[a]]
        if i + 1 >= n:
            continue
        b = tokens[i + 1]
        row[_PAIR_TITLE] = (flags[a] & flags[b]) >> 1
        pair = lower_pair = 0
        if exact[a] > 0 and exact[b] > 0:
            pair = row_of(w.pair_slots, (exact[a] << BITS) | exact[b])
        if lower[a] > 0 and lower[b] > 0:
            lower_pair = row_of(w.lower_pair_slots, (lower[a] << BITS) | lower[b])
        row[_PAIR], row[_LOWER_PAIR], row[_PAIR_KNOWN] = pair, lower_pair, w.pair_in_dictionary[lower_pair]
        if i + 2 >= n:
            continue
        c = tokens[i + 2]
        row[_TRIPLE_TITLE] = (flags[a] & flags[b] & flags[c]) >> 1
        if pair > 0 and exact[c] > 0:
            row[_TRIPLE] = row_of(w.triple_slots, (pair << BITS) | exact[c])
        if lower_pair > 0 and lower[c] > 0 and row_of(w.lower_triple_slots, (lower_pair << BITS) | lower[c]) > 0:
            row[_TRIPLE_KNOWN] = 1


@compiled
def _emit(codes: Ints, w: Weights, out: Floats) -> None:
    """Add up what the window says of each token, in the tagger's order."""
    for t in range(len(out)):
        begin = inside = 0.0
        for o in range(5):
            begin, inside = begin + w.exact[codes[t + o, _EXACT], o, 0], inside + w.exact[codes[t + o, _EXACT], o, 1]
        for o in range(4):
            begin, inside = begin + w.pairs[codes[t + o, _PAIR], o, 0], inside + w.pairs[codes[t + o, _PAIR], o, 1]
        for o in range(3):
            begin, inside = begin + w.triples[codes[t + o, _TRIPLE], o, 0], inside + w.triples[codes[t + o, _TRIPLE], o, 1]
        for o in range(5):
            begin, inside = begin + w.lower[codes[t + o, _LOWER], o, 0], inside + w.lower[codes[t + o, _LOWER], o, 1]
        for o in range(4):
            begin, inside = begin + w.lower_pairs[codes[t + o, _LOWER_PAIR], o, 0], inside + w.lower_pairs[codes[t + o, _LOWER_PAIR], o, 1]
        for o in range(3):
            begin, inside = begin + w.digits[codes[t + o + 1, _DIGITS], o, 0], inside + w.digits[codes[t + o + 1, _DIGITS], o, 1]
        for o in range(5):
            begin, inside = begin + w.titles[codes[t + o, _TITLE], o, 0], inside + w.titles[codes[t + o, _TITLE], o, 1]
        pair, triple = codes[t + 2, _PAIR_TITLE], codes[t + 2, _TRIPLE_TITLE]
        begin, inside = begin + w.pair_titles[pair, 0], inside + w.pair_titles[pair, 1]
        begin, inside = begin + w.triple_titles[triple, 0], inside + w.triple_titles[triple, 1]
        for o in range(5):
            begin, inside = begin + w.known[codes[t + o, _KNOWN], o, 0], inside + w.known[codes[t + o, _KNOWN], o, 1]
        for o in range(4):
            begin, inside = begin + w.pairs_known[codes[t + o, _PAIR_KNOWN], o, 0], inside + w.pairs_known[codes[t + o, _PAIR_KNOWN], o, 1]
        for o in range(3):
            begin, inside = begin + w.triples_known[codes[t + o, _TRIPLE_KNOWN], o, 0], inside + w.triples_known[codes[t + o, _TRIPLE_KNOWN], o, 1]
        out[t, 0], out[t, 1] = begin, inside


@compiled
def _best_path(e: Floats, transitions: Floats, back: Bytes, labels: Bytes) -> float:
    """Write the labels of the best path and return its score; of equal paths the one that stays with "begins"."""
    n = len(e)
    begin, inside = e[0, 0], e[0, 1]
    for t in range(1, n):
        stay, come = begin + transitions[0, 0], inside + transitions[1, 0]
        go, on = begin + transitions[0, 1], inside + transitions[1, 1]
        back[t, 0], back[t, 1] = come > stay, on > go
        begin = (come if come > stay else stay) + e[t, 0]
        inside = (on if on > go else go) + e[t, 1]
    label = 1 if inside > begin else 0
    labels[n - 1] = label
    for t in range(n - 1, 0, -1):
        label = back[t, label]
        labels[t - 1] = label
    return float(max(begin, inside))


@compiled
def decide(tokens: Ints, ends: Ints, exact: Ints, lower: Ints, flags: Ints, w: Weights) -> tuple[Bytes, Floats]:
    """Return a label a token (1: inside a word; a text's first token is always 0) and the score of each text's best path.

    ``exact``, ``lower``, ``flags`` are by token number (0: unknown to the model; flags: 1 a number, 2 starts like a title); ``ends`` says
    where each text's tokens end.
    """
    longest, start = 0, 0
    for end in ends:
        longest = max(longest, end - start)
        start = end
    labels, scores = np.zeros(len(tokens), np.uint8), np.zeros(len(ends))
    codes, e, back = np.empty((longest + 4, _CODES), np.int64), np.empty((longest, 2)), np.empty((longest, 2), np.uint8)
    start = 0
    for text in range(len(ends)):
        end = ends[text]
        n = end - start
        if n > 0:
            _code(tokens[start:end], exact, lower, flags, w, codes)
            _emit(codes, w, e[:n])
            scores[text] = _best_path(e[:n], w.transitions, back, labels[start:end])
            labels[start] = 0  # it begins a word whatever the model says
        start = end
    return labels, scores
