"""The register's first tables. A later change is a later revision: databases of this form exist."""

import sqlalchemy as sa
from alembic import op

from pipeline.register.schema import UtcTime

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "complaints",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("file_sha256", sa.String(length=64), nullable=False, comment="the file it came in"),
        sa.Column("sheet", sa.Text(), nullable=True, comment="missing where the file has none"),
        sa.Column("row", sa.Integer(), nullable=False),
        sa.Column("content_hash", sa.String(length=64), nullable=False, comment="the same complaint sent twice has the same"),
        sa.Column("platform", sa.String(length=60), nullable=True),
        sa.Column("seller_id", sa.String(length=200), nullable=True),
        sa.Column("listing_id", sa.String(length=200), nullable=True),
        sa.Column("behaviours", sa.Text(), nullable=True),
        sa.Column("words", sa.Text(), nullable=True, comment="what was said, phone numbers masked; nothing of who said it"),
        sa.Column("sealed_informant", sa.String(length=64), nullable=True, comment="where the sealed identity lies; never exported"),
        sa.Column("received_on", sa.Date(), nullable=False),
        sa.Column("answer_due_on", sa.Date(), nullable=True),
        sa.Column("answered_on", sa.Date(), nullable=True),
        sa.Column("known_at", UtcTime(), nullable=False),
        sa.Column("supersedes", sa.Integer(), nullable=True, comment="the row of this table that this one corrects"),
        sa.Column("recorded_at", UtcTime(), nullable=False, comment="when this row was written"),
        sa.ForeignKeyConstraint(["supersedes"], ["complaints.id"], name=op.f("fk_complaints_supersedes")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_complaints")),
        sa.UniqueConstraint("supersedes", name=op.f("uq_complaints_supersedes")),
        comment="complaints and tip-offs of citizens",
    )
    op.create_index(op.f("ix_complaints_content_hash"), "complaints", ["content_hash"], unique=False)
    op.create_table(
        "issued_lists",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(length=40), nullable=False, comment="as printed: 48/2026"),
        sa.Column("version", sa.Integer(), nullable=False, comment="1, and more for corrections"),
        sa.Column("kind", sa.String(length=20), nullable=False, comment="as issue.json says: the week's list or a quick alert"),
        sa.Column("list_date", sa.Date(), nullable=False, comment="the list's day, Vietnamese"),
        sa.Column("due_on", sa.Date(), nullable=False, comment="last day for sending it back"),
        sa.Column("content_hash", sa.String(length=64), nullable=False, comment="SHA-256 of its rows"),
        sa.Column("recorded_at", UtcTime(), nullable=False, comment="when this row was written"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_issued_lists")),
        sa.UniqueConstraint("content_hash", name=op.f("uq_issued_lists_content_hash")),
        sa.UniqueConstraint("number", "kind", "version", name="uq_issued_lists_number_kind_version"),
        comment="lists that went out",
    )
    op.create_table(
        "return_files",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False, comment="of the file: the same file is taken once"),
        sa.Column("name", sa.Text(), nullable=False, comment="as it was called"),
        sa.Column("received_on", sa.Date(), nullable=False, comment="from when its contents count as known, Vietnamese"),
        sa.Column("n_read", sa.Integer(), nullable=False),
        sa.Column("n_taken", sa.Integer(), nullable=False),
        sa.Column("n_returned", sa.Integer(), nullable=False),
        sa.Column("n_untouched", sa.Integer(), nullable=False),
        sa.Column("recorded_at", UtcTime(), nullable=False, comment="when this row was written"),
        sa.CheckConstraint("n_read = n_taken + n_returned + n_untouched", name=op.f("ck_return_files_reconciles")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_return_files")),
        sa.UniqueConstraint("sha256", name=op.f("uq_return_files_sha256")),
        comment="workbooks that came back",
    )
    op.create_table(
        "issued_rows",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("list_id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False, comment="with its check letter: AG-2648-007-K"),
        sa.Column("authority", sa.String(length=120), nullable=False, comment="who leads"),
        sa.Column("platform", sa.String(length=60), nullable=False),
        sa.Column("seller_id", sa.String(length=200), nullable=True),
        sa.Column("listing_id", sa.String(length=200), nullable=True),
        sa.Column("seller_name", sa.Text(), nullable=True, comment="shop name as displayed"),
        sa.Column("standing", sa.String(length=40), nullable=False, comment="as in targets; not all of them were given to somebody"),
        sa.Column("behaviours", sa.Text(), nullable=True, comment="signs by code name, joined by ',', strongest first"),
        sa.Column(
            "expected", sa.Float(), nullable=True, comment="chance of a find as of the list; missing where no calibrated model stood behind it"
        ),
        sa.Column("selection_kind", sa.String(length=40), nullable=True, comment="how it came onto the list"),
        sa.Column("selection_probability", sa.Float(), nullable=True, comment="recorded chance of the lottery; missing where none was drawn"),
        sa.Column("listing_ids", sa.Text(), nullable=True, comment="JSON list of the listings shown under it"),
        sa.CheckConstraint("seller_id is not null or listing_id is not null", name=op.f("ck_issued_rows_subject")),
        sa.ForeignKeyConstraint(["list_id"], ["issued_lists.id"], name=op.f("fk_issued_rows_list_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_issued_rows")),
        sa.UniqueConstraint("list_id", "code", name="uq_issued_rows_list_id_code"),
        comment="their rows, one a target",
    )
    op.create_index(op.f("ix_issued_rows_code"), "issued_rows", ["code"], unique=False)
    op.create_index(op.f("ix_issued_rows_list_id"), "issued_rows", ["list_id"], unique=False)
    op.create_table(
        "returned_rows",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("file_id", sa.Integer(), nullable=False),
        sa.Column("sheet", sa.Text(), nullable=False),
        sa.Column("row", sa.Integer(), nullable=False, comment="as numbered in the sheet"),
        sa.Column("code", sa.Text(), nullable=True, comment="as written"),
        sa.Column("issued_row_id", sa.Integer(), nullable=True),
        sa.Column("fate", sa.String(length=10), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True, comment="Vietnamese; of a returned row why, of a taken one what is still missing"),
        sa.Column("cells", sa.Text(), nullable=False, comment="JSON of what stood in its answer cells"),
        sa.CheckConstraint("fate <> 'returned' or reason is not null", name=op.f("ck_returned_rows_returned_says_why")),
        sa.CheckConstraint("fate in ('taken', 'returned', 'untouched')", name=op.f("ck_returned_rows_fate")),
        sa.ForeignKeyConstraint(["file_id"], ["return_files.id"], name=op.f("fk_returned_rows_file_id")),
        sa.ForeignKeyConstraint(["issued_row_id"], ["issued_rows.id"], name=op.f("fk_returned_rows_issued_row_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_returned_rows")),
        sa.UniqueConstraint("file_id", "sheet", "row", name="uq_returned_rows_file_id_sheet_row"),
        comment="every row that came back, whatever became of it",
    )
    op.create_index(op.f("ix_returned_rows_file_id"), "returned_rows", ["file_id"], unique=False)
    op.create_index(op.f("ix_returned_rows_issued_row_id"), "returned_rows", ["issued_row_id"], unique=False)
    op.create_table(
        "desk_reviews",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("issued_row_id", sa.Integer(), nullable=False),
        sa.Column("returned_row_id", sa.Integer(), nullable=False),
        sa.Column("opinion", sa.String(length=10), nullable=False),
        sa.Column("why", sa.Text(), nullable=True, comment="the planner's words"),
        sa.Column("known_at", UtcTime(), nullable=False),
        sa.Column("supersedes", sa.Integer(), nullable=True, comment="the row of this table that this one corrects"),
        sa.Column("recorded_at", UtcTime(), nullable=False, comment="when this row was written"),
        sa.CheckConstraint("opinion in ('agree', 'refuse', 'postpone')", name=op.f("ck_desk_reviews_opinion")),
        sa.ForeignKeyConstraint(["issued_row_id"], ["issued_rows.id"], name=op.f("fk_desk_reviews_issued_row_id")),
        sa.ForeignKeyConstraint(["returned_row_id"], ["returned_rows.id"], name=op.f("fk_desk_reviews_returned_row_id")),
        sa.ForeignKeyConstraint(["supersedes"], ["desk_reviews.id"], name=op.f("fk_desk_reviews_supersedes")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_desk_reviews")),
        sa.UniqueConstraint("supersedes", name=op.f("uq_desk_reviews_supersedes")),
        comment="what planners thought of a row before anybody went",
    )
    op.create_index(op.f("ix_desk_reviews_issued_row_id"), "desk_reviews", ["issued_row_id"], unique=False)
    op.create_table(
        "outcomes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("issued_row_id", sa.Integer(), nullable=True),
        sa.Column("returned_row_id", sa.Integer(), nullable=True),
        sa.Column("platform", sa.String(length=60), nullable=False),
        sa.Column("seller_id", sa.String(length=200), nullable=True),
        sa.Column("listing_id", sa.String(length=200), nullable=True),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("behaviours", sa.Text(), nullable=True, comment="what was found, joined by ','"),
        sa.Column("happened_on", sa.Date(), nullable=True, comment="day of the look, Vietnamese"),
        sa.Column("known_at", UtcTime(), nullable=False),
        sa.Column("source", sa.String(length=20), nullable=False),
        sa.Column("authority", sa.String(length=120), nullable=True),
        sa.Column("selection_probability", sa.Float(), nullable=True),
        sa.Column("usefulness", sa.Integer(), nullable=True, comment="1 to 5"),
        sa.Column("note", sa.Text(), nullable=True, comment="the officer's words"),
        sa.Column("supersedes", sa.Integer(), nullable=True, comment="the row of this table that this one corrects"),
        sa.Column("recorded_at", UtcTime(), nullable=False, comment="when this row was written"),
        sa.CheckConstraint(
            "source in ('inspection', 'desk_review', 'takedown', 'complaint', 'test_purchase', 'appeal', 'other')", name=op.f("ck_outcomes_source")
        ),
        sa.CheckConstraint(
            "status in ('confirmed', 'cleared', 'not_found', 'not_inspected', 'pending', 'referred', 'worth_a_look', 'innocent', 'cannot_tell')",
            name=op.f("ck_outcomes_status"),
        ),
        sa.CheckConstraint("seller_id is not null or listing_id is not null", name=op.f("ck_outcomes_subject")),
        sa.CheckConstraint("usefulness between 1 and 5", name=op.f("ck_outcomes_usefulness")),
        sa.ForeignKeyConstraint(["issued_row_id"], ["issued_rows.id"], name=op.f("fk_outcomes_issued_row_id")),
        sa.ForeignKeyConstraint(["returned_row_id"], ["returned_rows.id"], name=op.f("fk_outcomes_returned_row_id")),
        sa.ForeignKeyConstraint(["supersedes"], ["outcomes.id"], name=op.f("fk_outcomes_supersedes")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outcomes")),
        sa.UniqueConstraint("supersedes", name=op.f("uq_outcomes_supersedes")),
        comment="what was found about a seller or listing",
    )
    op.create_index(op.f("ix_outcomes_issued_row_id"), "outcomes", ["issued_row_id"], unique=False)
    op.create_table(
        "sanction_decisions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("issued_row_id", sa.Integer(), nullable=True),
        sa.Column("returned_row_id", sa.Integer(), nullable=True),
        sa.Column("platform", sa.String(length=60), nullable=False),
        sa.Column("seller_id", sa.String(length=200), nullable=True),
        sa.Column("listing_id", sa.String(length=200), nullable=True),
        sa.Column("number", sa.String(length=80), nullable=True, comment="as written; missing where only goods were held or the case was passed on"),
        sa.Column("decided_on", sa.Date(), nullable=True),
        sa.Column("authority", sa.String(length=120), nullable=True),
        sa.Column("fine_vnd", sa.BigInteger(), nullable=True),
        sa.Column("goods_value_vnd", sa.BigInteger(), nullable=True, comment="value of goods held or confiscated"),
        sa.Column("passed_to_investigators", sa.Boolean(), nullable=True, comment="handed to the criminal investigators"),
        sa.Column("carried_out_on", sa.Date(), nullable=True, comment="when the sanction was carried out"),
        sa.Column("annulled_on", sa.Date(), nullable=True, comment="from when it no longer holds, on appeal or by withdrawal"),
        sa.Column("supersedes", sa.Integer(), nullable=True, comment="the row of this table that this one corrects"),
        sa.Column("recorded_at", UtcTime(), nullable=False, comment="when this row was written"),
        sa.CheckConstraint("fine_vnd >= 0 and goods_value_vnd >= 0", name=op.f("ck_sanction_decisions_money")),
        sa.CheckConstraint("seller_id is not null or listing_id is not null", name=op.f("ck_sanction_decisions_subject")),
        sa.ForeignKeyConstraint(["issued_row_id"], ["issued_rows.id"], name=op.f("fk_sanction_decisions_issued_row_id")),
        sa.ForeignKeyConstraint(["returned_row_id"], ["returned_rows.id"], name=op.f("fk_sanction_decisions_returned_row_id")),
        sa.ForeignKeyConstraint(["supersedes"], ["sanction_decisions.id"], name=op.f("fk_sanction_decisions_supersedes")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sanction_decisions")),
        sa.UniqueConstraint("supersedes", name=op.f("uq_sanction_decisions_supersedes")),
        comment="decisions on sanctions, as authorities report them",
    )
    op.create_index(op.f("ix_sanction_decisions_issued_row_id"), "sanction_decisions", ["issued_row_id"], unique=False)
    op.create_table(
        "watch_entries",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("platform", sa.String(length=60), nullable=False),
        sa.Column("seller_id", sa.String(length=200), nullable=False),
        sa.Column("seller_name", sa.Text(), nullable=True),
        sa.Column("act", sa.String(length=10), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("until", sa.Date(), nullable=True, comment="last day of watching; missing = until it is closed"),
        sa.Column("outcome_id", sa.Integer(), nullable=True, comment="what gave rise to it"),
        sa.Column("entered_by", sa.String(length=200), nullable=False),
        sa.Column("supersedes", sa.Integer(), nullable=True, comment="the row of this table that this one corrects"),
        sa.Column("recorded_at", UtcTime(), nullable=False, comment="when this row was written"),
        sa.CheckConstraint("act in ('opened', 'closed')", name=op.f("ck_watch_entries_act")),
        sa.ForeignKeyConstraint(["outcome_id"], ["outcomes.id"], name=op.f("fk_watch_entries_outcome_id")),
        sa.ForeignKeyConstraint(["supersedes"], ["watch_entries.id"], name=op.f("fk_watch_entries_supersedes")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_watch_entries")),
        sa.UniqueConstraint("supersedes", name=op.f("uq_watch_entries_supersedes")),
        comment="sellers kept in sight (sổ theo dõi); a sign of interest, no finding",
    )
    op.create_index("ix_watch_entries_seller", "watch_entries", ["platform", "seller_id"], unique=False)
