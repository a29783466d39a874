"""The register's tables. Rows are only ever added: a correction is a new row whose ``supersedes`` names the one it replaces.

``supersedes`` is unique, so each fact has one history and two people cannot correct the same row to different things. Times are UTC,
days are Vietnamese, money is whole dong. What a table means stands in its comment; `pipeline.register.upgrade` brings a database to this form.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
)

from pipeline.tables.outcomes import FINDINGS, SOURCES, TRIAGE

#: Names of constraints that both databases agree on, so that a migration can find them.
METADATA = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

#: What became of a returned row.
TAKEN, RETURNED, UNTOUCHED = FATES = ("taken", "returned", "untouched")
AGREE, REFUSE, POSTPONE = OPINIONS = ("agree", "refuse", "postpone")
OPENED, CLOSED = WATCH_ACTS = ("opened", "closed")


class UtcTime(TypeDecorator[datetime]):
    """An aware time in UTC, also in SQLite, which knows no zones."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        """Refuse a time without zone: it would mean another moment on another machine."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value} has no time zone")
        return value.astimezone(UTC)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        """Give the zone back."""
        return None if value is None else value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def _id() -> Column[int]:
    return Column("id", Integer, primary_key=True)


def _recorded() -> Column[datetime]:
    return Column("recorded_at", UtcTime, nullable=False, comment="when this row was written")


def _supersedes(table: str) -> Column[int]:
    return Column("supersedes", ForeignKey(f"{table}.id"), unique=True, comment="the row of this table that this one corrects")


def _subject() -> list[Column[Any]]:
    return [
        Column("platform", String(60), nullable=False),
        Column("seller_id", String(200)),
        Column("listing_id", String(200)),
    ]


def _has_subject() -> CheckConstraint:
    return CheckConstraint("seller_id is not null or listing_id is not null", name="subject")


def _one_of(column: str, known: tuple[str, ...]) -> CheckConstraint:
    return CheckConstraint(f"{column} in ({', '.join(repr(one) for one in known)})", name=column)


ISSUED_LISTS = Table(
    "issued_lists", METADATA, _id(),
    Column("number", String(40), nullable=False, comment="as printed: 48/2026"),
    Column("version", Integer, nullable=False, comment="1, and more for corrections"),
    Column("kind", String(20), nullable=False, comment="as issue.json says: the week's list or a quick alert"),
    Column("list_date", Date, nullable=False, comment="the list's day, Vietnamese"),
    Column("due_on", Date, nullable=False, comment="last day for sending it back"),
    Column("content_hash", String(64), nullable=False, unique=True, comment="SHA-256 of its rows"),
    _recorded(),
    UniqueConstraint("number", "kind", "version", name="uq_issued_lists_number_kind_version"),
    comment="lists that went out",
)  # fmt: skip

ISSUED_ROWS = Table(
    "issued_rows", METADATA, _id(),
    Column("list_id", ForeignKey("issued_lists.id"), nullable=False, index=True),
    Column("code", String(40), nullable=False, index=True, comment="with its check letter: AG-2648-007-K"),
    Column("authority", String(120), nullable=False, comment="who leads"),
    *_subject(),
    Column("seller_name", Text, comment="shop name as displayed"),
    Column("standing", String(40), nullable=False, comment="as in targets; not all of them were given to somebody"),
    Column("behaviours", Text, comment="signs by code name, joined by ',', strongest first"),
    Column("expected", Float, comment="chance of a find as of the list; missing where no calibrated model stood behind it"),
    Column("selection_kind", String(40), comment="how it came onto the list"),
    Column("selection_probability", Float, comment="recorded chance of the lottery; missing where none was drawn"),
    Column("listing_ids", Text, comment="JSON list of the listings shown under it"),
    _has_subject(),
    UniqueConstraint("list_id", "code", name="uq_issued_rows_list_id_code"),
    comment="their rows, one a target",
)  # fmt: skip

RETURN_FILES = Table(
    "return_files", METADATA, _id(),
    Column("sha256", String(64), nullable=False, unique=True, comment="of the file: the same file is taken once"),
    Column("name", Text, nullable=False, comment="as it was called"),
    Column("received_on", Date, nullable=False, comment="from when its contents count as known, Vietnamese"),
    Column("n_read", Integer, nullable=False),
    Column("n_taken", Integer, nullable=False),
    Column("n_returned", Integer, nullable=False),
    Column("n_untouched", Integer, nullable=False),
    _recorded(),
    CheckConstraint("n_read = n_taken + n_returned + n_untouched", name="reconciles"),
    comment="workbooks that came back",
)  # fmt: skip

RETURNED_ROWS = Table(
    "returned_rows", METADATA, _id(),
    Column("file_id", ForeignKey("return_files.id"), nullable=False, index=True),
    Column("sheet", Text, nullable=False),
    Column("row", Integer, nullable=False, comment="as numbered in the sheet"),
    Column("code", Text, comment="as written"),
    Column("issued_row_id", ForeignKey("issued_rows.id"), index=True),
    Column("fate", String(10), nullable=False),
    Column("reason", Text, comment="Vietnamese; of a returned row why, of a taken one what is still missing"),
    Column("cells", Text, nullable=False, comment="JSON of what stood in its answer cells"),
    _one_of("fate", FATES),
    CheckConstraint("fate <> 'returned' or reason is not null", name="returned_says_why"),
    UniqueConstraint("file_id", "sheet", "row", name="uq_returned_rows_file_id_sheet_row"),
    comment="every row that came back, whatever became of it",
)  # fmt: skip

OUTCOMES = Table(
    "outcomes", METADATA, _id(),
    Column("issued_row_id", ForeignKey("issued_rows.id"), index=True),
    Column("returned_row_id", ForeignKey("returned_rows.id")),
    *_subject(),
    Column("status", String(20), nullable=False),
    Column("behaviours", Text, comment="what was found, joined by ','"),
    Column("happened_on", Date, comment="day of the look, Vietnamese"),
    Column("known_at", UtcTime, nullable=False),
    Column("source", String(20), nullable=False),
    Column("authority", String(120)),
    Column("selection_probability", Float),
    Column("usefulness", Integer, comment="1 to 5"),
    Column("note", Text, comment="the officer's words"),
    _supersedes("outcomes"),
    _recorded(),
    _has_subject(),
    _one_of("status", FINDINGS + TRIAGE),
    _one_of("source", SOURCES),
    CheckConstraint("usefulness between 1 and 5", name="usefulness"),
    comment="what was found about a seller or listing",
)  # fmt: skip

DESK_REVIEWS = Table(
    "desk_reviews", METADATA, _id(),
    Column("issued_row_id", ForeignKey("issued_rows.id"), nullable=False, index=True),
    Column("returned_row_id", ForeignKey("returned_rows.id"), nullable=False),
    Column("opinion", String(10), nullable=False),
    Column("why", Text, comment="the planner's words"),
    Column("known_at", UtcTime, nullable=False),
    _supersedes("desk_reviews"),
    _recorded(),
    _one_of("opinion", OPINIONS),
    comment="what planners thought of a row before anybody went",
)  # fmt: skip

SANCTION_DECISIONS = Table(
    "sanction_decisions", METADATA, _id(),
    Column("issued_row_id", ForeignKey("issued_rows.id"), index=True),
    Column("returned_row_id", ForeignKey("returned_rows.id")),
    *_subject(),
    Column("number", String(80), comment="as written; missing where only goods were held or the case was passed on"),
    Column("decided_on", Date),
    Column("authority", String(120)),
    Column("fine_vnd", BigInteger),
    Column("goods_value_vnd", BigInteger, comment="value of goods held or confiscated"),
    Column("passed_to_investigators", Boolean, comment="handed to the criminal investigators"),
    Column("carried_out_on", Date, comment="when the sanction was carried out"),
    Column("annulled_on", Date, comment="from when it no longer holds, on appeal or by withdrawal"),
    _supersedes("sanction_decisions"),
    _recorded(),
    _has_subject(),
    CheckConstraint("fine_vnd >= 0 and goods_value_vnd >= 0", name="money"),
    comment="decisions on sanctions, as authorities report them",
)  # fmt: skip

COMPLAINTS = Table(
    "complaints", METADATA, _id(),
    Column("file_sha256", String(64), nullable=False, comment="the file it came in"),
    Column("sheet", Text, comment="missing where the file has none"),
    Column("row", Integer, nullable=False),
    Column("content_hash", String(64), nullable=False, index=True, comment="the same complaint sent twice has the same"),
    Column("platform", String(60)),
    Column("seller_id", String(200)),
    Column("listing_id", String(200)),
    Column("behaviours", Text),
    Column("words", Text, comment="what was said, phone numbers masked; nothing of who said it"),
    Column("sealed_informant", String(64), comment="where the sealed identity lies; never exported"),
    Column("received_on", Date, nullable=False),
    Column("answer_due_on", Date),
    Column("answered_on", Date),
    Column("known_at", UtcTime, nullable=False),
    _supersedes("complaints"),
    _recorded(),
    comment="complaints and tip-offs of citizens",
)  # fmt: skip

WATCH_ENTRIES = Table(
    "watch_entries", METADATA, _id(),
    Column("platform", String(60), nullable=False),
    Column("seller_id", String(200), nullable=False),
    Column("seller_name", Text),
    Column("act", String(10), nullable=False),
    Column("why", Text, nullable=False),
    Column("until", Date, comment="last day of watching; missing = until it is closed"),
    Column("outcome_id", ForeignKey("outcomes.id"), comment="what gave rise to it"),
    Column("entered_by", String(200), nullable=False),
    _supersedes("watch_entries"),
    _recorded(),
    _one_of("act", WATCH_ACTS),
    Index("ix_watch_entries_seller", "platform", "seller_id"),
    comment="sellers kept in sight (sổ theo dõi); a sign of interest, no finding",
)  # fmt: skip

SHARED_FACTS = Table(
    "shared_facts", METADATA, _id(),
    Column("origin", String(40), nullable=False, comment="id of the installation that shared it"),
    Column("record", String(40), nullable=False, comment="its number there, the same in every later package"),
    Column("unit", Text, nullable=False, comment="the authority that shared it, as it calls itself"),
    *_subject(),
    Column("seller_name", Text),
    Column("behaviours", Text, comment="what was found, joined by ','"),
    Column("number", String(80), nullable=False, comment="of the decision"),
    Column("decided_on", Date, nullable=False),
    Column("authority", String(120), comment="who decided"),
    Column("carried_out_on", Date),
    Column("expires_on", Date, nullable=False, comment="last day on which it may be called a violator"),
    Column("withdrawn_on", Date, comment="from when the origin no longer stands by it"),
    Column("origin_recorded_at", UtcTime, nullable=False, comment="when the origin wrote it down"),
    Column("file_sha256", String(64), nullable=False, comment="the package it came in"),
    _supersedes("shared_facts"),
    _recorded(),
    _has_subject(),
    Index("ix_shared_facts_origin", "origin", "record"),
    comment="sanction decisions that other installations shared (docs/sharing.md)",
)  # fmt: skip

PROTECTIONS = Table(
    "protections", METADATA, _id(),
    Column("outcome_id", ForeignKey("outcomes.id"), nullable=False, index=True, comment="the appeal that cleared it"),
    Column("platform", String(60), nullable=False),
    Column("seller_id", String(200), nullable=False),
    Column("listing_id", String(200), comment="as it was then; the content counts, wherever this seller shows it"),
    Column("content_hash", String(64), nullable=False, comment="of its title, description and variants"),
    Column("since", Date, nullable=False),
    Column("until", Date, nullable=False, comment="last day of protection"),
    _supersedes("protections"),
    _recorded(),
    UniqueConstraint("outcome_id", "content_hash", "until", name="uq_protections_outcome_id_content_hash"),
    comment="content of a seller that an appeal cleared (docs/fairness.md)",
)  # fmt: skip

#: Only ever added to; a test holds the code to it.
TABLES = tuple(METADATA.sorted_tables)
