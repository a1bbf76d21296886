"""How the agent itself logs in: by the Unix socket, as the user it runs as. There is no password."""

import contextlib
import os
import pwd
from collections.abc import Iterable, Iterator
from typing import Any

import pymysql
from pymysql.cursors import Cursor

from guestagent.failure import CommandError
from guestagent.place import Place

PATIENCE = 3.0  # seconds for connecting, and for each answer of a health query
UNLOGGED = 'SET sql_log_bin=0, sql_log_off=1, slow_query_log=0'  # verifiers reach no log, whichever its owner turns on


def name() -> str:
    """The account that the template gives all rights, matched by the server against the peer's uid."""
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        raise CommandError(f'uid {os.geteuid()} has no passwd entry: MariaDB cannot tell who it is') from None


@contextlib.contextmanager
def session(place: Place, answer_within: float | None = None) -> Iterator[Cursor]:
    """A cursor. `answer_within`: seconds per statement; None: no limit."""
    options: dict[str, Any] = {'read_timeout': answer_within, 'write_timeout': answer_within}
    connection = pymysql.connect(
        unix_socket=place.socket,
        user=name(),
        connect_timeout=PATIENCE,
        charset='utf8mb4',
        autocommit=True,
        ssl_disabled=True,  # a Unix socket; else each try reads all certificates of the machine
        **options,
    )
    try:
        with connection.cursor() as cursor:
            yield cursor
    finally:
        connection.close()


def run(place: Place, statements: Iterable[str]) -> None:
    """Statements that no log of the server gets to see."""
    with session(place) as cursor:
        cursor.execute(UNLOGGED)
        for statement in statements:
            cursor.execute(statement)
