"""The duties that one conductor has for all: done by the elected one; on a board of one process always by this one."""

import logging
import threading
from collections.abc import Callable, Sequence

from conductor.board.base import Board
from dbaas.exceptions import DatabaseUnavailable

LOG = logging.getLogger(__name__)


class Duties:
    """Each duty is called every `interval()` seconds, and at once when elected or when the board has come back."""

    def __init__(self, board: Board, duties: Sequence[Callable[[], None]], interval: Callable[[], float]):
        self._board, self._duties, self._interval = board, duties, interval
        self._called, self._stopping = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._loop, name='duties', daemon=True)

    def start(self) -> None:
        self._thread.start()

    def call(self) -> None:
        """Now, not only when the interval is over. Does not wait."""
        self._called.set()

    def stop(self) -> None:
        """Nothing is begun any more; what runs is not waited for."""
        self._stopping.set()
        self._called.set()

    def _loop(self) -> None:
        while not self._stopping.is_set():
            self._called.wait(self._interval())
            self._called.clear()
            if not self._stopping.is_set() and self._board.elected():
                self._round()

    def _round(self) -> None:
        for duty in self._duties:
            try:
                duty()
            except DatabaseUnavailable as error:
                LOG.warning('%s: the database does not answer: %s', duty.__name__, error.reason)
            except Exception:
                LOG.exception('%s failed; it is tried again', duty.__name__)
