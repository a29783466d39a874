"""Decisions that other installations shared, and content that an appeal cleared."""

import sqlalchemy as sa
from alembic import op

from pipeline.register.schema import UtcTime

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "shared_facts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("origin", sa.String(length=40), nullable=False, comment="id of the installation that shared it"),
        sa.Column("record", sa.String(length=40), nullable=False, comment="its number there, the same in every later package"),
        sa.Column("unit", sa.Text(), nullable=False, comment="the authority that shared it, as it calls itself"),
        sa.Column("platform", sa.String(length=60), nullable=False),
        sa.Column("seller_id", sa.String(length=200), nullable=True),
        sa.Column("listing_id", sa.String(length=200), nullable=True),
        sa.Column("seller_name", sa.Text(), nullable=True),
        sa.Column("behaviours", sa.Text(), nullable=True, comment="what was found, joined by ','"),
        sa.Column("number", sa.String(length=80), nullable=False, comment="of the decision"),
        sa.Column("decided_on", sa.Date(), nullable=False),
        sa.Column("authority", sa.String(length=120), nullable=True, comment="who decided"),
        sa.Column("carried_out_on", sa.Date(), nullable=True),
        sa.Column("expires_on", sa.Date(), nullable=False, comment="last day on which it may be called a violator"),
        sa.Column("withdrawn_on", sa.Date(), nullable=True, comment="from when the origin no longer stands by it"),
        sa.Column("origin_recorded_at", UtcTime(), nullable=False, comment="when the origin wrote it down"),
        sa.Column("file_sha256", sa.String(length=64), nullable=False, comment="the package it came in"),
        sa.Column("supersedes", sa.Integer(), nullable=True, comment="the row of this table that this one corrects"),
        sa.Column("recorded_at", UtcTime(), nullable=False, comment="when this row was written"),
        sa.CheckConstraint("seller_id is not null or listing_id is not null", name=op.f("ck_shared_facts_subject")),
        sa.ForeignKeyConstraint(["supersedes"], ["shared_facts.id"], name=op.f("fk_shared_facts_supersedes")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shared_facts")),
        sa.UniqueConstraint("supersedes", name=op.f("uq_shared_facts_supersedes")),
        comment="sanction decisions that other installations shared (docs/sharing.md)",
    )
    op.create_index("ix_shared_facts_origin", "shared_facts", ["origin", "record"], unique=False)
    op.create_table(
        "protections",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("outcome_id", sa.Integer(), nullable=False, comment="the appeal that cleared it"),
        sa.Column("platform", sa.String(length=60), nullable=False),
        sa.Column("seller_id", sa.String(length=200), nullable=False),
        sa.Column("listing_id", sa.String(length=200), nullable=True, comment="as it was then; the content counts, wherever this seller shows it"),
        sa.Column("content_hash", sa.String(length=64), nullable=False, comment="of its title, description and variants"),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=False, comment="last day of protection"),
        sa.Column("supersedes", sa.Integer(), nullable=True, comment="the row of this table that this one corrects"),
        sa.Column("recorded_at", UtcTime(), nullable=False, comment="when this row was written"),
        sa.ForeignKeyConstraint(["outcome_id"], ["outcomes.id"], name=op.f("fk_protections_outcome_id")),
        sa.ForeignKeyConstraint(["supersedes"], ["protections.id"], name=op.f("fk_protections_supersedes")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_protections")),
        sa.UniqueConstraint("supersedes", name=op.f("uq_protections_supersedes")),
        sa.UniqueConstraint("outcome_id", "content_hash", "until", name="uq_protections_outcome_id_content_hash"),
        comment="content of a seller that an appeal cleared (docs/fairness.md)",
    )
    op.create_index(op.f("ix_protections_outcome_id"), "protections", ["outcome_id"], unique=False)
