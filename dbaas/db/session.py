"""The database: one unit of work = one transaction, rerun whole after a deadlock or a busy database."""

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from typing import TypeVar

import sqlalchemy as sa
import tenacity

T = TypeVar('T')

MYSQL_RERUN = {1020, 1205, 1213}  # row changed, lock wait timeout, deadlock
SQLSTATE_RERUN = {'40001', '40P01'}  # serialisation failure, deadlock


def may_rerun(error: BaseException) -> bool:
    """Whether the database threw the transaction away for a reason that the same work, done again, gets over."""
    if not isinstance(error, sa.exc.DBAPIError):
        return False
    original = error.orig
    if getattr(original, 'sqlstate', None) in SQLSTATE_RERUN:
        return True
    code = original.args[0] if original is not None and original.args else None
    return code in MYSQL_RERUN or 'database is locked' in str(original)


class Database:
    """url: SQLAlchemy URL. clock: seconds since the epoch. hook: called with 'begin', 'before' and 'after' (tests)."""

    def __init__(
        self,
        url: str,
        clock: Callable[[], float] = time.time,
        hook: Callable[[str], None] | None = None,
        reruns: int = 10,
        durable: bool = True,
    ):
        self.url = url
        self.clock = clock
        self._hook = hook or (lambda point: None)
        self._rerun = tenacity.Retrying(
            retry=tenacity.retry_if_exception(may_rerun),
            stop=tenacity.stop_after_attempt(reruns),
            wait=tenacity.wait_random_exponential(multiplier=0.01, max=1),
            reraise=True,
        )
        self.engine, self._writer = _engine(url, durable)

    def run(self, work: Callable[[sa.Connection], T]) -> T:
        """work(c) in one transaction; its result. Raises what work raises, with everything rolled back."""

        def once() -> T:
            with self.transaction() as c:
                return work(c)

        return self._rerun(once)

    @contextlib.contextmanager
    def transaction(self) -> Iterator[sa.Connection]:
        """One transaction that is not rerun; for callers that cannot be called twice."""
        self._hook('begin')
        with self._writer, self.engine.begin() as c:
            yield c
            self._hook('before')
        self._hook('after')

    @contextlib.contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """A consistent view, nothing locked; whatever is written in it is rolled back."""
        with self.engine.connect().execution_options(dbaas_read=True) as c:
            yield c

    def close(self) -> None:
        self.engine.dispose()


def _engine(url: str, durable: bool) -> tuple[sa.Engine, contextlib.AbstractContextManager]:
    if sa.make_url(url).get_backend_name() != 'sqlite':
        engine = sa.create_engine(url, isolation_level='READ COMMITTED', pool_pre_ping=True)
        return engine, contextlib.nullcontext()
    engine = sa.create_engine(url, connect_args={'check_same_thread': False, 'timeout': 30})

    @sa.event.listens_for(engine, 'connect')
    def _connect(dbapi, _record):
        dbapi.isolation_level = None  # we begin ourselves: the driver's own BEGIN is deferred
        for pragma in ('journal_mode=WAL', f'synchronous={"FULL" if durable else "OFF"}', 'foreign_keys=ON'):
            dbapi.execute(f'PRAGMA {pragma}')

    @sa.event.listens_for(engine, 'begin')
    def _begin(connection):
        reading = connection.get_execution_options().get('dbaas_read')
        connection.exec_driver_sql('BEGIN' if reading else 'BEGIN IMMEDIATE')

    # SQLite's busy handler polls; writers of one process queue here instead
    return engine, threading.Lock()
