"""What changes in a folder, told by ZooKeeper as it happens: one watch that stays (3.6 and later), and no listings.

kazoo 2.11 has only watches that go off once, each followed by a listing. Whatever of it is private and touched by us
is here; tests/unit/conductor/test_changes.py fails when it is gone.
"""

from collections import namedtuple
from collections.abc import Callable
from typing import Any

from kazoo.protocol.connection import CREATED_EVENT, DELETED_EVENT
from kazoo.protocol.serialization import Watch, int_struct, write_string

from conductor.board.connection import Connection
from dbaas import metrics

_RECURSIVE = 1  # AddWatchMode.PERSISTENT_RECURSIVE


class AddWatch(namedtuple('AddWatch', 'path mode')):
    """A request that kazoo does not know."""

    type = 106

    def serialize(self) -> bytes:
        return bytes(write_string(self.path)) + int_struct.pack(self.mode)

    @classmethod
    def deserialize(cls, _bytes: bytes, _offset: int) -> bool:
        """Nothing but its header comes back."""
        return True


class Changes:
    """tell(name, whether it was created): of every node of the folder that comes or goes, in order.

    It is called by the thread that reads from the server, before any answer that comes later; it must not wait.
    """

    def __init__(self, connection: Connection, folder: str, tell: Callable[[str, bool], None]):
        self._client, self._above, self._tell = connection.client, f'{folder}/', tell
        self._folder = folder
        reader = self._client._connection
        self._others = reader._read_watch_event
        reader._read_watch_event = self._read

    def watch(self) -> Any:
        """For as long as the connection lasts. -> the result to come: the folder may be missing."""
        metrics.BOARD_ROUND_TRIPS.labels('add_watch').inc()
        result = self._client.handler.async_result()
        self._client._call(AddWatch(self._folder, _RECURSIVE), result)
        return result

    def _read(self, buffer: bytes, offset: int) -> None:
        event, _ = Watch.deserialize(buffer, offset)
        if not event.path.startswith(self._above):
            self._others(buffer, offset)
        elif event.type in (CREATED_EVENT, DELETED_EVENT):
            self._tell(event.path[len(self._above) :], event.type == CREATED_EVENT)
