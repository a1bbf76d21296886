"""What this process runs right now: shared by the worker, which writes it, and the timers, which read it."""

import contextlib
import dataclasses
import threading
from collections.abc import Callable, Iterator

from dbaas.exceptions import ClaimLost


@dataclasses.dataclass
class Claim:
    """One running operation. step, started (seconds since the epoch) and limit (seconds) change as it goes on."""

    operation_id: str
    epoch: int
    conductor: str
    step: str | None = None
    started: float = 0.0
    limit: float = 0.0
    shown: bool = False
    let_go: Callable[[], None] = lambda: None  # gives its place among the running ones back; once
    lost: bool = False  # the board has given it to others
    released: bool = False  # this process stops: the run ends at the next step boundary, and others go on

    def check(self) -> None:
        """Between steps, as early as it is known; what makes it safe is the fence. Raises ClaimLost."""
        if self.lost:
            raise ClaimLost(f'operation {self.operation_id}: the claim went with the session of the board')


class Claims:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._claims: dict[str, Claim] = {}
        self._releasing = False

    @contextlib.contextmanager
    def running(self, claim: Claim) -> Iterator[Claim]:
        with self._lock:
            claim.released = self._releasing
            self._claims[claim.operation_id] = claim
        try:
            yield claim
        finally:
            with self._lock:
                if self._claims.get(claim.operation_id) is claim:
                    del self._claims[claim.operation_id]

    @contextlib.contextmanager
    def step(self, claim: Claim, name: str, now: float, limit: float) -> Iterator[None]:
        with self._lock:
            claim.step, claim.started, claim.limit, claim.shown = name, now, limit, False
        try:
            yield
        finally:
            with self._lock:
                claim.step = None

    def all(self) -> list[Claim]:
        """Copies, as they are now."""
        with self._lock:
            return [dataclasses.replace(claim) for claim in self._claims.values()]

    def mark_shown(self, seen: Claim) -> None:
        with self._lock:
            claim = self._claims.get(seen.operation_id)
            if claim is not None and (claim.epoch, claim.step) == (seen.epoch, seen.step):
                claim.shown = True

    def lose(self, operation_id: str) -> None:
        """The board says so: the run of this operation, if there is one, stops between two steps and writes nothing."""
        with self._lock:
            claim = self._claims.get(operation_id)
            if claim is not None:
                claim.lost = True

    def release(self) -> None:
        """All runs, also those that begin now, end between two steps and leave the rest to others."""
        with self._lock:
            self._releasing = True
            for claim in self._claims.values():
                claim.released = True

    def give_up(self, seen: Claim) -> None:
        """Its run is fenced off, though its thread may hang: somebody else gets its place."""
        with self._lock:
            claim = self._claims.get(seen.operation_id)
            if claim is not None and claim.epoch == seen.epoch:
                del self._claims[seen.operation_id]
        seen.let_go()
