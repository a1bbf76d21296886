"""Alembic's environment: the connection is handed in by dbaas.db.migrate, there is no ini file to read."""

from alembic import context

from dbaas.db.tables import METADATA

context.configure(
    connection=context.config.attributes['connection'],
    target_metadata=METADATA,
    render_as_batch=True,
    transaction_per_migration=False,
)
context.run_migrations()
