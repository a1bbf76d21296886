"""The database: one unit of work = one transaction, rerun whole after a deadlock or a busy database.

A unit of work is also rerun when its connection was lost before COMMIT was sent: nothing of it can have been done.
A connection lost during COMMIT leaves it in doubt; that is never rerun, but raised: who has a fence or an id to look
for asks again (docs/adr/0013-databases.md).
"""

import contextlib
import copy
import logging
import random
import time
from collections.abc import Callable, Iterator
from typing import TypeVar

import sqlalchemy as sa
import tenacity

from dbaas.db import engines, failures
from dbaas.db.engines import Limits
from dbaas.exceptions import DatabaseUnavailable, DoesNotFit

LOG = logging.getLogger(__name__)
T = TypeVar('T')

# seconds: an error that came so soon means a connection that died in the pool; pauses between tries of patient work
AT_ONCE, SHORTEST, LONGEST = 1.0, 0.05, 2.0


def unavailable(error: BaseException) -> bool:
    """Whether it says nothing about the work but that the database could not be asked."""
    return isinstance(error, DatabaseUnavailable)


class Database:
    """url: SQLAlchemy URL. clock: seconds since the epoch. hook: called with 'begin', 'before' and 'after' (tests).

    reruns: tries of a unit of work. durable: SQLite only, other servers have settings of their own.
    """

    def __init__(
        self,
        url: str,
        clock: Callable[[], float] = time.time,
        hook: Callable[[str], None] | None = None,
        reruns: int = 10,
        durable: bool = True,
        limits: Limits = Limits(),
    ):
        self.url = url
        self.clock = clock
        self._hook = hook or (lambda point: None)
        self._rerun = tenacity.Retrying(
            retry=tenacity.retry_if_exception(failures.may_rerun),
            stop=tenacity.stop_after_attempt(reruns),
            wait=tenacity.wait_random_exponential(multiplier=0.01, max=1),
            reraise=True,
        )
        opened = engines.open(url, limits, durable)
        self.engine, self._writer, self._view = opened.engine, opened.writer, opened.view
        self._patience = 0.0

    def waiting(self, seconds: float) -> 'Database':
        """The same database, for work that would rather wait so long than hear that it is unavailable."""
        patient = copy.copy(self)
        patient._patience = seconds
        return patient

    def run(self, work: Callable[[sa.Connection], T]) -> T:
        """work(c) in one transaction; its result. Raises what work raises, with everything rolled back.

        Raises DatabaseUnavailable; one with `in_doubt` may have been done.
        """

        def once() -> T:
            with self.transaction() as c:
                return work(c)

        def rerun() -> T:
            try:
                return once()
            except sa.exc.DBAPIError as error:
                if not failures.may_rerun(error):
                    raise
            try:
                return self._rerun(once)
            except sa.exc.DBAPIError as error:
                if failures.may_rerun(error):  # so often: it is too busy to work with
                    raise _unavailable(error) from error
                raise

        return self._waited(rerun)

    @contextlib.contextmanager
    def transaction(self) -> Iterator[sa.Connection]:
        """One transaction that is not rerun; for callers that cannot be called twice."""
        self._hook('begin')
        with self._writer, _told(), self.engine.connect() as c, c.begin() as transaction:
            yield c
            self._hook('before')
            _commit(transaction)
        self._hook('after')

    @contextlib.contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """A consistent view, nothing locked; whatever is written in it is rolled back."""
        with _told(), self._waited(self._reader) as c:  # told: also what its end, a ROLLBACK, meets
            yield c

    def _reader(self) -> sa.Connection:
        """A connection that has proven to live: its first statement opens the view."""
        with _told():
            c = self.engine.connect().execution_options(dbaas_read=True)
            try:
                if self._view:
                    c.exec_driver_sql(self._view)
            except BaseException:
                c.close()
                raise
            return c

    def _waited(self, attempt: Callable[[], T]) -> T:
        """attempt(), again when its connection had died in the pool, and as long as our patience lasts."""
        began, pause = time.monotonic(), 0.0
        while True:
            try:
                return attempt()
            except DatabaseUnavailable as error:
                waited = time.monotonic() - began
                allowed = max(self._patience, AT_ONCE if error.died and not pause else 0.0)
                if error.in_doubt or waited >= allowed:
                    raise
                if pause == SHORTEST:
                    LOG.warning('the database does not answer, work waits for it: %s', error.reason)
                time.sleep(pause * random.uniform(0.5, 1))
                pause = min(2 * pause, LONGEST) or SHORTEST

    def close(self) -> None:
        self.engine.dispose()


def _commit(transaction: sa.RootTransaction) -> None:
    """Raises DatabaseUnavailable in doubt when no answer to it comes."""
    try:
        transaction.commit()
    except sa.exc.DBAPIError as error:
        if failures.gone(error):
            raise _unavailable(error, in_doubt=True) from error
        raise


@contextlib.contextmanager
def _told() -> Iterator[None]:
    """Errors of the driver as ours, where they say something that callers act upon."""
    try:
        yield
    except (sa.exc.DBAPIError, sa.exc.TimeoutError) as error:
        if failures.gone(error):
            raise _unavailable(error) from error
        if isinstance(error, sa.exc.DataError):
            raise DoesNotFit(f'A value does not fit into the database: {failures.reason(error)}') from error
        raise
    except UnicodeEncodeError as error:
        raise DoesNotFit('A text is no Unicode text: it holds half of a surrogate pair.') from error


def _unavailable(error: sa.exc.SQLAlchemyError, in_doubt: bool = False) -> DatabaseUnavailable:
    found = DatabaseUnavailable(failures.reason(error))
    found.in_doubt = in_doubt
    found.died = isinstance(error, sa.exc.DBAPIError) and error.connection_invalidated
    return found
