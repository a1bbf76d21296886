"""The migrated schema is the schema in the code, and the way back works with data in it."""

import pathlib

import sqlalchemy as sa
from alembic import autogenerate
from alembic.runtime import migration

from dbaas.db import migrate, quotas
from dbaas.db.session import Database
from dbaas.db.tables import METADATA


def test_the_migrated_schema_is_the_one_in_the_code(db: Database) -> None:
    with db.read() as c:
        context = migration.MigrationContext.configure(c)
        assert autogenerate.compare_metadata(context, METADATA) == []


def test_up_again_is_harmless(db: Database) -> None:
    migrate.upgrade(db)
    assert migrate.current(db) == migrate.head()


def test_down_and_up_with_data(db: Database, tmp_path: pathlib.Path) -> None:
    db.run(lambda c: quotas.ensure(c, 'project', {'instances': 1}))
    migrate.downgrade(db, 'base')
    with db.read() as c:
        assert set(sa.inspect(c).get_table_names()) <= {'alembic_version'}
    migrate.upgrade(db)
    assert migrate.current(db) == migrate.head()
