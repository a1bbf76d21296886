"""A cluster's own MariaDB, read and held up from outside, whether its programs live or not."""

import contextlib
import pathlib
from typing import Any

import sqlalchemy as sa

from tests.functional import settings
from tests.functional.book import Book

# A trigger that never ends: whoever writes stays in the middle of one commit, until its connection is ended. Where it
# is told by a row: another trigger would have to wait for those that use the table.
_FOR_EVER = """
CREATE TRIGGER IF NOT EXISTS hold_up BEFORE INSERT ON operation_event FOR EACH ROW
IF NEW.kind = 'done' AND (SELECT done FROM held_up_at) = (
    SELECT count(*) FROM operation_event WHERE operation_id = NEW.operation_id AND kind = 'done'
) THEN DO SLEEP(86400); END IF
"""
_ASLEEP = "SELECT id FROM information_schema.processlist WHERE state = 'User sleep'"


class SqlBook(Book):
    """config: a configuration file of the cluster, which names the database."""

    def __init__(self, config: pathlib.Path):
        self._config = config

    def rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        """With a question mark for each value, as SQLite has it."""
        with self._engine().connect() as connection:
            found = connection.exec_driver_sql(query.replace('%', '%%').replace('?', '%s'), values)
            return [tuple(row) for row in found]

    def hold_up(self, count: int) -> None:
        self._do('CREATE TABLE IF NOT EXISTS held_up_at (one INT PRIMARY KEY, done INT)')
        self._do(f'REPLACE INTO held_up_at VALUES (1, {count})')
        self._do(_FOR_EVER)
        self._wake()

    def let_go(self) -> None:
        """Whoever was held up loses its connection."""
        self._wake()
        self._do('DROP TRIGGER IF EXISTS hold_up')
        self._do('DROP TABLE IF EXISTS held_up_at')

    def _wake(self) -> None:
        for (number,) in self.rows(_ASLEEP):
            with contextlib.suppress(sa.exc.DBAPIError):  # it has gone by itself
                self._do(f'KILL {number}')

    def held_up(self) -> bool:
        return bool(self.rows(_ASLEEP))

    def _do(self, statement: str) -> None:
        with self._engine().begin() as connection:
            connection.exec_driver_sql(statement)

    def _engine(self) -> sa.Engine:
        """A new one each time: ports may change, and a server that was killed leaves no connection in a pool."""
        return sa.create_engine(settings.of(self._config)['database']['connection'][0], poolclass=sa.NullPool)
