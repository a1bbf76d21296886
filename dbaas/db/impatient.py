"""A psycopg connection that gives up on a server which does not answer: libpq has no read timeout of its own."""

from typing import Any

import psycopg


def within(seconds: float) -> type[psycopg.Connection]:
    """A connection class. One whose statement takes longer is closed, and raises psycopg.OperationalError."""

    class Impatient(psycopg.Connection):
        def wait(self, gen: Any, interval: float = 0.1, timeout: float | None = None) -> Any:
            try:
                return super().wait(gen, interval, seconds if timeout is None else timeout)
            except psycopg.OperationalError as error:
                if error.sqlstate is None:  # not the server's word: whatever it says later belongs to nothing
                    self.pgconn.finish()
                raise

    return Impatient
