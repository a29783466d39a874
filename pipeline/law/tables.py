"""The dated tables the law is read from: what each must hold, where they come from, and a log of which versions were used.

Ours lie in ``configs/reference/law``; a folder of one's own may hold any of them under the same name, and each file there replaces ours whole.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd
import pandera.pandas as pa
from pandera.errors import SchemaErrors

from features.errors import ConfigError
from pipeline.config import configs_dir

#: How a fact is known, best first. Only the first may be shown as settled.
FULL_TEXT, DIGEST, SECONDARY, RECALL = LEVELS = ("full_text", "digest", "secondary", "recall")
UNVERIFIED = "(chưa kiểm chứng)"

#: Which code answers for a behaviour of ours, and which is named beside it.
LEAD, ALSO = "yes", "also"
KINDS = ("substantive", "definition", "procedure")
#: What happened to a rule that has ended, as seen by who committed the act while it stood.
ENDINGS = ("repealed", "lighter", "same", "heavier", "not_compared")
#: Quantities a bracket or threshold is measured by. Dong, except units, packs of 20 and the two by weight or volume.
BASES = (
    "genuine_value", "infringing_value", "goods_value", "transaction_value", "units", "packs", "kg_firecrackers", "kg_or_litres_pesticide",
)  # fmt: skip
TRIGGERS = ("behaviour", "cross_border", "social_page")
FIELDS = ("fakes", "trade", "industrial_property")

#: A column's rule: T text, t text that may be missing, N number, n number that may be missing, or a tuple of allowed values (None: may be missing).
_Rule = str | tuple[str | None, ...]

COLUMNS: dict[str, dict[str, _Rule]] = {
    "behaviours": {
        "code": "T", "behaviour": "t", "lead": (LEAD, ALSO, None), "name_vi": "T", "display_vi": "t", "definition": "t",
        "visible_vi": "t", "prove_vi": "t",
    },
    "legal_status": {"instrument": "T", "title_vi": "T", "amends": "t", "subject": "T", "replaced_by": "t", "use_vi": "t"},
    "citations": {
        "code": "T", "kind": KINDS, "instrument": "T", "article": "t", "text_vi": "T", "goods_group": "t",
        "ended_how": (*ENDINGS, None), "ended_by": "t",
    },
    "fine_brackets": {
        "bracket_set": "T", "instrument": "T", "article": "T", "codes": "T", "basis": (*BASES, "fixed"), "bound": ("from", "over"),
        "lower": "N", "upper": "n", "fine_min": "N", "fine_max": "N", "cap_individual": "N", "gain_vi": "t",
    },
    "doubled_groups": {"goods_group": "T", "bracket_sets": "T", "factor": "N", "why_vi": "T"},
    "criminal_thresholds": {
        "codes": "T", "instrument": "T", "article": "T", "name_vi": "T", "goods_groups": "t", "basis": (*BASES, "illicit_gain", "any"),
        "threshold": "n", "condition_vi": "T",
    },
    "limitation": {"codes": "T", "years": "N", "field_vi": "T", "instrument": "T", "article": "T"},
    "referral": {"trigger": TRIGGERS, "codes": "t", "goods_groups": "t", "agency_vi": "T", "reason_vi": "T"},
    "checklists": {"codes": "T", "goods_groups": "t", "item_vi": "T", "why_vi": "t"},
    "competence": {
        "field": FIELDS, "rank": "N", "title_vi": "T", "instrument": "T", "article": "T", "share": "n",
        "limit_individual": "N", "ceiling_individual": "N",
    },
}  # fmt: skip
#: Every row of every table says where it comes from, how well it is known, and when it stands (both days inclusive; no end: still standing).
DATED: dict[str, _Rule] = {"source": "T", "verified": LEVELS, "valid_from": "T", "valid_to": "t", "note": "t"}


class Version(NamedTuple):
    """Which file a table was read from: name, rows, first 12 hex digits of its SHA-256, and whether it is the user's own."""

    table: str
    rows: int
    sha256: str
    own: bool


@dataclass(frozen=True)
class LawTables:
    """All tables by name, dates as ``datetime.date`` (missing ``valid_to``: ``None``), and the log of their versions."""

    frames: dict[str, pd.DataFrame]
    versions: tuple[Version, ...]


def in_force(valid_from: date, valid_to: date | None, day: date) -> bool:
    """True where ``day`` lies between both days, inclusive; no end means it still stands."""
    return valid_from <= day and (valid_to is None or day <= valid_to)


def split(text: str | None) -> tuple[str, ...]:
    """Return the parts of "a|b"; missing is none."""
    return tuple(part.strip() for part in text.split("|")) if isinstance(text, str) else ()


def read_tables(folder: Path | None = None) -> LawTables:
    """Read and validate every table; those in ``folder`` replace ours of the same name.

    Raises `ConfigError` naming file, line and column of the first thing wrong, or a file in ``folder`` that is no table of the law.
    """
    ours = configs_dir() / "reference" / "law"
    own = _own_files(folder)
    paths = {name: own.get(name, ours / f"{name}.csv") for name in COLUMNS}
    frames = {name: _read(name, path) for name, path in paths.items()}
    versions = [
        Version(name, len(frames[name]), hashlib.sha256(path.read_bytes()).hexdigest()[:12], name in own) for name, path in paths.items()
    ]
    return LawTables(frames, tuple(versions))


def _own_files(folder: Path | None) -> dict[str, Path]:
    if folder is None:
        return {}
    if not folder.is_dir():
        raise ConfigError(f"{folder} is no folder of law tables; give a folder that holds CSV files such as citations.csv")
    found = {path.stem: path for path in sorted(folder.glob("*.csv"))}
    unknown = sorted(set(found) - set(COLUMNS))
    if unknown or not found:
        what = f"unknown tables {unknown}" if unknown else "no CSV file"
        raise ConfigError(f"{folder} holds {what}; known: {', '.join(f'{name}.csv' for name in COLUMNS)}")
    return found


def _read(name: str, path: Path) -> pd.DataFrame:
    try:
        table = pd.read_csv(path, dtype="str", keep_default_na=False, na_values=[""])
    except (OSError, ValueError) as error:
        raise ConfigError(f"cannot read the law table {path}: {error}") from error
    wanted = COLUMNS[name] | DATED
    missing, unknown = sorted(set(wanted) - set(table.columns)), sorted(set(table.columns) - set(wanted))
    if missing or unknown:
        raise ConfigError(f"{path}: columns missing {missing}, unknown {unknown}; known: {list(wanted)}")
    try:
        _schema(name).validate(table, lazy=True)
    except SchemaErrors as error:
        raise ConfigError(f"{path}{_first_problem(error)}") from error
    return _typed(table, wanted)


def _schema(name: str) -> pa.DataFrameSchema:
    columns = {column: _column(rule) for column, rule in (COLUMNS[name] | DATED).items()}
    columns["valid_from"] = pa.Column("str", pa.Check(_are_days, error="no date (write 2026-11-24)"))
    columns["valid_to"] = pa.Column("str", pa.Check(_are_days, error="no date (write 2026-11-24)"), nullable=True)
    after = pa.Check(lambda table: table["valid_to"].isna() | (table["valid_to"] >= table["valid_from"]), error="valid_to before valid_from")
    return pa.DataFrameSchema(columns, checks=[after], strict=True, name=name)


def _column(rule: _Rule) -> pa.Column:
    if isinstance(rule, tuple):
        return pa.Column("str", pa.Check.isin([value for value in rule if value]), nullable=None in rule)
    if rule in "Nn":
        return pa.Column("str", pa.Check(_are_numbers, error="no number of 0 or more (write 30000000)"), nullable=rule == "n")
    return pa.Column("str", pa.Check.str_length(min_value=1), nullable=rule == "t")


def _are_numbers(column: pd.Series) -> pd.Series:
    return column.str.fullmatch(r"\d+(?:\.\d+)?").astype(bool)


def _are_days(column: pd.Series) -> pd.Series:
    shaped = column.str.fullmatch(r"\d{4}-\d{2}-\d{2}").astype(bool)
    return shaped & pd.to_datetime(column, format="%Y-%m-%d", errors="coerce").notna()


def _first_problem(error: SchemaErrors) -> str:
    cases = error.failure_cases
    first, more = cases.iloc[0], len(cases) - 1
    line = f", line {int(first['index']) + 2}" if pd.notna(first["index"]) else ""
    rest = f" (and {more} more)" if more else ""
    return f"{line}, column {first['column']}: {first['failure_case']!r} breaks the rule «{first['check']}»{rest}; mend the row"


def _typed(table: pd.DataFrame, rules: dict[str, _Rule]) -> pd.DataFrame:
    """Numbers as numbers, days as dates, missing as None: rows are read one by one from here on."""
    typed: dict[str, list[Any]] = {}
    for column in rules:
        values = [value if isinstance(value, str) else None for value in table[column]]
        if column in ("valid_from", "valid_to"):
            typed[column] = [value and date.fromisoformat(value) for value in values]
        elif rules[column] in ("N", "n"):
            typed[column] = [None if value is None else float(value) for value in values]
        else:
            typed[column] = values
    return pd.DataFrame(typed, dtype="object")
