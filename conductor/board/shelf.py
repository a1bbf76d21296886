"""The jobs that a board knows, and which is next. Bookkeeping only: no lock, no network."""

import collections
import dataclasses
from collections.abc import Container, Iterator

from dbaas.db.operations import Job


@dataclasses.dataclass
class Entry:
    """version: of its node, while it is claimed here (ZooKeeper)."""

    job: Job
    arrival: int
    not_before: float = 0.0
    claimed: bool = False
    version: int | None = None


class Shelf:
    """Order: priority, then the project with the fewest claimed jobs, then arrival."""

    def __init__(self) -> None:
        self._entries: dict[str, Entry] = {}
        self._arrivals = 0

    def __iter__(self) -> Iterator[Entry]:
        return iter(self._entries.values())

    def __contains__(self, name: str) -> bool:
        return name in self._entries

    def get(self, name: str) -> Entry | None:
        return self._entries.get(name)

    def put(self, job: Job) -> None:
        if job.name not in self._entries:
            self._arrivals += 1
            self._entries[job.name] = Entry(job, self._arrivals)

    def drop(self, name: str) -> Entry | None:
        return self._entries.pop(name, None)

    def names(self) -> set[str]:
        return set(self._entries)

    def best(self, known: Container[tuple[str, int]], now: float) -> Entry | None:
        """The free job that is next, of those that can be run here."""
        running = collections.Counter(e.job.project for e in self if e.claimed)
        free = (e for e in self if not e.claimed and e.not_before <= now and (e.job.type, e.job.version) in known)
        return min(free, key=lambda e: (e.job.priority, running[e.job.project], e.arrival), default=None)

    def embargoes(self, now: float) -> list[float]:
        """When free jobs that were given back are offered again."""
        return [e.not_before for e in self if not e.claimed and e.not_before > now]
