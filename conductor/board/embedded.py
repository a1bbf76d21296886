"""The embedded board: jobs in memory, for one process. Filled from SQL at start; no table, no polling."""

import collections
import dataclasses
import threading
import time
from collections.abc import Collection, Iterable

from dbaas.db.operations import Job


@dataclasses.dataclass
class _Entry:
    job: Job
    arrival: int
    not_before: float = 0.0
    claimed: bool = False


class EmbeddedBoard:
    """Order: priority, then the project with the fewest claimed jobs, then arrival."""

    def __init__(self) -> None:
        self._entries: dict[str, _Entry] = {}
        self._changed = threading.Condition()
        self._arrivals = 0
        self._closed = False

    def post(self, jobs: Iterable[Job]) -> None:
        with self._changed:
            for job in jobs:
                if job.name not in self._entries:
                    self._arrivals += 1
                    self._entries[job.name] = _Entry(job, self._arrivals)
            self._changed.notify_all()

    def claim(self, known: Collection[tuple[str, int]], timeout: float) -> Job | None:
        deadline = time.monotonic() + timeout
        with self._changed:
            while not self._closed:
                now = time.monotonic()
                entry = self._best(known, now)
                if entry is not None:
                    entry.claimed = True
                    return entry.job
                wake = min([deadline, *self._embargoes(now)])
                if now >= deadline:
                    return None
                self._changed.wait(wake - now)
        return None

    def _best(self, known: Collection[tuple[str, int]], now: float) -> _Entry | None:
        running = collections.Counter(e.job.project for e in self._entries.values() if e.claimed)
        free = [
            e
            for e in self._entries.values()
            if not e.claimed and e.not_before <= now and (e.job.type, e.job.version) in known
        ]
        return min(free, key=lambda e: (e.job.priority, running[e.job.project], e.arrival), default=None)

    def _embargoes(self, now: float) -> list[float]:
        return [e.not_before for e in self._entries.values() if not e.claimed and e.not_before > now]

    def consume(self, job: Job) -> None:
        with self._changed:
            self._entries.pop(job.name, None)

    def abandon(self, job: Job, delay: float) -> None:
        with self._changed:
            entry = self._entries.get(job.name)
            if entry is not None:
                entry.claimed, entry.not_before = False, time.monotonic() + delay
            self._changed.notify_all()

    def names(self) -> set[str]:
        with self._changed:
            return set(self._entries)

    def close(self) -> None:
        with self._changed:
            self._closed = True
            self._changed.notify_all()
