"""The worker: claims jobs as they appear and runs each on a thread, so many at a time. Waiting flows need none."""

import logging
import threading
import time
from collections.abc import Callable

from conductor.board.base import Board
from conductor.engine import Engine
from dbaas.db import operations
from dbaas.db.session import Database
from dbaas.exceptions import ClaimLost, DatabaseUnavailable
from flows import registry, stops

LOG = logging.getLogger(__name__)
GIVE_UP = 5  # runs in a row that ended in an error of the engine itself; then the operation is held


class _Place:
    """One of the places for running operations."""

    def __init__(self, free: threading.Semaphore):
        self._free, self._lock, self._held = free, threading.Lock(), True

    def give_back(self) -> None:
        """Once; more is harmless."""
        with self._lock:
            if self._held:
                self._held = False
                self._free.release()


class Worker:
    def __init__(self, db: Database, board: Board, engine: Engine, size: int):
        self._db, self._board, self._engine = db, board, engine
        self._size, self._free = size, threading.Semaphore(size)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._dispatch, name='claims', daemon=True)
        self._errors: dict[str, int] = {}

    def start(self) -> None:
        self._thread.start()

    def stop(self, timeout: float) -> None:
        """No new claims; what runs may come to a step boundary within `timeout` seconds, the rest is left to others."""
        deadline = time.monotonic() + timeout
        self._stopping.set()
        self._board.turn_away()
        if self._thread.ident is not None:
            self._thread.join(timeout)
        for _ in range(self._size):  # all places free: nothing runs
            self._free.acquire(timeout=max(deadline - time.monotonic(), 0.001))

    def work(self, timeout: float = 0.0) -> bool:
        """Run one job in this thread. -> whether there was one."""
        job = self._board.claim(registry.known(), timeout)
        if job is None:
            return False
        self._one(job)
        return True

    def _dispatch(self) -> None:
        while not self._stopping.is_set():
            if not self._free.acquire(timeout=0.5):  # never claim what cannot be run now
                continue
            job = self._claimed()
            if job is None:
                self._free.release()
                continue
            name = f'flow-{job.operation_id}'
            threading.Thread(target=self._in_thread, args=(job,), name=name, daemon=True).start()

    def _claimed(self) -> operations.Job | None:
        try:
            job = self._board.claim(registry.known(), timeout=1.0)
        except Exception:
            LOG.exception('claiming failed; it is tried again')
            self._stopping.wait(1.0)
            return None
        if job is not None and self._stopping.is_set():
            self._board.abandon(job, 0)
            return None
        return job

    def _in_thread(self, job: operations.Job) -> None:
        """A step that hangs keeps its thread, but not its place: that is given back once, when the step is given up."""
        place = _Place(self._free)
        try:
            self._one(job, place.give_back)
        finally:
            place.give_back()

    def _one(self, job: operations.Job, let_go: Callable[[], None] = lambda: None) -> None:
        following = None
        try:
            claimed = self._engine.claim(job)
            if claimed is not None:
                following = self._engine.run(claimed, let_go)
        except ClaimLost:
            LOG.info('operation %s: the claim is lost, another run goes on', job.operation_id)
        except DatabaseUnavailable as error:  # says nothing about the operation: no reason to hold it
            LOG.warning('operation %s goes on when the database answers: %s', job.operation_id, error.reason)
            self._board.abandon(job, delay=1.0)
            return
        except Exception:  # noqa: BLE001 - a thread must not end silently; the job is given back
            self._troubled(job)
            return
        self._errors.pop(job.operation_id, None)
        self._board.consume(job)
        self._post_next(job, following)

    def _post_next(self, job: operations.Job, following: list[operations.Job] | None) -> None:
        """What this run made runnable, read if it is not known; a failure here is mended by the reconciler."""
        try:
            if following is None:
                with self._db.read() as c:
                    following = operations.jobs(c, job.operation_id)
            if following:
                self._board.post(following)
        except Exception:
            LOG.exception('operation %s: what comes next could not be posted', job.operation_id)

    def _troubled(self, job: operations.Job) -> None:
        count = self._errors[job.operation_id] = self._errors.get(job.operation_id, 0) + 1
        LOG.exception('operation %s: the engine failed (%d in a row)', job.operation_id, count)
        if count >= GIVE_UP:
            self._errors.pop(job.operation_id)
            self._hold(job)
        self._board.abandon(job, delay=min(0.5 * 2**count, 30))

    def _hold(self, job: operations.Job) -> None:
        reason = 'the engine itself failed repeatedly; see the log of the conductor, then resume or abort'
        try:
            self._db.run(lambda c: stops.hold_run(c, job.operation_id, self._db.clock(), reason))
        except Exception:
            LOG.exception('operation %s could not be held', job.operation_id)
