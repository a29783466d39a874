"""What Alembic runs on an upgrade: the caller's connection and transaction, and a version table of our own."""

from alembic import context

from pipeline.register.schema import METADATA
from pipeline.register.upgrade import VERSION_TABLE

context.configure(
    connection=context.config.attributes["connection"], target_metadata=METADATA, version_table=VERSION_TABLE, render_as_batch=True
)
context.run_migrations()
