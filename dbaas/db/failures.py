"""What the errors of databases mean, and their words for programs that must not know SQLAlchemy."""

import sqlalchemy as sa

from dbaas.exceptions import DatabaseUnavailable

ERRORS = (sa.exc.SQLAlchemyError, DatabaseUnavailable)

# the transaction was thrown away; the same work, done again, gets over it
_RERUN_MYSQL = {1020, 1205, 1213}  # row changed since it was read, lock wait timeout, deadlock
_RERUN_SQLSTATE = {'40001', '40P01', '55P03'}  # serialisation failure, deadlock, lock timeout
_RERUN_SQLITE = ('database is locked', 'database table is locked')

# nobody can work with this server now: it stops or starts, is a replica, is full, has no connection left
_GONE_MYSQL = {
    1021, 1040, 1041, 1047, 1053, 1114, 1152, 1184, 1203, 1290, 1836, 1927, 2002, 2003, 2006, 2013, 2014, 2055, 3024,
}  # fmt: skip
_GONE_SQLSTATE = {'25006', '53100', '53200', '53300', '57P01', '57P02', '57P03', '57P04'}
_GONE_SQLITE = ('unable to open database file', 'database or disk is full', 'disk I/O error')


def may_rerun(error: BaseException) -> bool:
    """Whether the database threw the transaction away for a reason that the same work, done again, gets over."""
    return isinstance(error, sa.exc.DBAPIError) and (
        _sqlstate(error) in _RERUN_SQLSTATE or _number(error) in _RERUN_MYSQL or _says(error, _RERUN_SQLITE)
    )


def gone(error: BaseException) -> bool:
    """Whether the database could not be asked at all, or went away while it was asked."""
    if isinstance(error, sa.exc.TimeoutError):  # no connection of the pool came free
        return True
    if not isinstance(error, sa.exc.DBAPIError):
        return False
    state = _sqlstate(error) or ''
    return (
        error.connection_invalidated
        or state.startswith('08')
        or state in _GONE_SQLSTATE
        or _number(error) in _GONE_MYSQL
        or _says(error, _GONE_SQLITE)
        or _never_connected(error)
    )


def reason(error: Exception) -> str:
    """The driver's own words, without statement and parameters."""
    text = str(getattr(error, 'reason', None) or getattr(error, 'orig', None) or error).strip()
    return text.splitlines()[0] if text else type(error).__name__


def _number(error: sa.exc.DBAPIError) -> object:
    original = error.orig
    return original.args[0] if original is not None and original.args else None


def _sqlstate(error: sa.exc.DBAPIError) -> str | None:
    return getattr(error.orig, 'sqlstate', None)


def _says(error: sa.exc.DBAPIError, words: tuple[str, ...]) -> bool:
    return any(word in str(error.orig) for word in words)


def _never_connected(error: sa.exc.DBAPIError) -> bool:
    """psycopg has no code for a connection that could not be made: the server has said nothing."""
    original = error.orig
    from_psycopg = type(original).__module__.startswith('psycopg')
    return from_psycopg and isinstance(error, sa.exc.OperationalError) and _sqlstate(error) is None
