"""Fixtures that several suites share: a migrated database, and rows to put into it."""

import pathlib
import shutil
import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from dbaas.context import RequestContext
from dbaas.db import migrate
from dbaas.db.session import Database
from dbaas.services import datastores
from dbaas.services.operations import Operations, OperationType
from tests.servers.databases import KINDS, Databases, wipe

CTX = RequestContext('project', 'user', 'User')
TYPES = {
    name: OperationType(name, 1, mode, 'hold', 5)
    for name, mode in {
        'instance.create': 'exclusive', 'instance.delete': 'delete', 'test.user': 'in-line', 'test.backup': 'shared',
        'demo.wait': 'none',
    }.items()
}  # fmt: skip


@pytest.fixture(scope='session')
def databases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Databases]:
    """Database servers, started by the first test that asks for one, ended with the session."""
    found = Databases(tmp_path_factory.mktemp('databases'))
    yield found
    found.close()


@pytest.fixture(scope='session')
def kind() -> str:
    """The kind of database that `db` is on; suites that run on all of them override this with `every_kind`."""
    return 'sqlite'


def every_kind() -> Any:
    """For a conftest: kind = every_kind()."""

    @pytest.fixture(scope='session', params=KINDS)
    def kind(request: pytest.FixtureRequest) -> str:
        return request.param

    return kind


@pytest.fixture
def db(kind: str, databases: Databases, tmp_path: pathlib.Path) -> Iterator[Database]:
    """Migrated, without a row."""
    url = databases.migrated(kind)
    if kind == 'sqlite':  # a file of its own
        url = f'sqlite:///{shutil.copy(url.removeprefix("sqlite:///"), tmp_path / "dbaas.sqlite")}'
    found = Database(url, durable=False)
    if kind != 'sqlite':
        wipe(found)
    yield found
    found.close()


@pytest.fixture(scope='session')
def template(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A migrated database with the datastore, copied for each test."""
    path = str(tmp_path_factory.mktemp('template') / 'dbaas.sqlite')
    db = Database(f'sqlite:///{path}')
    migrate.upgrade(db)
    db.run(lambda c: datastores.register(c, 'mariadb', 'mariadb', ['10.11'], '10.11'))
    db.close()  # the last connection's end moves SQLite's log into the file
    return path


@pytest.fixture
def operations(db: Database) -> Operations:
    return Operations(TYPES, db.clock)


def new_id() -> str:
    return str(uuid.uuid4())
