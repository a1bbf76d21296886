"""One SQLAlchemy engine per kind of database, each with the settings that our units of work rely on."""

import contextlib
import dataclasses
import threading
from typing import Any

import sqlalchemy as sa

CONNECT_WITHIN = 5  # seconds
LOCK_WAIT = 5  # seconds that a statement waits for a row; then the unit of work runs again
IDLE = 5  # seconds that a transaction may pause between statements: a frozen client must not keep its rows for ever
RECYCLE = 1800  # seconds after which a connection is renewed: firewalls forget idle ones
READ_VIEW = 'SET TRANSACTION ISOLATION LEVEL REPEATABLE READ'


@dataclasses.dataclass(frozen=True)
class Limits:
    """answer_within: seconds for one statement, None: no limit (migrations). pool_size: connections kept open."""

    pool_size: int = 10
    max_overflow: int = 10
    answer_within: float | None = 15.0

    def options(self) -> dict[str, Any]:
        return {
            'pool_size': self.pool_size,
            'max_overflow': self.max_overflow,
            'pool_timeout': self.answer_within or 15.0,
            'pool_recycle': RECYCLE,
            'pool_use_lifo': True,  # what is not needed any more gets old
            'pool_reset_on_return': None,  # every transaction is ended by us: no second ROLLBACK for each
            'hide_parameters': True,  # in errors, which are logged
        }


@dataclasses.dataclass(frozen=True)
class Opened:
    """writer: held by each unit of work. view: the first statement of a read; None: BEGIN alone gives a view."""

    engine: sa.Engine
    writer: contextlib.AbstractContextManager
    view: str | None


def open(url: str, limits: Limits, durable: bool) -> Opened:
    """Connects to nothing yet."""
    backend = sa.make_url(url).get_backend_name()
    if backend == 'sqlite':
        return _sqlite(url, limits, durable)
    engine = _postgresql(url, limits) if backend == 'postgresql' else _mariadb(url, limits)
    return Opened(engine, contextlib.nullcontext(), READ_VIEW)


def _sqlite(url: str, limits: Limits, durable: bool) -> Opened:
    engine = sa.create_engine(url, connect_args={'check_same_thread': False, 'timeout': 30}, **limits.options())

    @sa.event.listens_for(engine, 'connect')
    def _connect(dbapi: Any, _record: Any) -> None:
        dbapi.isolation_level = None  # we begin ourselves: the driver's own BEGIN is deferred
        for pragma in ('journal_mode=WAL', f'synchronous={"FULL" if durable else "OFF"}', 'foreign_keys=ON'):
            dbapi.execute(f'PRAGMA {pragma}')

    @sa.event.listens_for(engine, 'begin')
    def _begin(connection: sa.Connection) -> None:
        reading = connection.get_execution_options().get('dbaas_read')
        connection.exec_driver_sql('BEGIN' if reading else 'BEGIN IMMEDIATE')

    # SQLite's busy handler polls; writers of one process queue here instead
    return Opened(engine, threading.Lock(), None)


def _mariadb(url: str, limits: Limits) -> sa.Engine:
    """A server whose owner has turned strictness off would cut what is too long, and say nothing."""
    from pymysql.constants import CLIENT

    options = {
        'charset': 'utf8mb4',
        # rows found, not rows changed; and statements of one step go there together (dbaas/db/statements.py)
        'client_flag': CLIENT.FOUND_ROWS | CLIENT.MULTI_STATEMENTS,
        'connect_timeout': CONNECT_WITHIN,
        'read_timeout': limits.answer_within,
        'write_timeout': limits.answer_within,
        'init_command': 'SET SESSION '
        + ', '.join(
            [f'innodb_lock_wait_timeout={LOCK_WAIT}', "sql_mode='TRADITIONAL'"]
            + ([f'idle_write_transaction_timeout={IDLE}'] if limits.answer_within is not None else [])
        ),
    }
    return sa.create_engine(url, isolation_level='READ COMMITTED', connect_args=options, **limits.options())


def _postgresql(url: str, limits: Limits) -> sa.Engine:
    settings = f'-c lock_timeout={LOCK_WAIT}s'
    if limits.answer_within is not None:
        settings += f' -c idle_in_transaction_session_timeout={IDLE}s'
    options = {'connect_timeout': CONNECT_WITHIN, 'options': settings}
    engine = sa.create_engine(url, isolation_level='READ COMMITTED', connect_args=options, **limits.options())
    if limits.answer_within is not None:
        from dbaas.db import impatient

        connection_class = impatient.within(limits.answer_within)

        @sa.event.listens_for(engine, 'do_connect')
        def _do_connect(_dialect: Any, _record: Any, args: Any, options: Any) -> Any:
            return connection_class.connect(*args, **options)

    return engine
