"""Which authority leads and which others are concerned, by displayed place and by day. A displayed place routes; it is no business address."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

import pandas as pd

from pipeline.authorities import LEGACY, Authorities, Authority, load_authorities
from pipeline.routing import CENTRAL, CENTRAL_ABBREVIATION, place_key


class Place(NamedTuple):
    """Where a row is listed: ``name`` is the authority's or the central list's, ``code`` has its scheme, ``area`` is the province displayed."""

    name: str
    code: str | None
    abbreviation: str
    area: str | None


NOWHERE = Place(CENTRAL, None, CENTRAL_ABBREVIATION, None)


@dataclass(frozen=True)
class Places:
    """The authorities of one day; before the table of authorities begins (``scheme`` is ``None``) all stands on the central list."""

    authorities: Authorities
    as_of: date
    scheme: str | None
    areas: dict[str, str]

    def of(self, text: object) -> Place:
        """Return where a displayed place leads; unknown, foreign and missing ones to the central list."""
        found = self.authorities.of(text, self.as_of) if self.scheme and isinstance(text, str) else None
        return NOWHERE if found is None else _place(found, self.areas.get(place_key(str(text))))

    def of_code(self, code: str) -> Place:
        """Return the place of "scheme:code" (as `authority_names` gives it), that of the successor where the authority has ended."""
        if code == CENTRAL or self.scheme is None:
            return NOWHERE
        found = self.authorities.get(code, self.as_of)
        if found.scheme == LEGACY and self.scheme != LEGACY:
            found = self.authorities.successor(found, self.as_of)
        return _place(found, None)


def places_on(as_of: date, provinces: pd.DataFrame) -> Places:
    """Return the places as of a day."""
    authorities = load_authorities(provinces)
    standing = authorities.all(as_of)
    areas = {place_key(row.current_name): str(row.current_name) for row in provinces.itertuples()}
    areas |= {place_key(row.legacy_name): str(row.legacy_name) for row in provinces.itertuples()}
    return Places(authorities, as_of, standing[0].scheme if standing else None, areas)


def authority_names(table: pd.DataFrame) -> dict[str, str]:
    """Return every way of naming an authority (full name, letters, code with scheme; case folded) with its code, or the central list's name.

    ``table`` is ``configs/reference/authorities.csv``. A name that both schemes know means the current authority.
    """
    names = {CENTRAL.casefold(): CENTRAL, CENTRAL_ABBREVIATION.casefold(): CENTRAL}
    for row in table.sort_values("scheme", ascending=False, key=lambda column: column.eq(LEGACY), kind="stable").itertuples():
        code = f"{row.scheme}:{row.code}"
        names |= {name.casefold(): code for name in (row.name_vi, code, row.abbreviation) if isinstance(name, str)}
    return names


def supporting(places: Iterable[Place], lead: Place) -> list[str]:
    """Return the other authorities concerned, each once, in the order of their names."""
    return sorted({place.name for place in places if place.code is not None} - {lead.name})


def _place(one: Authority, area: str | None) -> Place:
    # The old scheme had no letters of its own: C and its code, which no current authority bears.
    return Place(one.name_vi, one.full_code, one.abbreviation or f"C{one.code}", area)
