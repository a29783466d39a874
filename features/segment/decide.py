"""Begins or inside: the model's two-label decision over token numbers, compiled.

The published tagger adds up weights of about forty attributes a token and finds the best path through two labels (Viterbi). Only the
*difference* of the two labels decides, and it is the sum of what single tokens, neighbouring pairs and triples contribute; so the same
decision needs a few table rows a token and no strings. Sums are rounded in another order than there: see ``tolerance``.

Importing this file imports Numba (half a second) and binds its disk cache to the state folder.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numba
import numpy as np
import numpy.typing as npt

from features.segment.state import numba_cache

#: Offsets of the window, and where in it a pair or triple may start (seen from the token being decided).
WINDOW, PAIR_STARTS, TRIPLE_STARTS = (-2, -1, 0, 1, 2), (-2, -1, 0, 1), (-2, -1, 0)
#: Token, lower-case word and pair numbers share one 64-bit key: twenty bits each.
BITS = 20

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


class Weights(NamedTuple):
    """Differences *inside less begins*; row 0 of each table is for what the model has never seen."""

    exact: Floats  # (exact spellings, 5): one token, by offset of the window
    lower: Floats  # (lower-case words, 5): the same, and whether the dictionary has it
    flags: Floats  # (4, 5): bit 0 a number, bit 1 starts like a title
    pair_keys: Ints
    pair_rows: Ints
    pairs: Floats  # (exact pairs, 4)
    lower_pair_keys: Ints
    lower_pair_rows: Ints
    lower_pairs: Floats  # (lower-case pairs, 4), and whether the dictionary has them
    triple_keys: Ints
    triple_rows: Ints
    triples: Floats  # (exact triples, 3)
    lower_triple_keys: Ints
    lower_triple_rows: Ints
    lower_triples: Floats  # (lower-case triples, 3): whether the dictionary has them
    titles: Floats  # (2, 2): pair, triple; not all, all start like titles
    before: Floats  # (12,): what stands for tokens before the text: 5 single, 4 pairs, 3 triples
    after: Floats  # (12,): and after it
    transitions: Floats  # (2, 2)
    bound: float


def _compiled(function: Any) -> Any:
    with numba_cache() as on_disk:
        return numba.njit(cache=on_disk, nogil=True)(function)


@_compiled
def _slot(key: int, mask: int) -> int:
    return ((key * 0x9E3779B97F4A7C1) >> 17) & mask


@_compiled
def row_of(keys: Ints, rows: Ints, key: int) -> int:
    """Return the row under a key, 0 where there is none."""
    mask = len(keys) - 1
    at = _slot(key, mask)
    while keys[at] >= 0:
        if keys[at] == key:
            return rows[at]
        at = (at + 1) & mask
    return 0


@_compiled
def fill(keys: Ints, rows: Ints, new_keys: Ints) -> None:
    """Store row ``i + 1`` under ``new_keys[i]``; ``keys`` comes full of -1 and at least twice as long."""
    mask = len(keys) - 1
    for i in range(len(new_keys)):
        at = _slot(new_keys[i], mask)
        while keys[at] >= 0:
            at = (at + 1) & mask
        keys[at] = new_keys[i]
        rows[at] = i + 1


@_compiled
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


@_compiled
def tolerance(n: int, bound: float) -> float:
    """Return the margin above which rounding cannot change a decision in a text of ``n`` tokens.

    A path of n tokens has partial sums within ±n·bound and is built by at most 3 additions a token at that size and 50 at the size of one
    token, each off by at most 2⁻⁵³ of its result, whatever their order. A margin is the difference of two such sums, there and here: 4
    times that; 2⁻⁵⁰ instead of 4·2⁻⁵³ leaves a factor of two.
    """
    return 2.0**-50 * bound * (3.0 * n * n + 64.0 * n + 64.0)


@_compiled
def _emit(tokens: Ints, exact: Ints, lower: Ints, flags: Ints, w: Weights, out: Floats) -> None:
    n = len(tokens)
    out[:] = 0.0
    for i in range(n):
        token = tokens[i]
        x, low, flag = exact[token], lower[token], flags[token]
        for o in range(5):
            t = i + 2 - o
            if 0 <= t < n:
                out[t] += w.exact[x, o] + w.lower[low, o] + w.flags[flag, o]
        if i + 1 < n:
            _emit_spans(tokens, i, exact, lower, flags, w, out)
    for t in range(n):
        if t < 2 or t >= n - 2:
            _emit_edge(t, n, w, out)


@_compiled
def _emit_spans(tokens: Ints, i: int, exact: Ints, lower: Ints, flags: Ints, w: Weights, out: Floats) -> None:
    """Add what the pair and the triple starting at ``i`` say of the tokens around them."""
    n = len(tokens)
    a, b = tokens[i], tokens[i + 1]
    pair = lower_pair = 0
    if exact[a] and exact[b]:
        pair = row_of(w.pair_keys, w.pair_rows, (exact[a] << BITS) | exact[b])
    if lower[a] and lower[b]:
        lower_pair = row_of(w.lower_pair_keys, w.lower_pair_rows, (lower[a] << BITS) | lower[b])
    for s in range(4):
        t = i + 2 - s
        if 0 <= t < n:
            out[t] += w.pairs[pair, s] + w.lower_pairs[lower_pair, s]
    titles = (flags[a] >> 1) & (flags[b] >> 1)
    out[i] += w.titles[0, titles]
    if i + 2 >= n:
        return
    c = tokens[i + 2]
    triple = lower_triple = 0
    if pair and exact[c]:
        triple = row_of(w.triple_keys, w.triple_rows, (pair << BITS) | exact[c])
    if lower_pair and lower[c]:
        lower_triple = row_of(w.lower_triple_keys, w.lower_triple_rows, (lower_pair << BITS) | lower[c])
    for s in range(3):
        out[i + 2 - s] += w.triples[triple, s] + w.lower_triples[lower_triple, s]
    out[i] += w.titles[1, titles & (flags[c] >> 1)]


@_compiled
def _emit_edge(t: int, n: int, w: Weights, out: Floats) -> None:
    """Add what the model says where its window leaves the text."""
    for o in range(5):
        i = t + o - 2
        if i < 0:
            out[t] += w.before[o]
        elif i >= n:
            out[t] += w.after[o]
    for s in range(7):
        i = t + (s - 2 if s < 4 else s - 6)
        if i < 0:
            out[t] += w.before[5 + s]
        elif i + (1 if s < 4 else 2) >= n:
            out[t] += w.after[5 + s]


@_compiled
def _best_path(e: Floats, transitions: Floats, back: npt.NDArray[np.uint8], margins: Floats, labels: npt.NDArray[np.uint8]) -> float:
    """Write the best labels and return the smallest margin by which any decision on their path was taken."""
    n = len(e)
    to_begin, to_inside = transitions[1, 0] - transitions[0, 0], transitions[1, 1] - transitions[0, 1]
    lead = e[0]
    for t in range(1, n):
        # `lead`: by how much the best path to "inside" beats the best path to "begins", one token back.
        begin, inside = lead + to_begin, lead + to_inside
        back[t, 0], back[t, 1] = begin > 0, inside > 0
        margins[t, 0], margins[t, 1] = abs(begin), abs(inside)
        lead = transitions[0, 1] - transitions[0, 0] + max(inside, 0.0) - max(begin, 0.0) + e[t]
    label = 1 if lead > 0 else 0
    smallest = abs(lead)
    labels[n - 1] = label
    for t in range(n - 1, 0, -1):
        smallest = min(smallest, margins[t, label])
        label = back[t, label]
        labels[t - 1] = label
    return smallest


@_compiled
def decide(tokens: Ints, ends: Ints, exact: Ints, lower: Ints, flags: Ints, w: Weights) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.bool_]]:
    """Return a label a token (1: inside a word) and, a text, whether some decision was too close to be sure of.

    ``exact``, ``lower``, ``flags`` are by token number; ``ends`` says where each text's tokens end.
    """
    longest, start = 0, 0
    for end in ends:
        longest = max(longest, end - start)
        start = end
    labels = np.zeros(len(tokens), np.uint8)
    unsure = np.zeros(len(ends), np.bool_)
    e, margins, back = np.empty(longest), np.empty((longest, 2)), np.empty((longest, 2), np.uint8)
    start = 0
    for text in range(len(ends)):
        end = ends[text]
        n = end - start
        if n > 0:
            _emit(tokens[start:end], exact, lower, flags, w, e[:n])
            margin = _best_path(e[:n], w.transitions, back, margins, labels[start:end])
            unsure[text] = margin < tolerance(n, w.bound)
            labels[start] = 0  # the first token begins a word whatever its label
        start = end
    return labels, unsure
