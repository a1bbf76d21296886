"""Two units of work on two connections, the second begun while the first is open: the worst interleaving on purpose."""

import threading
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa

from dbaas.db.session import Database
from tests.waiting import until

Work = Callable[[sa.Connection], Any]
# who waits for a lock, as the server sees it; one SQLite writer waits for the other before its first statement
WAITING = {
    'mysql': 'SELECT variable_value + 0 FROM information_schema.global_status '
    "WHERE variable_name = 'innodb_row_lock_current_waits'",
    'postgresql': 'SELECT COUNT(*) FROM pg_locks WHERE NOT granted',
}


class Rival:
    """A unit of work in a thread, on connections of its own."""

    def __init__(self, db: Database, work: Work):
        self._begun = threading.Event()
        self._db = Database(db.url, db.clock, self._hook, durable=False)
        self._work = work
        self._result: Any = None
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        # connected now: a transaction that pauses for five seconds is ended by the server, on a busy machine, too
        with self._db.engine.connect(), self._db.engine.connect():
            pass

    def _hook(self, point: str) -> None:
        if point == 'begin':
            self._begun.set()

    def _run(self) -> None:
        try:
            self._result = self._db.run(self._work)
        except BaseException as error:  # noqa: BLE001 - raised again by `result`
            self._error = error
        finally:
            self._db.close()

    def start(self) -> None:
        """Until it is done, or waits for somebody's lock."""
        if self._thread.ident is None:
            self._thread.start()
            until(lambda: not self._thread.is_alive() or self._waits(), 20, 'the rival neither ends nor waits')

    def _waits(self) -> bool:
        query = WAITING.get(self._db.engine.dialect.name)
        if query is None:
            return self._begun.is_set()
        with self._db.engine.connect() as c:
            return bool(c.exec_driver_sql(query).scalar())

    def result(self) -> Any:
        self._thread.join(30)
        assert not self._thread.is_alive(), 'the rival waits for ever'
        if self._error is not None:
            raise self._error
        return self._result


def race(db: Database, first: Work, second: Work) -> list[Any]:
    """-> what each returned or raised; `second` begins when `first` has done everything but its COMMIT."""
    rival = Rival(db, second)

    def held_open(c: sa.Connection) -> Any:
        found = first(c)
        rival.start()
        return found

    return [_outcome(lambda: db.run(held_open)), _outcome(rival.result)]


def _outcome(call: Callable[[], Any]) -> Any:
    try:
        return call()
    except Exception as error:  # noqa: BLE001 - what it is, the test says
        return error
