"""The schema's version: Alembic, run on a connection of ours."""

import os

from alembic import command, config, script
from alembic.runtime import migration

from dbaas.db.session import Database

_FOLDER = os.path.join(os.path.dirname(__file__), 'migrations')


def _config() -> config.Config:
    found = config.Config()
    found.set_main_option('script_location', _FOLDER)
    return found


def head() -> str | None:
    """The newest revision that this program knows."""
    return script.ScriptDirectory.from_config(_config()).get_current_head()


def current(db: Database) -> str | None:
    """The database's revision; None: empty."""
    with db.read() as c:
        return migration.MigrationContext.configure(c).get_current_revision()


def upgrade(db: Database, revision: str = 'head') -> None:
    """Bring the schema to `revision`; one transaction where the database allows it."""
    if revision == 'head' and current(db) == head():
        return
    settings = _config()
    with db.transaction() as c:
        settings.attributes['connection'] = c
        command.upgrade(settings, revision)


def downgrade(db: Database, revision: str) -> None:
    settings = _config()
    with db.transaction() as c:
        settings.attributes['connection'] = c
        command.downgrade(settings, revision)
