"""One batch of raw records, read through a mapping, as the columns of the listings table."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
from selectolax.lexbor import LexborHTMLParser

from pipeline.sources.mapping import FieldSpec, SourceMapping, dig
from pipeline.sources.phones import mask
from pipeline.sources.readers import Batch
from pipeline.sources.values import SCALARS, moment, text
from pipeline.tables.listings import COLUMNS

MAX_TEXT = 20_000
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_TAG = re.compile(r"<[A-Za-z!/][^>]{0,2000}>")
_TIMES = {name for name, (kind, _, _) in COLUMNS.items() if kind.startswith("datetime")}
_DEFAULT_PARSE = {"float64": "number", "boolean": "flag", "str": "text"}
#: Prices up to this many dong are no prices on any Vietnamese site: gifts, add-ons, decoys ("1.000đ").
PLACEHOLDER_UP_TO = 1_000
_DECOYS = frozenset({1234, 12345, 123456, 1234567, 12345678, 123456789, 1111, 11111, 111111, 1111111, 11111111, 9999999999})
_HIGHEST = 1e12


def normalise(batch: Batch, mapping: SourceMapping, *, file_time: datetime, key: bytes) -> pd.DataFrame:
    """Return one row per record with the listing columns that depend on it (no ``source_*``, ``observes``, ``row_hash``).

    Ids and titles may be missing here; the caller quarantines those rows.
    """
    n = len(batch.records)
    values = {name: _column(batch.records, spec) for name, spec in mapping.fields.items()}
    flags: list[list[str]] = [[] for _ in range(n)]
    columns: dict[str, Any] = {}
    captured, precision = _captured(values.pop("captured_at", [None] * n), mapping, file_time)
    columns["captured_at"] = _times(captured)
    columns["captured_precision"] = pd.Series(precision, dtype="str")
    for name, (kind, _, _) in COLUMNS.items():
        if name in columns:
            continue
        found = values.get(name, [None] * n)
        spec = mapping.fields.get(name)
        if kind.startswith("datetime"):
            columns[name] = _times(_moments(found, spec, captured))
        elif kind == "boolean":
            columns[name] = pd.Series(_parse(found, spec, "flag"), dtype="boolean")
        elif kind == "float64":
            columns[name] = pd.Series(_numbers(found, spec, name, flags), dtype="float64")
        else:
            columns[name] = pd.Series(_texts(found, spec, name, mapping, flags), dtype="str")
    for name in mapping.fields:
        if name.startswith("x_"):
            columns[name] = _further(values[name], mapping.fields[name])
    table = pd.DataFrame(columns)
    _mask_phones(table, key)
    table["platform"] = table["platform"].str.strip().str.lower()
    table["flags"] = pd.Series([",".join(sorted(set(names))) or None for names in flags], dtype="str")
    return table


def _column(records: list[dict[str, Any]], spec: FieldSpec) -> list[Any]:
    if spec.template is not None:
        names = re.findall(r"\{([^{}]+)\}", spec.template)
        return [_fill(spec.template, names, record) for record in records]
    if not spec.path:
        return [spec.const] * len(records)
    nothing = {str(value) for value in spec.none_values}
    out = []
    for record in records:
        value = None
        for path in spec.path:
            value = dig(record, path)
            if value is not None and value != "" and not (nothing and _plain(value) in nothing):
                break
            value = None
        out.append(_extract(value, spec) if value is not None else spec.const)
    return out


def _plain(value: Any) -> str:
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _extract(value: Any, spec: FieldSpec) -> Any:
    if spec.extract is not None:
        found = re.search(spec.extract, str(value))
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
    is_price = name in ("price_vnd", "list_price_vnd")
    parsed = _parse(found, spec, "price" if is_price else "number")
    divisor = spec.divide_by if spec is not None else 1.0
    out: list[float | None] = []
    for row, value in enumerate(parsed):
        if value is None:
            if is_price and found[row] is not None and found[row] == found[row]:
                flags[row].append("price_unreadable")
            out.append(None)
            continue
        value = value / divisor if divisor != 1.0 else value
        if is_price and (value <= PLACEHOLDER_UP_TO or value >= _HIGHEST or value in _DECOYS):
            if name == "price_vnd":
                flags[row].append("price_placeholder")
            out.append(None)
        else:
            out.append(value)
    return out


def _texts(
    found: list[Any], spec: FieldSpec | None, name: str, mapping: SourceMapping, flags: list[list[str]]
) -> list[str | None]:
    parsed = _parse(found, spec, "text")
    suffix = mapping.strip_suffix if name == "description" else None
    out: list[str | None] = []
    for row, value in enumerate(parsed):
        if value is None:
            out.append(None)
            continue
        if _CONTROLS.search(value):
            value = _CONTROLS.sub(" ", value)
            flags[row].append("control_characters")
        if spec is not None and spec.html and _TAG.search(value):
            value = LexborHTMLParser(value[:200_000]).text(separator="\n")
        if suffix is not None and suffix in value:
            value = value[: value.rfind(suffix)].rstrip()
        if len(value) > MAX_TEXT:
            value = value[:MAX_TEXT]
            flags[row].append("text_cut")
        out.append(value if value.strip() else None)
    return out


def _captured(
    found: list[Any], mapping: SourceMapping, file_time: datetime
) -> tuple[list[datetime | None], list[str]]:
    default = moment(mapping.captured_at) if mapping.captured_at else None
    times: list[datetime | None] = []
    precision = []
    for value in found:
        read = moment(value) if value is not None else None
        when, how = read or default or (file_time, "file")
        times.append(when)
        precision.append(how)
    return times, precision


def _moments(found: list[Any], spec: FieldSpec | None, captured: list[datetime | None]) -> list[datetime | None]:
    if spec is not None and spec.days_before_capture:
        days = _parse(found, spec.model_copy(update={"parse": "number"}), "number")
        return [
            when - timedelta(days=day) if day is not None and when is not None and 0 <= day < 40_000 else None
            for day, when in zip(days, captured, strict=True)
        ]
    parsed = _parse(found, spec, "time")
    return [read[0] if read is not None else None for read in parsed]


def _times(values: list[datetime | None]) -> pd.Series:
    sane = [value if value is not None and 1990 <= value.year <= 2100 else None for value in values]
    return pd.Series(pd.to_datetime(pd.Series(sane, dtype="object"), utc=True)).astype("datetime64[us, UTC]")


def _further(found: list[Any], spec: FieldSpec) -> pd.Series:
    if spec.parse in (None, "text"):
        return pd.Series(_parse(found, spec, "text"), dtype="str")
    if spec.parse == "flag":
        return pd.Series(_parse(found, spec, "flag"), dtype="boolean")
    return pd.Series([np.nan if v is None or isinstance(v, tuple) else v for v in _parse(found, spec, "number")], dtype="float64")


def _mask_phones(table: pd.DataFrame, key: bytes) -> None:
    """Mask phone numbers in every text a person may read and collect their keyed hashes."""
    keys: list[set[str]] = [set() for _ in range(len(table))]
    for name in ("title", "description", "seller_name", "variants", "location"):
        suspects = table[name].str.contains(_TEN_DIGITS, regex=True, na=False)
        for row in np.flatnonzero(suspects.to_numpy()):
            masked, found = mask(str(table.at[row, name]), key)
            if found:
                table.at[row, name] = masked
                keys[row].update(found)
    own = pd.Series([";".join(sorted(found)) or None for found in keys], dtype="str")
    table["contact_keys"] = own.fillna(table["contact_keys"])


_TEN_DIGITS = re.compile(r"(?:0|84)(?:[ .\-_()]{0,2}\d){9}")

