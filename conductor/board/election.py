"""The election: one ephemeral node; whoever makes it is elected until it goes or the session does."""

import logging
import threading
from collections.abc import Callable
from typing import Any

from kazoo import exceptions

from conductor.board.connection import Connection

LOG = logging.getLogger(__name__)


class Election:
    """Nobody waits for anything here: answers and watches arrive in kazoo's threads."""

    def __init__(self, connection: Connection, path: str, name: str, won: Callable[[], None]):
        self._connection, self._path, self._name, self._won = connection, path, name, won
        self._lock = threading.Lock()
        self._standing = self._closed = self._mine = False

    @property
    def mine(self) -> bool:
        return self._mine

    def stand(self) -> None:
        """From now on."""
        self._standing = True
        self.again()

    def again(self) -> None:
        """Connected, or the elected one is gone."""
        if self._standing and not self._closed and self._connection.connected:
            made = self._connection.ask('create', self._path, self._name.encode(), ephemeral=True)
            made.rawlink(self._made)

    def lost(self) -> None:
        self._set(False)

    def close(self) -> None:
        """Others are elected at once."""
        mine, self._closed = self._mine, True
        self._set(False)
        if mine:
            self._connection.ask('delete', self._path)

    def _made(self, result: Any) -> None:
        if result.exception is None:
            self._set(True)
        elif isinstance(result.exception, exceptions.NodeExistsError):
            self._connection.ask('get', self._path, watch=self._changed).rawlink(self._seen)
        elif isinstance(result.exception, exceptions.NoNodeError):  # a new, empty ensemble
            self._connection.make(self._path.rpartition('/')[0]).rawlink(self._root_made)

    def _root_made(self, result: Any) -> None:
        if result.exception is None:
            self.again()
        else:
            LOG.warning('this conductor cannot be elected: %s cannot be made: %r', self._path, result.exception)

    def _seen(self, result: Any) -> None:
        if isinstance(result.exception, exceptions.NoNodeError):
            self.again()
        elif result.exception is None:
            _, stat = result.value
            self._set(stat.ephemeralOwner == self._connection.session)

    def _changed(self, _event: Any) -> None:
        self.again()

    def _set(self, mine: bool) -> None:
        with self._lock:
            mine = mine and not self._closed
            news, self._mine = mine and not self._mine, mine
        if news:
            self._won()
