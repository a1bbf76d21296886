"""Signals of a process as a queue, waited for by its main thread. Standard library only.

A signal that comes just before a thread begins to wait for a lock does not end that wait, so that a plain queue would
sleep on it; the byte that Python writes for each signal does end a select().
"""

import queue
import select
import signal
import socket
from collections.abc import Callable


class Signals:
    """Make it in the main thread. wanted(number), called in the handler: whether this one is queued."""

    def __init__(self, *numbers: int, wanted: Callable[[int], bool] = lambda number: True):
        self._wanted = wanted
        self._told: queue.SimpleQueue[int] = queue.SimpleQueue()  # put() is safe in a signal handler
        self._bell, self._rope = socket.socketpair()
        for end in (self._bell, self._rope):
            end.setblocking(False)
        signal.set_wakeup_fd(self._rope.fileno(), warn_on_full_buffer=False)
        for number in numbers:
            signal.signal(number, self._hear)

    def _hear(self, number: int, _frame: object) -> None:
        if self._wanted(number):
            self._told.put(number)

    def put(self, number: int) -> None:
        """As if that signal had come; from any thread."""
        self._told.put(number)
        self._rope.send(b'.')

    def next(self, timeout: float | None = None) -> int | None:
        """The next one; None: `timeout` seconds have passed without any."""
        while self._told.empty():
            rung, _, _ = select.select([self._bell], [], [], timeout)
            if not rung:
                return None
            self._bell.recv(4096)
        return self._told.get()
