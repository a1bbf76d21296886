"""A conductor in a thread of its own that freezes at one point and thaws when told: a long pause, a lost session."""

import threading
from typing import Any

from conductor.claims import Claims
from dbaas.cloud.simulated.faults import BEFORE
from tests.flows.harness import House

COMMITS, CALLS = ('begin', 'after'), ('call', 'called')
# they read; 'run' is the guest's own doing
HARMLESS = ('server', 'server_by_id', 'volume', 'shortage', 'ask', 'ping', 'resources', 'run')
TIMEOUT = 20  # seconds after which a frozen conductor is given up


class Frozen:
    """Takes one job from the house's board and runs it up to the `count`th of `points`, or to its rest.

    points: 'begin' and 'after' of a transaction, 'call' and 'called' of something that changes cloud or guest.
    """

    def __init__(self, house: House, points: tuple[str, ...], count: int):
        self.house, self.points, self.left = house, points, count
        self.where: str | None = None  # the point at which it stands
        self.claimed: Any = None  # the operation's row as claimed
        self.error: BaseException | None = None
        self._stopped, self._thaw = threading.Event(), threading.Event()
        self._db = house.disk.connect(self._point)
        self.claims = Claims()
        self._worker = house.new_worker(self._db, self.claims, 'frozen')
        self.job: Any = None
        self._remember()
        house.world.faults.watchers.append(self._watch)
        self.thread = threading.Thread(target=self._run, name='frozen', daemon=True)
        self.thread.start()
        self._stopped.wait(TIMEOUT)

    def _remember(self) -> None:
        """What it has taken from the board, and what it has claimed."""
        worker, engine = self._worker, self._worker._engine
        one, run = worker._one, engine.run

        def taking(job: Any, *rest: Any) -> None:
            self.job = job
            one(job, *rest)

        def running(claimed: Any, *rest: Any) -> Any:
            self.claimed = claimed.op
            return run(claimed, *rest)

        worker._one, engine.run = taking, running

    def _run(self) -> None:
        try:
            self._worker.work()
        except Exception as error:  # noqa: BLE001 - told by whoever thaws it
            self.error = error
        finally:
            self.house.world.faults.watchers.remove(self._watch)
            self._db.close()
            self._stopped.set()

    def _watch(self, call: str, when: str, facts: dict[str, Any]) -> None:
        if call not in HARMLESS and threading.current_thread() is self.thread:
            self._point('call' if when == BEFORE else 'called')

    def _point(self, point: str) -> None:
        if self.where is not None or point not in self.points:
            return
        self.left -= 1
        if self.left <= 0:
            self.where = point
            self._stopped.set()
            self._thaw.wait(TIMEOUT)

    @property
    def alive(self) -> bool:
        return self.thread.is_alive()

    def stale(self) -> bool:
        """Whether its operation has gone on without it."""
        if self.claimed is None:
            return False
        return self.house.operation(self.claimed.id).epoch != self.claimed.epoch

    def thaw(self) -> None:
        """Let it go on, to its end. Raises what its engine raised."""
        self._thaw.set()
        self.thread.join(TIMEOUT)
        assert not self.thread.is_alive(), 'deadlock'
        if self.error is not None:
            raise self.error
