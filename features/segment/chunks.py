"""From text to token numbers: underthesea's own regular expression, run once a chunk and remembered.

A chunk is what stands between white space. Its tokens are the same wherever it stands, because no alternative of the expression matches
white space, and those that look around look at one character: ``(?<!@)``, ``(?!@)``, ``\\b`` and ``(?=\\s)`` cannot tell one white space
from another or from the ends of the text. One can: ``[A-ZĐ]+\\.(?!$)`` ("TP." is one token, but two at the very end), and ``$`` also
matches before a closing line feed. So a chunk is read with a space behind it, and a last one that ends in a full stop as it stands.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Sequence
from typing import Any

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
        super().__init__()
        self.max_chunks = max_chunks
        self._letters = list(tables.letters.items())
        self._tokens_in = re.compile(without_groups(tables.pattern), re.VERBOSE | re.UNICODE).findall
        self._tokens = Tokens(tables)
        self._starts, self._flat, self._characters = _Growing(), _Growing(), 0
        self.forget()

    @property
    def pieces(self) -> list[str]:
        """By twice the token's number plus its label."""
        return self._tokens.pieces

    def forget(self) -> None:
        """Forget every chunk and token; numbers given out before are void."""
        self.clear()
        self._tokens.forget()
        self._starts, self._flat, self._characters = _Growing(), _Growing(), 0
        self._starts.append(0)

    def full(self) -> bool:
        """True where it is time to forget."""
        return len(self) >= self.max_chunks or self._characters >= MAX_CHARACTERS

    def numbers(self, texts: Sequence[str]) -> tuple[Ints, Ints]:
        """Return the chunk numbers of all texts, one after another, and where each text's end."""
        chunks: list[str] = []
        ends = np.empty(len(texts), dtype=np.int64)
        for number, text in enumerate(texts):
            text = unicodedata.normalize("NFC", text)
            for odd, standard in self._letters:
                text = text.replace(odd, standard)
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
        return self._tokens.classes()

    def hashes(self) -> npt.NDArray[np.uint64]:
        """Return a hash by token number: the same for the same letters, whatever their case, on every machine and in every run."""
        return self._tokens.hashes()

    def __missing__(self, chunk: str) -> int:
        tokens = [self._tokens[token] for token in self._split(chunk)]
        self._flat.extend(tokens)
        self._starts.append(len(self._flat))
        self._characters += len(chunk)
        number = self[chunk] = len(self)
        return number

    def _split(self, chunk: str) -> list[str]:
        # Letters alone are one token: every alternative that could come first needs a digit, a sign or "ʺ" (a letter to Python), but
        # "Th.S" and "Th.s", whose full stop stands for any character.
        if chunk.isalpha() and not chunk.startswith("Th") and "ʺ" not in chunk:
            return [chunk]
        found: list[str] = self._tokens_in(chunk if chunk[-1] == "\n" else chunk + " ")
        return found


class Tokens(dict[str, int]):
    """Token as the expression finds it → its number, as underthesea then spells it ("baì" and "bài" are one token)."""

    def __init__(self, tables: Tables) -> None:
        from underthesea_core import CRFFeaturizer  # type: ignore[import-untyped]

        super().__init__()
        self._tables = tables
        # Asked once a token, so that case and "isdigit" are what they are there: Rust's, not Python's.
        self._classes_of = CRFFeaturizer(["T[0].lower", "T[0].isdigit", "T[0].istitle"], set()).process
        self.forget()

    def forget(self) -> None:
        """Forget every token."""
        self.clear()
        self._numbers: dict[str, int] = {}
        self.pieces: list[str] = []
        self._exact, self._lower, self._flags, self._hashes = _Growing(), _Growing(), _Growing(), _Growing(np.uint64)

    def classes(self) -> tuple[Ints, Ints, Ints]:
        """See ``Chunks.classes``."""
        return self._exact.values(), self._lower.values(), self._flags.values()

    def hashes(self) -> npt.NDArray[np.uint64]:
        """See ``Chunks.hashes``."""
        self._hashes.extend([token_hash(piece[1:]) for piece in self.pieces[2 * len(self._hashes) :: 2]])
        return self._hashes.values()

    def __missing__(self, found: str) -> int:
        # underthesea normalises a short token once more; what is cut from normalised text is normalised, so only its table is left.
        token = self._tables.tokens.get(found, found) if len(found) <= 6 else found
        number = self._numbers.get(token)
        if number is None:
            number = self._new(token)
        self[found] = number
        return number

    def _new(self, token: str) -> int:
        lower, digits, title = self._classes_of([[[token]]])[0][0]
        self._exact.append(self._tables.exact.get(token, 0))
        self._lower.append(self._tables.lower.get(lower.removeprefix("T[0].lower="), 0))
        self._flags.append(digits.endswith("=True") + 2 * title.endswith("=True"))
        self.pieces += ("\n" + token, " " + token)
        number = self._numbers[token] = len(self._numbers)
        return number


_PIECES = re.compile(r"\\.|\[\^?(?:\\.|[^\]\\])*\]|\#[^\n]*|\(\?P<\w+>|\((?!\?)", re.DOTALL)


def without_groups(pattern: str) -> str:
    """Return the verbose ``pattern`` with nothing captured: the same matches, a third sooner."""
    return _PIECES.sub(lambda piece: {"(": "(?:", "#": ""}.get(piece[0][0], piece[0]), pattern)


def token_hash(token: str) -> int:
    """Return 64 bits of BLAKE2b of the lower-case token."""
    return int.from_bytes(hashlib.blake2b(token.lower().encode("utf-8"), digest_size=8).digest(), "little")


class _Growing:
    """Whole numbers in an array that doubles when it is full; new ones wait in a list until they are asked for."""

    def __init__(self, dtype: type[np.integer[Any]] = np.int64) -> None:
        self._array, self._used = np.empty(1024, dtype=dtype), 0
        self._waiting: list[int] = []
        self.append, self.extend = self._waiting.append, self._waiting.extend

    def __len__(self) -> int:
        return self._used + len(self._waiting)

    def values(self) -> npt.NDArray[Any]:
        size = len(self)
        if size > len(self._array):
            self._array = np.concatenate([self._array[: self._used], np.empty(size, self._array.dtype)])
        self._array[self._used : size] = self._waiting
        self._used = size
        self._waiting.clear()
        return self._array[:size]
