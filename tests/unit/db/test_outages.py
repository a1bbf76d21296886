"""Servers that stop, start, freeze, and lose a connection at the worst moment: nothing hangs, nothing doubles."""

import contextlib
import os
import pathlib
import signal
import threading
from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from dbaas import exceptions
from dbaas.db import migrate, quotas
from dbaas.db.engines import Limits
from dbaas.db.session import Database, unavailable
from dbaas.db.tables import QUOTAS
from tests.servers.databases import Databases, Server
from tests.servers.wire import Wire
from tests.waiting import until

pytestmark = pytest.mark.parametrize('kind', ['mariadb', 'postgresql'], scope='session')


@pytest.fixture
def server(kind: str, databases: Databases) -> Iterator[Server]:
    """Running before and after the test."""
    found = databases.server(kind)
    yield found
    tell(found, signal.SIGCONT)
    found.start()


def tell(server: Server, number: int) -> None:
    """The server's process, and those of its connections where they have some. Told to stop, it has afterwards."""
    if server.pid is None:
        return
    with open(f'/proc/{server.pid}/task/{server.pid}/children') as text:
        children = [int(word) for word in text.read().split()]
    for pid in (server.pid, *children):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)
        if number == signal.SIGSTOP:  # its threads come to a stop one by one
            until(lambda pid=pid: all(state == 'T' for state in states(pid)), 30, 'it has stopped')


def states(pid: int) -> Iterator[str]:
    """Of its threads; none without such a process."""
    for task in pathlib.Path(f'/proc/{pid}/task').glob('*/stat'):
        with contextlib.suppress(OSError):
            yield task.read_text().rpartition(')')[2].split()[0]


def used(db: Database) -> int:
    with db.read() as c:
        return c.execute(sa.select(QUOTAS.c.used)).scalar_one()


def add(c: sa.Connection) -> None:
    c.execute(sa.update(QUOTAS).values(used=QUOTAS.c.used + 1))


@pytest.fixture
def counted(db: Database) -> Database:
    """With one quota row to count in."""
    db.run(lambda c: quotas.ensure(c, 'project', {'instances': -1}))
    return db


def test_connections_that_died_in_the_pool_are_not_noticed(server: Server, counted: Database) -> None:
    """The server was restarted: the next unit of work, and the next read, simply work."""
    server.stop()
    server.start()
    counted.run(add)
    server.stop()
    server.start()
    assert used(counted) == 1


def test_a_read_whose_connection_dies_before_its_end_says_nothing_else(server: Server, counted: Database) -> None:
    """Once a step was held for the driver's own error of that ROLLBACK."""
    with contextlib.suppress(exceptions.DatabaseUnavailable), counted.read() as c:
        assert c.execute(sa.select(QUOTAS.c.used)).scalar_one() == 0
        server.stop()


def test_who_freezes_in_a_transaction_keeps_its_rows_for_seconds_only(counted: Database) -> None:
    """Else nobody could go on with what a frozen conductor has claimed."""
    other = Database(counted.url)
    with pytest.raises(exceptions.DatabaseUnavailable), counted.transaction() as c:
        add(c)
        other.run(add)  # waits until the server has ended ours
        add(c)
    other.close()
    assert used(counted) == 1


def test_a_connection_that_dies_within_a_unit_of_work_runs_it_again(server: Server, counted: Database) -> None:
    tries = []

    def work(c: sa.Connection) -> None:
        add(c)
        tries.append(1)
        if len(tries) == 1:
            server.stop()
            server.start()
        add(c)

    counted.waiting(60).run(work)
    assert (len(tries), used(counted)) == (2, 2)


def test_a_server_that_is_away_is_told_at_once_and_waited_for_by_the_patient(server: Server, counted: Database) -> None:
    server.stop()
    for call in (lambda: counted.run(add), lambda: used(counted)):
        with pytest.raises(exceptions.DatabaseUnavailable, match='try again') as caught:
            call()
        assert unavailable(caught.value) and not caught.value.in_doubt and caught.value.reason
    patient = threading.Thread(target=lambda: counted.waiting(60).run(add))
    patient.start()
    server.start()
    patient.join(30)
    assert not patient.is_alive() and used(counted) == 1


def test_the_words_of_an_outage_hold_no_statement_and_no_password(server: Server, counted: Database) -> None:
    password = sa.make_url(counted.url).password
    server.stop()
    with pytest.raises(exceptions.DatabaseUnavailable) as caught:
        counted.run(add)
    for text in (str(caught.value), caught.value.reason):
        assert str(password) not in text and 'UPDATE' not in text and 'sqlalche' not in text


def test_a_frozen_server_does_not_hang_us(server: Server, counted: Database) -> None:
    hasty = Database(counted.url, limits=Limits(answer_within=3.0))
    used(hasty)
    tell(server, signal.SIGSTOP)
    for call in (lambda: hasty.run(add), lambda: used(hasty)):
        with pytest.raises(exceptions.DatabaseUnavailable):
            call()
    tell(server, signal.SIGCONT)
    hasty.waiting(30).run(add)
    hasty.close()


@pytest.mark.parametrize(('cut', 'done'), [('before', 0), ('after', 1)])
def test_a_lost_commit_is_in_doubt_and_never_rerun(
    kind: str, server: Server, counted: Database, cut: str, done: int
) -> None:
    """Seen from here both look the same: rerun, the second would count twice."""
    wire = Wire(server.port)
    url = sa.make_url(counted.url).set(port=wire.port).render_as_string(hide_password=False)
    through = Database(url).waiting(30)
    through.run(lambda c: None)
    wire.cut = cut
    with pytest.raises(exceptions.DatabaseUnavailable) as caught:
        through.run(add)
    assert caught.value.in_doubt and wire.cuts == 1
    assert used(counted) == done
    through.run(add)
    assert used(counted) == done + 1
    through.close()
    wire.close()


def test_too_many_connections_is_no_error_of_the_work(kind: str, counted: Database) -> None:
    small = Database(counted.url, limits=Limits(pool_size=1, max_overflow=0, answer_within=2.0))
    with small.read(), pytest.raises(exceptions.DatabaseUnavailable):
        small.run(add)
    small.run(add)
    small.close()


def test_schemas_made_by_several_at_once(kind: str, databases: Databases) -> None:
    url = databases.empty(kind)
    errors: list[Exception] = []

    def upgrade() -> None:
        db = Database(url)
        try:
            migrate.upgrade(db)
        except Exception as error:  # noqa: BLE001 - shown below
            errors.append(error)
        db.close()

    threads = [threading.Thread(target=upgrade) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    db = Database(url)
    assert not errors and migrate.current(db) == migrate.head()
    db.close()
