"""One batch of raw records, read through a mapping, as the columns of the listings table."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd

from pipeline.sources.addresses import fill_from_addresses
from pipeline.sources.batch import Batch
from pipeline.sources.figures import number
from pipeline.sources.mapping import FieldSpec, SourceMapping, dig, is_name
from pipeline.sources.phones import mask, may_hold_phone, phone_key
from pipeline.sources.tax_codes import mask_tax_codes, stored_tax_code
from pipeline.sources.texts import clean
from pipeline.sources.times import moment
from pipeline.sources.values import SCALARS, spelled, text
from pipeline.tables.listings import COLUMNS

#: Prices up to this many dong are no prices on any Vietnamese site: gifts, add-ons, decoys ("1.000đ").
PLACEHOLDER_UP_TO = 1_000
_DECOYS = frozenset({1234, 12345, 123456, 1234567, 12345678, 123456789, 1111, 11111, 111111, 1111111, 11111111, 9999999999})
_HIGHEST = 1e12
_PRICES = ("price_vnd", "list_price_vnd")
_RATINGS = ("rating", "seller_rating")
_IDS = ("platform", "listing_id", "seller_id")
#: Texts a person may read, in which sellers leave their numbers. Addresses and ids stay as they are: they are what a reader must find again.
_MASKED = ("title", "description", "seller_name", "variants", "location", "brand", "category", "seller_type")
_EARLIEST = 1990
_WHOLE = re.compile(r"^(-?\d{1,18})\.0+$")
#: A capture is given as the first moment of its day, month or year; what happened in that span happened before it.
_SPAN = {"second": timedelta(days=2), "day": timedelta(days=3), "month": timedelta(days=33), "year": timedelta(days=368)}


def normalise(
    batch: Batch, mapping: SourceMapping, *, file_time: datetime, latest: datetime, key: bytes, folder_time: datetime | None = None
) -> pd.DataFrame:
    """Return one row per record with the listing columns that depend on it (no ``source_*``, ``observes``, ``row_hash``).

    Ids and titles may be missing here; the caller quarantines those rows. A capture after ``latest`` is a slip and counts as not given.
    Where none is given it is the day of the folder (``folder_time``), else the mapping's default, else the file's date.
    """
    records = mapping.named(batch.records)
    n = len(records)
    seen = set().union(*records) if records else set()
    values = {name: _column(records, spec, seen) for name, spec in mapping.fields.items()}
    flags: list[list[str]] = [[] for _ in range(n)]
    if mapping.address is not None:
        fill_from_addresses(values, _column(records, FieldSpec(path=(mapping.address,)), seen), flags)
    captured, precision, until = _captured(values.pop("captured_at", [None] * n), mapping, file_time, folder_time, latest, flags)
    columns: dict[str, Any] = {"captured_at": _times(captured), "captured_precision": pd.Series(precision, dtype="str")}
    for name, (kind, _, _) in COLUMNS.items():
        if name in columns:
            continue
        found, spec = values.get(name, [None] * n), mapping.fields.get(name)
        if found.count(None) == n:
            columns[name] = pd.Series([None] * n, dtype="object").astype(kind)
        elif kind.startswith("datetime"):
            columns[name] = _times(_moments(found, spec, captured, until, flags))
        elif kind == "boolean":
            columns[name] = pd.Series(_parse(found, spec, "flag"), dtype="boolean")
        elif kind == "float64":
            columns[name] = pd.Series(_numbers(found, spec, name, flags), dtype="float64")
        else:
            columns[name] = pd.Series(_texts(found, spec, name, mapping, flags), dtype="str")
    for name in mapping.fields:
        if name.startswith("x_"):
            columns[name] = _further(values[name], mapping.fields[name], flags)
    table = pd.DataFrame(columns)
    further = [name for name, spec in mapping.fields.items() if name.startswith("x_") and spec.kind == "text"]
    _mask_phones(table, (*_MASKED, *further), values.get("contact_keys", [None] * n), key)
    _mask_tax_codes(table, key)
    table["platform"] = table["platform"].str.lower()
    table["flags"] = pd.Series([",".join(sorted(set(names))) or None for names in flags], dtype="str")
    return table


def _column(records: list[dict[str, Any]], spec: FieldSpec, seen: set[str]) -> list[Any]:
    """What each record has for a field; ``seen`` are the names any record has, so that names nobody has are not looked for."""
    if spec.template is not None:
        names = re.findall(r"\{([^{}]+)\}", spec.template)
        return [_fill(spec.template, names, record) for record in records]
    paths = [path for path in spec.path if path in seen or not is_name(path)]
    if not paths:
        return [spec.const] * len(records)
    nothing = {_plain(value) for value in spec.none_values}
    if len(paths) == 1 and not nothing and spec.extract is None and spec.values is None and spec.const is None:
        return _plain_column(records, paths[0])
    out = []
    for record in records:
        value = None
        for path in paths:
            value = record[path] if path in record else dig(record, path)
            if value is not None and value != "" and value != [] and not (nothing and _plain(value) in nothing):
                break
            value = None
        out.append(_extract(value, spec) if value is not None else spec.const)
    return out


def _plain_column(records: list[dict[str, Any]], path: str) -> list[Any]:
    """The short way for most fields of most tables."""
    found = [record[path] if path in record else dig(record, path) for record in records]
    return [None if value == "" or value == [] else value for value in found]


def _plain(value: Any) -> str:
    """A value as a mapping spells it: 0, 0.0 and a cell "0.0" are all "0"."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, str):
        return _WHOLE.sub(r"\1", value)
    return spelled(value) if not isinstance(value, int) or abs(value) < 10**30 else ""


def _extract(value: Any, spec: FieldSpec) -> Any:
    if spec.extract is not None:
        found = re.search(spec.extract, (text(value) or "")[:10_000])
        value = found[1] if found else None
    if spec.values is not None and value is not None:
        return spec.values.get(_plain(value), spec.values.get("*", value))
    return value


def _fill(template: str, names: list[str], record: dict[str, Any]) -> str | None:
    filled = template
    for name in names:
        value = text(dig(record, name))
        if value is None:
            return None
        filled = filled.replace("{" + name + "}", value)
    return filled


def _parse(found: list[Any], spec: FieldSpec | None, default: str) -> list[Any]:
    read = SCALARS[(spec.parse if spec is not None and spec.parse else None) or default]
    return [None if value is None else read(value) for value in found]


def _numbers(found: list[Any], spec: FieldSpec | None, name: str, flags: list[list[str]]) -> list[float | None]:
    parsed = _parse(found, spec, "price" if name in _PRICES else "number")
    divisor = spec.divide_by if spec is not None else 1.0
    out: list[float | None] = []
    for row, value in enumerate(parsed):
        if value is not None and divisor != 1.0:
            value = value / divisor
        problem = _oddity(name, found[row], value)
        if problem:
            flags[row].append(problem)
        out.append(None if problem or (name in _PRICES and _is_placeholder(value)) else value)
    return out


def _is_placeholder(value: float | None) -> bool:
    return value is not None and (value <= PLACEHOLDER_UP_TO or value >= _HIGHEST or value in _DECOYS)


def _oddity(name: str, given: Any, value: float | None) -> str | None:
    """The flag of a figure that is nulled because it cannot be true."""
    if name in _PRICES:
        if value is None:
            return "price_unreadable" if given is not None and given == given else None
        return "price_placeholder" if name == "price_vnd" and _is_placeholder(value) else None
    if value is None or name == "source_line":
        return None
    highest = 5.0 if name in _RATINGS else _HIGHEST
    return None if 0 <= value <= highest else "value_odd"


def _texts(found: list[Any], spec: FieldSpec | None, name: str, mapping: SourceMapping, flags: list[list[str]]) -> list[str | None]:
    parsed = _parse(found, spec, "text")
    html = spec is not None and spec.html
    boilerplate = mapping.boilerplate if name == "description" else ()
    out = [None if value is None else clean(value, html=html, boilerplate=boilerplate, flags=flags[row]) for row, value in enumerate(parsed)]
    return [value.strip() if value else None for value in out] if name in _IDS else out


def _captured(
    found: list[Any], mapping: SourceMapping, file_time: datetime, folder_time: datetime | None, latest: datetime, flags: list[list[str]]
) -> tuple[list[datetime], list[str], list[datetime]]:
    """Capture, how exact it is, and the last moment at which anything in the row can have happened."""
    named = (folder_time, "day") if folder_time is not None else None
    default = named or (moment(mapping.captured_at) if mapping.captured_at else None)
    times, precision, until = [], [], []
    for row, value in enumerate(found):
        read = moment(value) if value is not None else None
        if read is not None and not (_EARLIEST <= read[0].year and read[0] <= latest):
            flags[row].append("time_odd")
            read = None
        when, how = read or default or (file_time, "file")
        times.append(when)
        precision.append(how)
        # A mapping's default or a file's date is a guess, and no measure for what the payload itself says.
        until.append(when + _SPAN[how] if read is not None else latest)
    return times, precision, until


def _moments(
    found: list[Any], spec: FieldSpec | None, captured: list[datetime], until: list[datetime], flags: list[list[str]]
) -> list[datetime | None]:
    if spec is not None and spec.days_before_capture:
        days = [number(value) for value in found]
        return [
            when - timedelta(days=day) if day is not None and 0 <= day < 40_000 and when.year - day / 365 > _EARLIEST else None
            for day, when in zip(days, captured, strict=True)
        ]
    out: list[datetime | None] = []
    for row, read in enumerate(_parse(found, spec, "time")):
        when = read[0] if read is not None else None
        if when is not None and not (_EARLIEST <= when.year and when <= until[row]):
            flags[row].append("time_odd")
            when = None
        out.append(when)
    return out


def _times(values: Sequence[datetime | None]) -> pd.Series:
    return pd.Series(pd.to_datetime(pd.Series(list(values), dtype="object"), utc=True)).astype("datetime64[us, UTC]")


def _further(found: list[Any], spec: FieldSpec, flags: list[list[str]]) -> pd.Series:
    parsed = _parse(found, spec, spec.kind)
    if spec.kind == "text":
        kept = [None if value is None else clean(value, html=spec.html, boilerplate=(), flags=flags[row]) for row, value in enumerate(parsed)]
        return pd.Series(kept, dtype="str")
    if spec.kind == "flag":
        return pd.Series(parsed, dtype="boolean")
    return pd.Series([np.nan if v is None or isinstance(v, tuple) else v / spec.divide_by for v in parsed], dtype="float64")


def _mask_phones(table: pd.DataFrame, names: tuple[str, ...], given: list[Any], key: bytes) -> None:
    """Mask phone numbers and persons' tax codes in the texts ``names`` and collect their keyed hashes, with those of a mapped column of numbers."""
    keys = [_given_keys(value, key) for value in given]
    for name in names:
        cells = table[name].tolist()
        suspects = {cell for cell in set(cells) if isinstance(cell, str) and may_hold_phone(cell)}
        for row in (row for row, cell in enumerate(cells) if cell in suspects):
            cells[row], found = mask(cells[row], key)
            # Twelve digits in a row are suspect as a phone number, too: no other cell can hold a person's tax code.
            cells[row] = mask_tax_codes(cells[row])
            keys[row] += found
        if suspects:
            table[name] = pd.Series(cells, dtype="str", index=table.index)
    table["contact_keys"] = pd.Series([";".join(sorted(set(found))) or None for found in keys], dtype="str")


def _mask_tax_codes(table: pd.DataFrame, key: bytes) -> None:
    """Mask the twelve digits of households and persons in the columns of numbers; a keyed hash stands behind, so that joins hold."""
    for name in ("tax_code", "licence_no"):
        table[name] = table[name].map(lambda code: stored_tax_code(code, key), na_action="ignore").astype("str")


def _given_keys(value: Any, key: bytes) -> list[str]:
    """The keyed hashes of a cell a mapping names as ``contact_keys``: one number, a list of them, or a text with some."""
    cell = text(value) or ""
    numbers = [found for part in cell.split(";") if (found := phone_key(part, key))]
    return numbers or mask(cell, key)[1]
