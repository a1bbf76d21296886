"""What this process runs right now: shared by the worker, which writes it, and the timers, which read it."""

import contextlib
import dataclasses
import threading
from collections.abc import Callable, Iterator


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


class Claims:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._claims: dict[str, Claim] = {}

    @contextlib.contextmanager
    def running(self, claim: Claim) -> Iterator[Claim]:
        with self._lock:
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

    def give_up(self, seen: Claim) -> None:
        """Its run is fenced off, though its thread may hang: somebody else gets its place."""
        with self._lock:
            claim = self._claims.get(seen.operation_id)
            if claim is not None and claim.epoch == seen.epoch:
                del self._claims[seen.operation_id]
        seen.let_go()
