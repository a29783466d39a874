"""The package that installations exchange: one JSON document, or one CSV of the named. `configs/share.schema.json` is made from these classes.

By name only who was sanctioned by a decision in force stands in it; everyone else is counted as "đối tượng có dấu hiệu", without name or id.
"""

from __future__ import annotations

import csv
import io
import json
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError, model_validator

from features.errors import DataError
from pipeline.config import explain
from pipeline.reports.safe_text import for_csv

FORMAT: Literal["soihang-share"] = "soihang-share"
VERSION: Literal[1] = 1
SUSPECTED: Literal["đối tượng có dấu hiệu"] = "đối tượng có dấu hiệu"

Text = Annotated[str, Field(min_length=1, max_length=500)]


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Violator(_Strict):
    """A seller or listing with a sanction decision in force; ``record`` names it in every package of its origin. Days are Vietnamese."""

    record: Text
    platform: Annotated[str, Field(min_length=1, max_length=60)]
    seller_id: Annotated[str, Field(min_length=1, max_length=200)] | None
    listing_id: Annotated[str, Field(min_length=1, max_length=200)] | None
    seller_name: Text | None
    behaviours: tuple[Text, ...]
    number: Annotated[str, Field(min_length=1, max_length=80)]
    decided_on: date
    authority: Annotated[str, Field(min_length=1, max_length=120)] | None
    carried_out_on: date | None
    expires_on: date
    recorded_at: AwareDatetime

    @model_validator(mode="after")
    def _days_follow(self) -> Violator:
        if self.expires_on < self.decided_on:
            raise ValueError("expires_on lies before decided_on")
        return self


class Suspected(_Strict):
    """Somebody who stood on a list and was not sanctioned: no name, no id; ``subject`` is a hash that only its origin can make."""

    subject: Annotated[str, Field(pattern=r"^[0-9a-f]{16}$")]
    label: Literal["đối tượng có dấu hiệu"]
    platform: Annotated[str, Field(min_length=1, max_length=60)]
    behaviours: tuple[Text, ...]
    authority: Text
    last_listed_on: date


class Withdrawn(_Strict):
    """A record that its origin no longer stands by: annulled or corrected."""

    record: Text
    since: date


class Package(_Strict):
    """``origin`` is the id of the installation, ``unit`` what the authority calls itself, ``role`` for whom the package was masked."""

    format: Literal["soihang-share"] = FORMAT
    version: Literal[1] = VERSION
    origin: Annotated[str, Field(pattern=r"^[0-9a-f]{16}$")]
    unit: Text
    role: Text
    as_of: date
    made_at: AwareDatetime
    violators: tuple[Violator, ...]
    suspected: tuple[Suspected, ...]
    withdrawn: tuple[Withdrawn, ...]


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema of a package, as it stands in ``configs/share.schema.json``."""
    schema = Package.model_json_schema(mode="serialization")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": "SoiHàng share package"}


def to_json(package: Package) -> bytes:
    """Return the package as UTF-8 JSON, a line a value; the same package gives the same bytes."""
    return (json.dumps(package.model_dump(mode="json"), ensure_ascii=False, indent=1) + "\n").encode()


def to_csv(package: Package) -> bytes:
    """Return the named of the package as CSV (UTF-8 with BOM): each row carries format, version and where it comes from.

    The unnamed and the withdrawn are in the JSON form only; a CSV of nobody says nothing of its origin.
    """
    stream = io.StringIO()
    writer = csv.DictWriter(stream, [*_HEAD, *Violator.model_fields], lineterminator="\n")
    writer.writeheader()
    head = {name: getattr(package, name) for name in _HEAD} | {"as_of": package.as_of.isoformat(), "made_at": package.made_at.isoformat()}
    for one in package.violators:
        values = {**head, **one.model_dump(mode="json"), "behaviours": ",".join(one.behaviours)}
        writer.writerow({name: _cell(value) if isinstance(value, str) else value for name, value in values.items()})
    return b"\xef\xbb\xbf" + stream.getvalue().encode()


_HEAD = ("format", "version", "origin", "unit", "role", "as_of", "made_at")


def from_json(content: bytes, *, where: str) -> Package:
    """Return the package that ``content`` holds; raises `DataError` naming ``where`` and the first fields that are wrong."""
    try:
        value = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise DataError(f"{where} is no JSON: {error}") from error
    return _package(value, where)


def from_csv(content: bytes, *, where: str) -> Package:
    """Return the package that a CSV of ours holds; raises `DataError` as `from_json` does, and where it has no row."""
    try:
        rows = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))
    except (UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{where} is no CSV in UTF-8: {error}; save it as CSV UTF-8") from error
    if not rows:
        raise DataError(f"{where} names nobody, so it does not say where it comes from; ask for the JSON form")
    heads = {tuple(row.get(name) for name in _HEAD) for row in rows}
    if len(heads) > 1:
        raise DataError(f"{where} is put together from {len(heads)} packages; import each by itself")
    plain = [{name: _plain(value) for name, value in row.items() if name not in _HEAD} for row in rows]
    violators = [row | {"behaviours": (row.get("behaviours") or "").split(",") if row.get("behaviours") else []} for row in plain]
    head = {name: _plain(rows[0].get(name)) for name in _HEAD}
    version = str(head["version"])
    value = head | {"version": int(version) if version.isdecimal() else version, "violators": violators, "suspected": [], "withdrawn": []}
    return _package(value, where)


def _cell(text: str) -> str:
    """Text that no spreadsheet runs; what begins with an apostrophe of its own gets another, so that one can be taken away again."""
    return "'" + text if text.startswith("'") else for_csv(text)


def _plain(value: str | None) -> str | None:
    """A cell as it was before `_cell`."""
    return None if not value else value.removeprefix("'")


def _package(value: Any, where: str) -> Package:
    if not isinstance(value, dict) or value.get("format") != FORMAT:
        raise DataError(f"{where} is no package of ours (format {FORMAT!r}); see docs/sharing.md")
    if value.get("version") != VERSION:
        raise DataError(f"{where} is of version {value.get('version')!r}; this SoiHàng reads version {VERSION}: update the older of the two")
    try:
        return Package.model_validate(value)
    except ValidationError as error:
        raise DataError(f"{where}: {explain(error)}") from error

