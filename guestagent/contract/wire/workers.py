"""The threads that handle messages. They sleep when idle, and never hold the end of the process."""

import logging
import queue
import threading
from collections.abc import Callable
from typing import Any

LOG = logging.getLogger(__name__)


class Workers:
    """What oslo.messaging wants of an executor. futurist's wakes each thread every second; the standard library's
    joins its threads at exit, also one whose answer waits for a broker that is away.
    """

    def __init__(self, max_workers: int) -> None:
        self._most = max_workers
        self._threads: list[threading.Thread] = []
        self._queue: queue.SimpleQueue[Callable[[], Any] | None] = queue.SimpleQueue()
        self._idle = threading.Semaphore(0)
        self._lock = threading.Lock()

    def submit(self, work: Callable[..., Any], *args: Any) -> None:
        self._queue.put(lambda: work(*args))
        with self._lock:
            if not self._idle.acquire(blocking=False) and len(self._threads) < self._most:
                thread = threading.Thread(target=self._run, name=f'bus-{len(self._threads)}', daemon=True)
                self._threads.append(thread)
                thread.start()

    def shutdown(self, wait: bool = True) -> None:
        """What was submitted is done before they end."""
        with self._lock:
            ending = list(self._threads)
        for _ in ending:
            self._queue.put(None)
        for thread in ending if wait else ():
            thread.join()

    def _run(self) -> None:
        while (work := self._queue.get()) is not None:
            try:
                work()
            except Exception:
                LOG.exception('A message could not be handled')
            self._idle.release()
