"""What a calibrated model promised of issued rows against what was found, as outcomes come in, by the month of the list."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from pipeline.monitor.checks import Check
from pipeline.monitor.settings import CalibrationRule
from pipeline.register.coverage import Coverage

TOTAL = ""


class Promise(NamedTuple):
    """Of ``decided`` rows of a ``month`` (empty: all) ``expected`` finds were promised and ``found`` made; 95 % interval of that count."""

    month: str
    decided: int
    expected: float
    found: int
    low: float
    high: float


def promises(known: Coverage) -> list[Promise]:
    """Return all months together and then each; nothing where no decided row had an expectation behind it."""
    if known.rows.empty:
        return []
    dated = replace(known, rows=known.rows.assign(month=[day.strftime("%Y-%m") for day in known.rows["list_date"]]))
    tables = [known.by().assign(month=TOTAL), dated.by("month")]
    return [
        Promise(row.month, int(row.n_expected), round(row.expected, 2), int(row.found_of_expected), round(row.found_low, 2), round(row.found_high, 2))
        for table in tables
        for row in table.itertuples()
        if row.n_expected
    ]


def check_promises(told: list[Promise], rule: CalibrationRule) -> Check:
    """Return whether all months' finds are so far from the promise that the interval does not hold it."""
    if not told:
        return Check("calibration", "", "silent", None, 0.0, None, 0, "no_outcomes")
    one = told[0]
    value = round((one.found - one.expected) / one.decided, 4)
    # As far as the interval reaches on the side where the promise lies.
    chance = round((one.found - one.low if value > 0 else one.high - one.found) / one.decided, 4)
    if one.decided < rule.least:
        return Check("calibration", "", "silent", value, chance, chance, one.decided, "too_few")
    return Check("calibration", "", "quiet" if one.low <= one.expected <= one.high else "alert", value, chance, chance, one.decided)
