"""The 63 authorities of market surveillance until 30/06/2025, the 34 since, and which of them a displayed place points to on a day.

Seven province codes mean another province since the mergers, so a code always travels with its scheme. From an old authority to the new one the
way is exact; back it is not, unless a commune or the seller's own words say which part of the merged province is meant.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date
from typing import Any, NamedTuple

import pandas as pd

from features.canonical import canonicalise, plain
from features.errors import DataError
from pipeline.law.tables import FULL_TEXT, in_force
from pipeline.routing import place_key

LEGACY, CURRENT = SCHEMES = ("legacy63", "current34")


class Authority(NamedTuple):
    """One authority under one scheme; ``abbreviation`` (for row codes) exists in the current scheme only."""

    scheme: str
    code: str
    province: str
    name_vi: str
    abbreviation: str | None
    verified: bool

    @property
    def full_code(self) -> str:
        """Code with its scheme, the only form to store: "current34:15"."""
        return f"{self.scheme}:{self.code}"


class LegacyGuess(NamedTuple):
    """``authority`` where commune or text decides, else ``None``; ``candidates`` are all it may be; ``why_vi`` says what decided or is missing."""

    authority: Authority | None
    candidates: tuple[Authority, ...]
    why_vi: str


class Authorities:
    """Both schemes by code, by place and by day."""

    def __init__(self, table: pd.DataFrame, provinces: pd.DataFrame) -> None:
        """``table`` is ``configs/reference/authorities.csv``, ``provinces`` ``provinces.csv`` (both as `load_table` reads them)."""
        self._rows: dict[tuple[str, str], list[Any]] = {}
        for row in table.itertuples(index=False):
            self._rows.setdefault((row.scheme, row.code), []).append(row)
        self._legacy_names = {place_key(row.legacy_name): row.legacy_code for row in provinces.itertuples()}
        self._current_names = {place_key(row.current_name): row.current_code for row in provinces.itertuples()}
        self._successors = {row.code: row.successor_code for (scheme, _), rows in self._rows.items() if scheme == LEGACY for row in rows}

    def get(self, full_code: str, as_of: date) -> Authority:
        """Return the authority of "scheme:code" with the name it bears on ``as_of`` (before or after its time: the nearest one it bore).

        Raises `DataError` for a code without scheme (seven codes changed their meaning) or an unknown one.
        """
        scheme, colon, code = full_code.partition(":")
        if not colon:
            raise DataError(
                f"code {full_code!r} has no scheme: seven codes mean another province since 01/07/2025; "
                f"write {LEGACY}:{full_code} or {CURRENT}:{full_code}"
            )
        rows = self._rows.get((scheme, code))
        if not rows:
            raise DataError(f"no authority {full_code!r}; schemes are {list(SCHEMES)}, codes as in configs/reference/authorities.csv")
        return _authority(min(rows, key=lambda row: _distance(row, as_of)))

    def all(self, as_of: date) -> list[Authority]:
        """Return the authorities that stand on ``as_of``, by code: 63 before the mergers, 34 after; none before the table begins."""
        standing = [row for rows in self._rows.values() for row in rows if _stands(row, as_of)]
        return [_authority(row) for row in sorted(standing, key=lambda row: row.code)]

    def scheme(self, as_of: date) -> str:
        """Return the scheme that counts on ``as_of``; raises `DataError` before the table begins."""
        standing = self.all(as_of)
        if not standing:
            raise DataError(f"configs/reference/authorities.csv knows no authority on {as_of}; give a later as_of or add rows")
        return standing[0].scheme

    def successor(self, legacy: Authority, as_of: date) -> Authority:
        """Return the current authority that took over from ``legacy``: always exactly one."""
        if legacy.scheme != LEGACY:
            raise DataError(f"{legacy.full_code} is no legacy authority; only those have a successor")
        return self.get(f"{CURRENT}:{self._successors[legacy.code]}", as_of)

    def predecessors(self, current: Authority, as_of: date) -> tuple[Authority, ...]:
        """Return the legacy authorities merged into ``current``, one to three."""
        return tuple(self.get(f"{LEGACY}:{code}", as_of) for code, successor in self._successors.items() if successor == current.code)

    def to_legacy(
        self, current: Authority, as_of: date, *, source_text: str | None = None, commune: str | None = None, communes: pd.DataFrame | None = None
    ) -> LegacyGuess:
        """Say which legacy authority is meant, where a commune (with a table ``commune, legacy_code``) or the source's words decide.

        A merged province's own name decides nothing: "Gia Lai" today may mean Bình Định.
        """
        candidates = self.predecessors(current, as_of)
        if len(candidates) == 1:
            return LegacyGuess(candidates[0], candidates, "chỉ có một đơn vị cũ")
        if commune is not None and communes is not None:
            codes = set(communes.loc[communes["commune"].map(_words).eq(_words(commune)), "legacy_code"]) & {one.code for one in candidates}
            if len(codes) == 1:
                return LegacyGuess(self.get(f"{LEGACY}:{codes.pop()}", as_of), candidates, f"theo xã, phường: {commune}")
        named = _named(source_text, candidates, current) if source_text else []
        if len(named) == 1:
            return LegacyGuess(named[0], candidates, f"theo nguyên văn: {source_text}")
        return LegacyGuess(None, candidates, "cần xã, phường hoặc nguyên văn địa chỉ để biết đơn vị cũ")

    def of(self, location_text: str | None, as_of: date) -> Authority | None:
        """Return the authority a displayed place points to on ``as_of``; ``None`` (the central list) where it names no province."""
        if not isinstance(location_text, str) or not location_text.strip():
            return None
        name, scheme = place_key(location_text), self.scheme(as_of)
        legacy = self._legacy_names.get(name)
        if scheme == LEGACY:
            return None if legacy is None else self.get(f"{LEGACY}:{legacy}", as_of)
        current = self._current_names.get(name) or (self._successors[legacy] if legacy else None)
        return None if current is None else self.get(f"{CURRENT}:{current}", as_of)


def authority_of(location_text: str | None, provinces: pd.DataFrame, as_of: date, *, table: pd.DataFrame | None = None) -> Authority | None:
    """Return the authority for one place; for many places make one `Authorities` and ask `Authorities.of`."""
    return load_authorities(provinces, table).of(location_text, as_of)


def load_authorities(provinces: pd.DataFrame, table: pd.DataFrame | None = None) -> Authorities:
    """Return the authorities from ``table``, or from ``configs/reference/authorities.csv``."""
    from pipeline.config import load_table

    return Authorities(load_table("authorities") if table is None else table, provinces)


def _named(text: str, candidates: Iterable[Authority], current: Authority) -> list[Authority]:
    """Candidates whose legacy province the text names as a place of its own, unless that name is also the merged province's.

    "Tỉnh Hải Dương, Hải Phòng" and "(Bình Dương cũ)" do; "đường Thái Bình" is a street and does not.
    """
    folded = plain(canonicalise(text).folded)
    pieces = {place_key(re.sub(r"\s+cu\s*$", "", piece)) for piece in re.split(r"[,;|()\n]| - ", folded)}
    ambiguous = place_key(current.province)
    keys = {one: place_key(one.province) for one in candidates}
    return [
        one
        for one, key in keys.items()
        if key != ambiguous and (key in pieces or re.search(rf"\b(?:tinh|thanh pho|tp\.?) {re.escape(key)}\b", folded))
    ]


def _words(text: str) -> str:
    return " ".join("".join(letter if letter.isalnum() else " " for letter in plain(canonicalise(text).folded)).split())


def _authority(row: Any) -> Authority:
    abbreviation = row.abbreviation if isinstance(row.abbreviation, str) else None
    return Authority(row.scheme, row.code, row.province, row.name_vi, abbreviation, row.verified == FULL_TEXT)


def _days(row: Any) -> tuple[date, date]:
    return date.fromisoformat(row.valid_from), date.fromisoformat(row.valid_to) if isinstance(row.valid_to, str) else date.max


def _stands(row: Any, as_of: date) -> bool:
    return in_force(*_days(row), as_of)


def _distance(row: Any, as_of: date) -> int:
    first, last = _days(row)
    return max((first - as_of).days, (as_of - last).days, 0)
