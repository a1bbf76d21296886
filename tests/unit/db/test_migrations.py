"""The migrated schema is the schema in the code, and the way back works with data in it."""

from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import autogenerate
from alembic.runtime import migration

from dbaas.db import migrate
from dbaas.db.session import Database
from dbaas.db.tables import DATASTORE_VERSIONS, METADATA
from dbaas.db.types import JSON
from tests.servers.databases import Databases


@pytest.fixture
def own(kind: str, databases: Databases) -> Iterator[Database]:
    """A database that a test may take apart."""
    db = Database(databases.empty(kind), durable=False)
    yield db
    db.close()


def tables(db: Database) -> set[str]:
    with db.engine.connect() as c:
        return set(sa.inspect(c).get_table_names())


def test_the_migrated_schema_is_the_one_in_the_code(db: Database) -> None:
    """Tables, columns, types, indexes and constraints."""
    with db.read() as c:
        context = migration.MigrationContext.configure(c)
        assert autogenerate.compare_metadata(context, METADATA) == []


def test_up_again_is_harmless(db: Database) -> None:
    migrate.upgrade(db)
    assert migrate.current(db) == migrate.head()


def _value(column: sa.Column, number: int) -> Any:
    """As long as the column allows: keys and rows of that size must fit, too."""
    if isinstance(column.type, JSON):
        return {'number': [number, None]}
    kind = column.type.python_type
    if isinstance(column.type, sa.Enum):
        return column.type.enums[0]
    if kind is str:
        return f'{number}'.rjust(getattr(column.type, 'length', None) or 70_000, '😀')
    return {bytes: b'\0\xff' * 5, bool: True, float: 1795272412.123456}.get(kind, number)


def fill(db: Database, number: int) -> dict[str, list[Any]]:
    """A row in every table, TaskFlow's too. -> all rows."""

    def work(c: sa.Connection) -> None:
        for table in METADATA.sorted_tables:
            c.execute(
                sa.insert(table),
                {column.name: _value(column, number) for column in table.c if not isinstance(column.type, sa.DateTime)},
            )

    db.run(work)
    with db.read() as c:
        return {table.name: list(c.execute(sa.select(table))) for table in METADATA.sorted_tables}


def test_down_and_up_with_rows_in_every_table(own: Database) -> None:
    migrate.upgrade(own)
    for number in (1, 2):
        rows = fill(own, number)
    assert all(len(found) == 2 for found in rows.values())
    migrate.downgrade(own, 'base')
    assert tables(own) <= {'alembic_version'}
    migrate.upgrade(own)
    assert migrate.current(own) == migrate.head()
    assert all(len(found) == 1 for found in fill(own, 1).values())


def test_what_is_registered_before_0002_runs_as_a_process_and_outlives_the_way_back(own: Database) -> None:
    migrate.upgrade(own, '0001')
    facts = {'id': 'v', 'datastore_id': 'd', 'name': '10.11', 'version': '10.11', 'manager': 'mariadb', 'active': True}
    old = sa.table('datastore_versions', *(sa.column(name) for name in [*facts, 'image_tags', 'packages']))
    own.run(lambda c: c.execute(sa.insert(old), {**facts, 'image_tags': '[]', 'packages': ''}))
    migrate.upgrade(own)
    with own.read() as c:
        row = c.execute(sa.select(DATASTORE_VERSIONS)).one()
    assert (row.runtime, row.container_image, row.container_archive, row.image_tags) == ('process', None, None, [])
    migrate.downgrade(own, '0001')
    with own.read() as c:
        assert c.execute(sa.select(old.c.id)).scalars().all() == ['v']


@pytest.mark.parametrize('kind', ['mariadb'], scope='session')
def test_every_text_of_mariadb_compares_exactly_whatever_the_database_was_made_with(
    kind: str, databases: Databases
) -> None:
    db = Database(databases.empty(kind))
    with db.engine.connect() as c:
        c.exec_driver_sql('ALTER DATABASE CHARACTER SET latin1 COLLATE latin1_swedish_ci')
    migrate.upgrade(db)
    query = """SELECT DISTINCT collation_name FROM information_schema.columns
               WHERE table_schema = DATABASE() AND collation_name IS NOT NULL AND table_name != 'alembic_version'"""
    with db.engine.connect() as c:
        assert c.exec_driver_sql(query).scalars().all() == ['utf8mb4_nopad_bin']
        engines = 'SELECT DISTINCT engine FROM information_schema.tables WHERE table_schema = DATABASE()'
        assert c.exec_driver_sql(engines).scalars().all() == ['InnoDB']
    db.close()
