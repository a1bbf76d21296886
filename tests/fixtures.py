"""Fixtures that several suites share: a migrated database, and rows to put into it."""

import pathlib
import shutil
import uuid

import pytest

from dbaas.context import RequestContext
from dbaas.db import migrate
from dbaas.db.session import Database
from dbaas.services.operations import Operations, OperationType

CTX = RequestContext('project', 'user', 'User')
TYPES = {
    name: OperationType(name, 1, mode, 'hold', 5)
    for name, mode in {
        'instance.create': 'exclusive', 'instance.delete': 'delete', 'test.user': 'in-line', 'test.backup': 'shared',
        'demo.wait': 'none',
    }.items()
}  # fmt: skip


@pytest.fixture(scope='session')
def migrated(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """An empty database file at the newest revision, to be copied."""
    path = tmp_path_factory.mktemp('migrated') / 'dbaas.sqlite'
    db = Database(f'sqlite:///{path}', durable=False)
    migrate.upgrade(db)
    db.close()
    return path


@pytest.fixture
def db(migrated: pathlib.Path, tmp_path: pathlib.Path) -> Database:
    shutil.copy(migrated, tmp_path / 'dbaas.sqlite')
    return Database(f'sqlite:///{tmp_path}/dbaas.sqlite', durable=False)


@pytest.fixture
def operations(db: Database) -> Operations:
    return Operations(TYPES, db.clock)


def new_id() -> str:
    return str(uuid.uuid4())
