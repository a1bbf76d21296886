"""Claims on their way to their end. The version of a job's node counts its claims: no old one ends a newer one."""

import contextlib
import threading
from collections.abc import Collection
from typing import Any

from kazoo import exceptions

from conductor.board.connection import AWAY, Connection
from conductor.board.nodes import LOCK, locked


class Endings:
    """Sent at once; nobody waits. What is not confirmed is sent again on reconnect."""

    def __init__(self, connection: Connection):
        self._connection = connection
        self._lock = threading.Lock()
        self._open: dict[tuple[str, int], bool] = {}  # (path, version) -> whether the lock may still be ours
        self._doubtful: set[str] = set()  # jobs whose lock may be ours though no run knows of it

    def consume(self, path: str, version: int) -> None:
        """Lock and job disappear together."""
        with self._lock:
            self._open[path, version] = True
        self._send(path, version)

    def abandon(self, path: str, version: int) -> None:
        """The lock disappears. Not repeated: it disappears with the session, too."""
        self._connection.commit('abandon', ('check', path, version), ('delete', f'{path}{LOCK}'))

    def again(self) -> None:
        with self._lock:
            ends = list(self._open)
        for path, version in ends:
            self._send(path, version)

    def _send(self, path: str, version: int) -> None:
        if not self._connection.connected:  # `again`
            return
        steps: list[tuple[Any, ...]] = [('delete', path, version)]  # first: a lock that goes is a job that comes free
        if self._open.get((path, version)):
            steps.append(('delete', f'{path}{LOCK}'))
        sent = self._connection.commit('consume', *steps)
        sent.rawlink(lambda result: self._sent(path, version, result))

    def _sent(self, path: str, version: int, result: Any) -> None:
        if isinstance(result.exception, AWAY):
            return
        with self._lock:
            had_lock = self._open.pop((path, version), False)
            lost = had_lock and result.exception is None and isinstance(result.value[-1], exceptions.NoNodeError)
            if lost:  # the lock went with its session; the job goes too, unless somebody has claimed it since
                self._open[path, version] = False
        if lost:
            self._send(path, version)

    # -- locks that nobody has in mind ---------------------------------------------------------------------------------
    def doubt(self, name: str) -> None:
        """A claim or its end was sent, and no answer came."""
        with self._lock:
            self._doubtful.add(name)

    def sure(self, name: str) -> None:
        with self._lock:
            self._doubtful.discard(name)

    def forget(self) -> None:
        """The session is over, and all its locks with it."""
        with self._lock:
            self._doubtful.clear()

    def dispel(self, folder: str, children: Collection[str]) -> None:
        """Doubtful locks that are this session's are given back, and so are its locks of jobs that are gone."""
        with self._lock:
            doubtful, self._doubtful = self._doubtful, set()
        locks = locked(children)
        try:
            for name in (doubtful & locks) | (locks - set(children)):
                self._give_back(f'{folder}/{name}{LOCK}')
        except BaseException:
            with self._lock:
                self._doubtful |= doubtful
            raise

    def _give_back(self, path: str) -> None:
        with contextlib.suppress(exceptions.NoNodeError):
            _, stat = self._connection.answer(self._connection.ask('get', path))
            if stat.ephemeralOwner == self._connection.session:
                self._connection.answer(self._connection.ask('delete', path))
