"""The embedded board: jobs in memory, for one process. Filled from SQL at start; no table, no polling."""

import threading
import time
from collections.abc import Callable, Collection, Iterable

from conductor.board.shelf import Shelf
from dbaas.db.operations import Job


class EmbeddedBoard:
    """All duties are this process's, and no claim is ever lost."""

    shared = False
    connected = True

    def __init__(self) -> None:
        self._shelf = Shelf()
        self._changed = threading.Condition()
        self._closed = False

    def start(self) -> None:
        """Nothing to connect to."""

    def post(self, jobs: Iterable[Job]) -> None:
        with self._changed:
            for job in () if self._closed else jobs:  # nobody would ever claim them
                self._shelf.put(job)
            self._changed.notify_all()

    def claim(self, known: Collection[tuple[str, int]], timeout: float) -> Job | None:
        deadline = time.monotonic() + timeout
        with self._changed:
            while not self._closed:
                now = time.monotonic()
                entry = self._shelf.best(known, now)
                if entry is not None:
                    entry.claimed = True
                    return entry.job
                wake = min([deadline, *self._shelf.embargoes(now)])
                if now >= deadline:
                    return None
                self._changed.wait(wake - now)
        return None

    def consume(self, job: Job) -> None:
        with self._changed:
            self._shelf.drop(job.name)

    def abandon(self, job: Job, delay: float) -> None:
        with self._changed:
            entry = self._shelf.get(job.name)
            if entry is not None:
                entry.claimed, entry.not_before = False, time.monotonic() + delay
            self._changed.notify_all()

    def names(self) -> set[str]:
        with self._changed:
            return self._shelf.names()

    def discard(self, names: Iterable[str]) -> None:
        with self._changed:
            for name in names:
                entry = self._shelf.get(name)
                if entry is not None and not entry.claimed:
                    self._shelf.drop(name)

    def elected(self) -> bool:
        return True

    def campaign(self) -> None:
        """There is nobody else."""

    def listen(self, lost: Callable[[str], None], back: Callable[[], None]) -> None:
        """Nothing is ever lost, and nothing comes back."""

    def turn_away(self) -> None:
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def leave(self) -> None:
        self.turn_away()

    def close(self) -> None:
        self.turn_away()
