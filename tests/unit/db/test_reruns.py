"""Each error that throws a transaction away, made by a real server: the unit of work is done again, whole and once."""

import contextlib
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import sqlalchemy as sa

from dbaas.db import failures, quotas
from dbaas.db.session import Database
from dbaas.db.tables import QUOTAS

_q = QUOTAS.c


@pytest.fixture
def counted(db: Database) -> Database:
    db.run(lambda c: quotas.ensure(c, 'project', {'a': -1, 'b': -1}))
    return db


def add(c: sa.Connection, name: str) -> None:
    c.execute(sa.update(QUOTAS).where(_q.resource == name).values(used=_q.used + 1))


def used(db: Database) -> dict[str, int]:
    with db.read() as c:
        return {row.resource: row.used for row in c.execute(sa.select(QUOTAS))}


@contextlib.contextmanager
def errors_of(db: Database) -> Iterator[list[object]]:
    """Numbers or SQLSTATEs of all errors of this database's connections."""
    found: list[object] = []

    def seen(context: Any) -> None:
        error = context.original_exception
        number = error.args[0] if error.args else None
        found.append(number if isinstance(number, int) else getattr(error, 'sqlstate', number))

    sa.event.listen(db.engine, 'handle_error', seen)
    yield found
    sa.event.remove(db.engine, 'handle_error', seen)


def only(*kinds: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize('kind', kinds, scope='session')


@only('mariadb', 'postgresql')
def test_a_deadlock(kind: str, counted: Database) -> None:
    """Each holds the row that the other wants; the database ends one of them."""
    both = threading.Barrier(2)
    tries: list[str] = []

    def work(first: str, second: str) -> Callable[[sa.Connection], None]:
        def once(c: sa.Connection) -> None:
            add(c, first)
            tries.append(first)
            if tries.count(first) == 1:
                both.wait(20)
            add(c, second)

        return once

    with counted.engine.connect(), counted.engine.connect():
        pass  # a transaction that pauses for five seconds, while the other one connects, is ended by the server
    with errors_of(counted) as errors:
        threads = [threading.Thread(target=counted.run, args=(work(*pair),)) for pair in (('a', 'b'), ('b', 'a'))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(40)
    assert used(counted) == {'a': 2, 'b': 2}
    assert len(tries) == 3 and errors == [1213 if kind == 'mariadb' else '40P01']


@only('mariadb', 'postgresql')
def test_a_lock_that_does_not_come_free(kind: str, counted: Database) -> None:
    impatient = Database(counted.url)
    setting = 'SET innodb_lock_wait_timeout = 1' if kind == 'mariadb' else "SET lock_timeout = '100ms'"
    holder = contextlib.ExitStack()
    add(holder.enter_context(counted.transaction()), 'a')
    tries = []

    def work(c: sa.Connection) -> None:
        tries.append(1)
        if len(tries) > 1:
            holder.close()
        c.exec_driver_sql(setting)
        add(c, 'b')
        add(c, 'a')

    with errors_of(impatient) as errors:
        impatient.run(work)
    impatient.close()
    assert used(counted) == {'a': 2, 'b': 1}
    assert len(tries) == 2 and errors == [1205 if kind == 'mariadb' else '55P03']


@only('mariadb', 'postgresql')
def test_a_row_that_has_changed_since_it_was_read(kind: str, counted: Database) -> None:
    """Units of work are READ COMMITTED, where this does not happen; a server may be told to be stricter.

    MariaDB says 1020 (innodb_snapshot_isolation), PostgreSQL 40001.
    """
    strict = Database(counted.url)
    tries = []

    def work(c: sa.Connection) -> None:
        tries.append(1)
        if kind == 'mariadb':
            c.exec_driver_sql('SET innodb_snapshot_isolation = ON')
            c.exec_driver_sql('COMMIT')
        c.exec_driver_sql('SET TRANSACTION ISOLATION LEVEL REPEATABLE READ')
        c.execute(sa.select(QUOTAS)).all()
        if len(tries) == 1:
            counted.run(lambda other: add(other, 'a'))
        add(c, 'a')

    with errors_of(strict) as errors:
        strict.run(work)
    strict.close()
    assert used(counted) == {'a': 2, 'b': 0}
    assert len(tries) == 2 and errors == [1020 if kind == 'mariadb' else '40001']


@only('sqlite')
def test_a_busy_file(kind: str, counted: Database) -> None:
    """Another process writes for longer than SQLite waits."""
    hasty, holder, tries = Database(counted.url, durable=False), contextlib.ExitStack(), []
    sa.event.listen(hasty.engine, 'connect', lambda dbapi, _record: dbapi.execute('PRAGMA busy_timeout = 1'))
    hasty._hook = lambda point: tries.append(point) or (holder.close() if len(tries) == 3 else None)
    add(holder.enter_context(counted.transaction()), 'a')
    with errors_of(hasty) as errors:
        hasty.run(lambda c: add(c, 'a'))
    hasty.close()
    assert errors == ['database is locked'] * 2
    assert tries[:3] == ['begin'] * 3 and used(counted) == {'a': 2, 'b': 0}


@only('sqlite', 'mariadb', 'postgresql')
def test_what_a_unit_of_work_reads_is_committed_what_a_read_sees_stands_still(kind: str, counted: Database) -> None:
    """READ COMMITTED for those that write after a lock, one view for those that show."""
    with counted.read() as c:
        before = c.execute(sa.select(_q.used).where(_q.resource == 'a')).scalar()
        counted.run(lambda other: add(other, 'a'))
        assert c.execute(sa.select(_q.used).where(_q.resource == 'a')).scalar() == before

    def work(c: sa.Connection) -> list[int]:
        query = sa.select(_q.used).where(_q.resource == 'a')
        seen = [c.execute(query).scalar_one()]
        if kind != 'sqlite':
            counted.run(lambda other: add(other, 'a'))
        return [*seen, c.execute(query).scalar_one()]

    assert counted.run(work) == ([1, 1] if kind == 'sqlite' else [1, 2])


def test_an_error_of_the_work_is_not_an_error_of_the_database() -> None:
    assert not failures.gone(ValueError('no')) and not failures.may_rerun(ValueError('no'))
    wrong = sa.exc.OperationalError('statement', {}, Exception(1064, 'syntax'))
    assert not failures.gone(wrong) and not failures.may_rerun(wrong)
