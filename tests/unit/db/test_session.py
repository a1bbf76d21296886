"""Units of work: rerun whole when the database threw them away, rolled back when they raise."""

import threading

import pytest
import sqlalchemy as sa

from dbaas.db import quotas
from dbaas.db.failures import may_rerun
from dbaas.db.session import Database
from dbaas.db.tables import QUOTAS


class Locked(Exception):
    """What a driver raises; SQLAlchemy wraps it."""


def wrapped(original: Exception) -> sa.exc.OperationalError:
    return sa.exc.OperationalError('statement', {}, original)


THROWN_AWAY = [Locked('database is locked'), Locked(1213, 'Deadlock'), Locked(1205, 'Lock wait')]


@pytest.mark.parametrize('original', THROWN_AWAY)
def test_what_is_rerun(original: Exception) -> None:
    assert may_rerun(wrapped(original))


def test_what_is_not_rerun() -> None:
    assert not may_rerun(ValueError('no')) and not may_rerun(wrapped(Locked(1064, 'syntax')))


def test_a_unit_of_work_runs_again_from_its_beginning(db: Database) -> None:
    tries = []

    def work(c: sa.Connection) -> int:
        tries.append(1)
        quotas.ensure(c, f'project-{len(tries)}', {'instances': 1})
        if len(tries) < 3:
            raise wrapped(Locked('database is locked'))
        return len(tries)

    assert db.run(work) == 3
    with db.read() as c:
        assert list(c.execute(sa.select(QUOTAS.c.project_id)).scalars()) == ['project-3']


def test_an_error_leaves_nothing(db: Database) -> None:
    def work(c: sa.Connection) -> None:
        quotas.ensure(c, 'project', {'instances': 1})
        raise ValueError('no')

    with pytest.raises(ValueError, match='no'):
        db.run(work)
    with db.read() as c:
        assert c.execute(sa.select(QUOTAS)).first() is None


def test_what_is_written_while_reading_is_gone(db: Database) -> None:
    with db.read() as c:
        quotas.ensure(c, 'project', {'instances': 1})
    with db.read() as c:
        assert c.execute(sa.select(QUOTAS)).first() is None


def test_many_threads_write_without_losing_an_update(db: Database) -> None:
    db.run(lambda c: quotas.ensure(c, 'project', {'instances': -1}))
    other = Database(db.url, durable=False)  # another process has another lock

    def add(through: Database) -> None:
        for _ in range(20):
            through.run(lambda c: c.execute(sa.update(QUOTAS).values(used=QUOTAS.c.used + 1)))

    threads = [threading.Thread(target=add, args=(through,)) for through in (db, other, db, other)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with db.read() as c:
        assert c.execute(sa.select(QUOTAS.c.used)).scalar() == 80
