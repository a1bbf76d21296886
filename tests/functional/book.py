"""The control plane's own SQLite database, read and held up from outside, whether its process lives or not."""

import contextlib
import pathlib
import sqlite3
import time
from collections.abc import Iterator
from typing import Any

HELD_UP = 0.3  # seconds that nobody else may write: no commit takes that long

# A trigger that never ends: the process stays in the middle of one commit, until it is killed.
_FOR_EVER = """
CREATE VIEW for_ever AS WITH RECURSIVE n(x) AS (VALUES (1) UNION ALL SELECT 1 FROM n) SELECT count(*) AS n FROM n;
CREATE TRIGGER hold_up BEFORE INSERT ON operation_event
WHEN NEW.kind = 'done' AND {count} = (
    SELECT count(*) FROM operation_event WHERE operation_id = NEW.operation_id AND kind = 'done'
)
BEGIN SELECT n FROM for_ever; END;
"""


class Book:
    def __init__(self, path: pathlib.Path):
        self._path = path

    def rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        with self._connection() as connection:
            return connection.execute(query, values).fetchall()

    def state(self, operation: str) -> str:
        return self.rows('SELECT state FROM operation WHERE id = ?', operation)[0][0]

    def done(self, operation: str) -> list[tuple[str, int]]:
        """[(step, attempt)] of the steps that were finished, in their order; one that ran twice is there twice."""
        query = "SELECT step, attempt FROM operation_event WHERE operation_id = ? AND kind = 'done' ORDER BY seq"
        return self.rows(query, operation)

    def events(self, operation: str) -> int:
        """How many there are of one operation."""
        return self.rows('SELECT count(*) FROM operation_event WHERE operation_id = ?', operation)[0][0]

    def hold_up(self, count: int) -> None:
        """Let the commit of an operation's next finished step hang, when `count` of its steps are done.

        Whoever hung before goes on.
        """
        self.let_go()
        with self._connection() as connection:
            connection.executescript(_FOR_EVER.format(count=count))

    def let_go(self) -> None:
        with self._connection() as connection:
            connection.executescript('DROP TRIGGER IF EXISTS hold_up; DROP VIEW IF EXISTS for_ever;')

    def held_up(self) -> bool:
        """Whether somebody stays in the middle of a commit; watched for a moment, since every commit locks."""
        until = time.monotonic() + HELD_UP
        with self._connection(patience=0.02) as connection:
            while time.monotonic() < until:
                try:
                    connection.execute('BEGIN IMMEDIATE')
                except sqlite3.OperationalError:
                    continue
                connection.execute('ROLLBACK')
                return False
        return True

    @contextlib.contextmanager
    def _connection(self, patience: float = 10) -> Iterator[sqlite3.Connection]:
        connection = sqlite3.connect(f'file:{self._path}?mode=rw', uri=True, timeout=patience, isolation_level=None)
        try:
            yield connection
        finally:
            connection.close()
