"""From text to token numbers: underthesea's own regular expression, run once a chunk and remembered.

A chunk is what stands between white space. Its tokens are the same wherever it stands, because no alternative of the expression matches
white space, and those that look around look at one character: ``(?<!@)``, ``(?!@)``, ``\\b`` and ``(?=\\s)`` cannot tell one white space
from another or from the ends of the text. One can: ``[A-ZĐ]+\\.(?!$)`` ("TP." is one token, but two at the very end), and ``$`` also
matches before a closing line feed. So a chunk is read with a space behind it, and a last one that ends in a full stop as it stands.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

from features.segment.tables import Tables

#: Chunks remembered before all is forgotten: some 100 MB. Real listings bring six new ones each, even after 40,000 of them.
MAX_CHUNKS = 250_000
#: Characters remembered, so that a few absurdly long chunks weigh what they cost.
MAX_CHARACTERS = 10_000_000

Ints = npt.NDArray[np.int64]


class Chunks(dict[str, int]):
    """Chunk → its number; a chunk not seen before is read on the way (a full stop that ends the text: chunk + line feed).

    ``pieces[2 * token + label]`` is the token as it continues a line of words: after a line feed where it begins one.
    """

    def __init__(self, tables: Tables, *, max_chunks: int = MAX_CHUNKS) -> None:
        from underthesea_core import CRFFeaturizer

        super().__init__()
        self.max_chunks = max_chunks
        self._tables = tables
        self._tokens_in = re.compile(tables.pattern, re.VERBOSE | re.UNICODE).finditer
        # Asked once a token, so that case and "isdigit" are what they are there: Rust's, not Python's.
        self._classes_of = CRFFeaturizer(["T[0].lower", "T[0].isdigit", "T[0].istitle"], set()).process
        self.forget()

    def forget(self) -> None:
        """Forget every chunk and token; numbers given out before are void."""
        self.clear()
        self._numbers: dict[str, int] = {}
        self._characters = 0
        self.pieces: list[str] = []
        self._starts, self._flat = _Growing(), _Growing()
        self._exact, self._lower, self._flags = _Growing(), _Growing(), _Growing()
        self._starts.append(0)

    def full(self) -> bool:
        """True where it is time to forget."""
        return len(self) >= self.max_chunks or self._characters >= MAX_CHARACTERS

    def numbers(self, texts: Sequence[str]) -> tuple[Ints, Ints]:
        """Return the chunk numbers of all texts, one after another, and where each text's end."""
        chunks: list[str] = []
        ends = np.empty(len(texts), dtype=np.int64)
        for number, text in enumerate(texts):
            text = self._standard(text)
            chunks += text.split()
            if text.endswith((".", ".\n")):
                chunks[-1] += "\n"
            ends[number] = len(chunks)
        return np.fromiter(map(self.__getitem__, chunks), dtype=np.int64, count=len(chunks)), ends

    def layout(self) -> tuple[Ints, Ints]:
        """Return ``starts`` and ``flat``: the tokens of chunk ``c`` are ``flat[starts[c]:starts[c + 1]]``."""
        return self._starts.values(), self._flat.values()

    def classes(self) -> tuple[Ints, Ints, Ints]:
        """Return, by token number: exact spelling, lower-case word (0: unknown to the model) and flags (1 a number, 2 a title)."""
        return self._exact.values(), self._lower.values(), self._flags.values()

    def __missing__(self, chunk: str) -> int:
        tokens = [self._token(token) for token in self._split(chunk)]
        self._flat.extend(tokens)
        self._starts.append(len(self._flat))
        self._characters += len(chunk)
        number = self[chunk] = len(self)
        return number

    def _standard(self, text: str) -> str:
        text = unicodedata.normalize("NFC", text)
        for odd, standard in self._tables.letters.items():
            text = text.replace(odd, standard)
        return text

    def _split(self, chunk: str) -> Iterable[str]:
        # Letters alone are one token: every alternative that could be first needs a digit, a sign or "ʺ" (a letter to Python), but
        # "Th.S" and "Th.s", whose full stop stands for any character.
        if chunk.isalpha() and not chunk.startswith("Th") and "ʺ" not in chunk:
            return (chunk,)
        return [found[0] for found in self._tokens_in(chunk if chunk[-1] == "\n" else chunk + " ")]

    def _token(self, token: str) -> int:
        if len(token) <= 6:
            token = self._standard(token)
            token = self._tables.tokens.get(token, token)
        known = self._numbers.get(token)
        return self._new_token(token) if known is None else known

    def _new_token(self, token: str) -> int:
        lower, digits, title = self._classes_of([[[token]]])[0][0]
        number = self._numbers[token] = len(self._numbers)
        self._exact.append(self._tables.exact.get(token, 0))
        self._lower.append(self._tables.lower.get(lower.removeprefix("T[0].lower="), 0))
        self._flags.append(digits.endswith("=True") + 2 * title.endswith("=True"))
        self.pieces += ("\n" + token, " " + token)
        self._characters += len(token)
        return number


class _Growing:
    """Whole numbers in an array that doubles when it is full."""

    def __init__(self) -> None:
        self._array = np.empty(1024, dtype=np.int64)
        self._used = 0

    def __len__(self) -> int:
        return self._used

    def append(self, value: int) -> None:
        if self._used == len(self._array):
            self._array = np.concatenate([self._array, np.empty_like(self._array)])
        self._array[self._used] = value
        self._used += 1

    def extend(self, values: Iterable[int]) -> None:
        for value in values:
            self.append(value)

    def values(self) -> Ints:
        return self._array[: self._used]
