"""The range a fine may lie in, by what its bracket is measured by. An estimate for the desk, never for the printed page.

Genuine value counts only where the decree says so; counterfeit marks go by the value of the infringing goods; stamps by units, cigarettes by
packs. Units *sold* are not stock: without a quantity seen or stated there is no estimate.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

from features.errors import DataError
from pipeline.law.citation import NO_BASIS, Instruments
from pipeline.law.tables import BASES, FULL_TEXT, UNVERIFIED, LawTables, in_force, split

NOT_ENOUGH = "Chưa đủ dữ liệu để ước tính"
MILDER = "xem xét áp dụng quy định có lợi: mức phạt nhẹ hơn hoặc không còn quy định tại ngày"

#: One figure, or its lowest and highest.
Amount = float | tuple[float, float]


class FinePart(NamedTuple):
    """What one article gives: lowest and highest fine in dong, after doubling and the ceiling."""

    text_vi: str
    low: float
    high: float
    doubled: bool
    verified: bool


class FineEstimate(NamedTuple):
    """``low`` and ``high`` in dong (missing where data do not suffice), and the sentence that says either.

    ``favourable`` is true where the law of the list's date gives less, or nothing. For the officer's own file only: it must not stand on a
    printed list.
    """

    low: float | None
    high: float | None
    parts: tuple[FinePart, ...]
    text_vi: str
    verified: bool
    favourable: bool = False


def basis_values(
    *, quantity: Amount | None = None, asking_price: Amount | None = None, genuine_price: Amount | None = None
) -> dict[str, Amount]:
    """Return what ``fine_range`` measures by, from units at hand and prices in dong for one unit; no quantity, nothing.

    ``quantity`` is stock that was stated or counted. What a page says was *sold* is no stock and must not be passed.
    """
    if quantity is None:
        return {}
    found: dict[str, Amount] = {"units": quantity}
    if asking_price is not None:
        found["infringing_value"] = found["goods_value"] = _times(quantity, asking_price)
    if genuine_price is not None:
        found["genuine_value"] = _times(quantity, genuine_price)
    return found


def _times(left: Amount, right: Amount) -> Amount:
    (a, b), (c, d) = span(left), span(right)
    return (a * c, b * d)


def span(value: Amount) -> tuple[float, float]:
    """Return lowest and highest; raises `DataError` where they are reversed or below 0."""
    low, high = value if isinstance(value, tuple) else (value, value)
    if not 0 <= low <= high:
        raise DataError(f"an amount must be 0 or more, lowest before highest, not {value!r}")
    return float(low), float(high)


def check_basis(values: Mapping[str, Amount], known: Sequence[str]) -> None:
    """Raise `DataError` on a quantity that no table is measured by."""
    unknown = sorted(set(values) - set(known))
    if unknown:
        hint = " (units sold are not stock)" if "n_sold" in unknown else ""
        raise DataError(f"no fine or threshold is measured by {unknown}{hint}; known: {list(known)}")


class FineTable:
    """Brackets by taxonomy code."""

    def __init__(self, tables: LawTables, instruments: Instruments) -> None:
        self._instruments = instruments
        self._sets: dict[str, dict[str, list]] = {}
        for row in tables.frames["fine_brackets"].itertuples(index=False):
            for code in split(row.codes):
                self._sets.setdefault(code, {}).setdefault(row.bracket_set, []).append(row)
        self._doubled = [(row.goods_group, split(row.bracket_sets), row) for row in tables.frames["doubled_groups"].itertuples(index=False)]

    def range(
        self,
        code: str,
        *,
        act_date: date,
        basis_values: Mapping[str, Amount],
        goods_group: str | None,
        is_organisation: bool | None,
        as_of: date | None = None,
    ) -> FineEstimate:
        """Return the range for one taxonomy code on the day of the act; ``is_organisation`` missing spans both kinds of seller.

        With ``as_of`` it is compared with what the law of that day gives, in favour of whoever acted. Raises `DataError` where ``basis_values``
        names a quantity that no bracket is measured by.
        """
        check_basis(basis_values, BASES)
        then = self._on(code, act_date, basis_values, goods_group, is_organisation)
        if as_of is None or then.low is None or then.high is None:
            return then
        now = self._on(code, as_of, basis_values, goods_group, is_organisation)
        if now.low is not None and now.high is not None and now.low >= then.low and now.high >= then.high:
            return then
        return then._replace(favourable=True, text_vi=f"{then.text_vi} – {MILDER} {as_of:%d/%m/%Y}")

    def _on(
        self, code: str, day: date, values: Mapping[str, Amount], goods_group: str | None, is_organisation: bool | None
    ) -> FineEstimate:
        standing = {
            name: rows
            for name, all_rows in self._sets.get(code, {}).items()
            if (rows := [row for row in all_rows if in_force(row.valid_from, row.valid_to, day)])
        }
        if not standing:
            return FineEstimate(None, None, (), NO_BASIS, False)
        measured = {name: hit for name, rows in standing.items() if (hit := _hit(rows, values))}
        if not measured:
            return FineEstimate(None, None, (), NOT_ENOUGH, False)
        parts = tuple(
            self._part(name, rows, act_date=day, goods_group=goods_group, is_organisation=is_organisation) for name, rows in measured.items()
        )
        low, high = min(part.low for part in parts), max(part.high for part in parts)
        verified = all(part.verified for part in parts)
        return FineEstimate(low, high, parts, _sentence(low, high, parts, is_organisation, verified), verified)

    def _part(self, name: str, rows: list, *, act_date: date, goods_group: str | None, is_organisation: bool | None) -> FinePart:
        doubling = self._doubling(name, goods_group, act_date)
        factor = doubling.factor if doubling else 1.0
        lowest, highest = (2 if is_organisation else 1), (1 if is_organisation is False else 2)
        verified = all(row.verified == FULL_TEXT for row in rows) and (doubling is None or doubling.verified == FULL_TEXT)
        return FinePart(
            text_vi=self._instruments.name(rows[0].article, rows[0].instrument, act_date) + (f"; gấp hai: {doubling.why_vi}" if doubling else ""),
            low=min(rows[0].fine_min * factor, rows[0].cap_individual) * lowest,
            high=min(rows[-1].fine_max * factor, rows[-1].cap_individual) * highest,
            doubled=doubling is not None,
            verified=verified,
        )

    def _doubling(self, name: str, goods_group: str | None, act_date: date) -> Any:
        fitting = (row for group, sets, row in self._doubled if group == goods_group and name in sets)
        return next((row for row in fitting if in_force(row.valid_from, row.valid_to, act_date)), None)


def _hit(rows: list, values: Mapping[str, Amount]) -> list:
    """The brackets that the amount touches, lowest first; none where the amount is not known or is nought."""
    if rows[0].basis == "fixed":
        return rows
    if rows[0].basis not in values:
        return []
    low, high = span(values[rows[0].basis])
    if high == 0:
        return []
    return [row for row in sorted(rows, key=lambda row: row.lower) if _within(row, low, high)]


def _within(row: Any, low: float, high: float) -> bool:
    """"over a to b" takes its upper end in, "from a to under b" its lower end."""
    upper = float("inf") if row.upper is None else row.upper
    if row.bound == "over":
        return bool(low <= upper and high > row.lower)
    return bool(low < upper and high >= row.lower)


def _sentence(low: float, high: float, parts: tuple[FinePart, ...], is_organisation: bool | None, verified: bool) -> str:
    who = {True: "tổ chức", False: "cá nhân, hộ kinh doanh", None: "cá nhân đến tổ chức"}[is_organisation]
    articles = "; ".join(part.text_vi for part in parts)
    mark = "" if verified else f" {UNVERIFIED}"
    return f"Khung phạt tham khảo ({who}): {_dong(low)} – {_dong(high)} ({articles}){mark}"


def _dong(value: float) -> str:
    return f"{value:,.0f}".replace(",", ".") + " đ"
