"""The schema's version: Alembic, run on a connection of ours."""

import contextlib
import os
from collections.abc import Iterator

from alembic import command, config, script
from alembic.runtime import migration

from dbaas.db.session import Database
from dbaas.exceptions import BadRequest

_LOCK_NAME, _LOCK_NUMBER, _LOCK_WITHIN = 'dbaas schema', 0xDBAA5, 600  # seconds
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
    """Bring the schema to `revision`; one transaction where the database allows it (not MariaDB). Repeatable.

    Programs that do it at once do it one after another.
    """
    if revision == 'head' and current(db) == head():
        return
    with _alone(db) as settings:
        command.upgrade(settings, revision)


def downgrade(db: Database, revision: str) -> None:
    """Raises BadRequest for a revision that this program does not know."""
    known = [found.revision for found in script.ScriptDirectory.from_config(_config()).walk_revisions()]
    if revision not in (*known, 'base'):
        raise BadRequest(f'Revision {revision} is unknown: give base or one of {", ".join(known)}.')
    with _alone(db) as settings:
        command.downgrade(settings, revision)


@contextlib.contextmanager
def _alone(db: Database) -> Iterator[config.Config]:
    """Alembic's settings with a connection of which there is one at a time: SQLite has one writer anyway."""
    settings = _config()
    with db.transaction() as c:
        settings.attributes['connection'] = c
        if c.dialect.name == 'postgresql':
            c.exec_driver_sql('SET LOCAL lock_timeout = 0')
            c.exec_driver_sql(f'SELECT pg_advisory_xact_lock({_LOCK_NUMBER})')
            yield settings
        elif c.dialect.name == 'sqlite':
            yield settings
        else:
            c.exec_driver_sql(f"SELECT GET_LOCK('{_LOCK_NAME}', {_LOCK_WITHIN})")
            try:
                yield settings
                c.exec_driver_sql('COMMIT')  # before the lock goes: who is next has to see the new revision
            finally:
                c.exec_driver_sql(f"SELECT RELEASE_LOCK('{_LOCK_NAME}')")
