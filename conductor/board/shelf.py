"""The jobs that a board knows, and which is next. Bookkeeping only: no lock, no network."""

import collections
import dataclasses
from collections.abc import Collection, Container, Iterator

from dbaas.db.operations import Job


@dataclasses.dataclass
class Entry:
    """job: None until its type and version are known; version: of its node, while it is claimed here (ZooKeeper)."""

    name: str
    priority: int
    project: str
    arrival: int
    job: Job | None = None
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

    def put(self, job: Job, known: bool = True) -> Entry:
        """known: type and version are not only placeholders."""
        entry = self._entries.get(job.name)
        if entry is None:
            self._arrivals += 1
            entry = Entry(job.name, job.priority, job.project, self._arrivals)
            self._entries[job.name] = entry
        if known:
            entry.job = job
        return entry

    def drop(self, name: str) -> Entry | None:
        return self._entries.pop(name, None)

    def names(self) -> set[str]:
        return set(self._entries)

    def best(self, known: Container[tuple[str, int]], now: float, without: Collection[str] = ()) -> Entry | None:
        """The free job that is next; one whose type is not known yet counts, one that nobody here can run does not."""
        running = collections.Counter(e.project for e in self if e.claimed)
        free = (
            e
            for e in self
            if not e.claimed
            and e.not_before <= now
            and (e.job is None or (e.job.type, e.job.version) in known)
            and e.name not in without
        )
        return min(free, key=lambda e: (e.priority, running[e.project], e.arrival), default=None)

    def embargoes(self, now: float) -> list[float]:
        """When free jobs that were given back are offered again."""
        return [e.not_before for e in self if not e.claimed and e.not_before > now]
