"""Replace stretches of a text and keep the way back: which position of the original each new character stands for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Offsets = npt.NDArray[np.int32]


class Edit(NamedTuple):
    """``text[start:end]`` becomes ``new``; ``at`` holds one original position per new character, ``None`` where all stand at ``start``."""

    start: int
    end: int
    new: str
    at: Sequence[int] | None = None


def rewrite(text: str, edits: Sequence[Edit]) -> tuple[str, Offsets | None]:
    """Return the text after ``edits`` (left to right, not overlapping) and its offsets, ``None`` where no character moved.

    Offsets are ``len(new text) + 1`` positions in ``text``, never decreasing.
    """
    pieces: list[str] = []
    places: list[Offsets] = []
    all_places = np.arange(len(text) + 1, dtype=np.int32)
    last = 0
    moved = False
    for start, end, new, at in edits:
        pieces += (text[last:start], new)
        places.append(all_places[last:start])
        if at is None and len(new) == end - start:
            places.append(all_places[start:end])
        else:
            moved = True
            places.append(np.asarray(at if at is not None else [start] * len(new), dtype=np.int32))
        last = end
    pieces.append(text[last:])
    if not moved:
        return "".join(pieces), None
    return "".join(pieces), np.concatenate([*places, all_places[last:]])


def compose(first: Offsets | None, then: Offsets | None) -> Offsets | None:
    """Return the offsets of two rewritings made one after the other."""
    if first is None or then is None:
        return then if first is None else first
    return first[then]
