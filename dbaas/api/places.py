"""Places for requests that ask somebody else: one who is away must not keep every thread of the API."""

import contextlib
import threading
import time
from collections.abc import Iterator

SOON = 1.0  # seconds within which a service that works has answered a call


class Full(Exception):
    """waiting: how many requests are there already."""

    def __init__(self, waiting: int):
        super().__init__(f'{waiting} requests wait already')
        self.waiting = waiting


class Places:
    """threads: those that serve requests; half of them may be within `one` at a time.

    A service that works is waited for, SOON at most.
    """

    def __init__(self, threads: int):
        self._number = max(1, threads // 2)
        self._changed = threading.Condition()
        self._since: list[float] = []  # when each who is inside came
        self._answered = 0.0  # when somebody was outside again soon

    @contextlib.contextmanager
    def one(self) -> Iterator[None]:
        """Raises Full when it is full; at once when nobody has come out for a while."""
        came = self._enter()
        try:
            yield
        finally:
            self._leave(came)

    def _enter(self) -> float:
        with self._changed:
            if not self._free():
                until = max(self._answered, min(self._since)) + SOON
                if not self._changed.wait_for(self._free, until - time.monotonic()):
                    raise Full(self._number)
            came = time.monotonic()
            self._since.append(came)
        return came

    def _free(self) -> bool:
        return len(self._since) < self._number

    def _leave(self, came: float) -> None:
        with self._changed:
            now = time.monotonic()
            self._since.remove(came)
            if now - came < SOON:
                self._answered = now
            self._changed.notify()
