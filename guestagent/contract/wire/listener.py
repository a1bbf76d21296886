"""The serving end: a socket that one live process owns, and the messages that come in over it."""

import contextlib
import fcntl
import logging
import os
import socket
import struct
import uuid
from typing import Any

from oslo_messaging._drivers import base, common
from oslo_serialization import jsonutils

from guestagent.contract.wire import folders
from guestagent.contract.wire.connection import ACK, CALL, CAST, FAILURE, REPLY, Connection
from guestagent.contract.wire.failures import too_long
from guestagent.contract.wire.loop import Loop

LOG = logging.getLogger(__name__)
BACKLOG = 128


class Incoming(base.RpcIncomingMessage):
    def __init__(self, connection: Connection, kind: int, ident: bytes, body: bytes) -> None:
        super().__init__(*jsonutils.loads(body), uuid.UUID(bytes=ident).hex)
        self._connection, self._kind, self._ident = connection, kind, ident

    def acknowledge(self) -> None:
        """A worker has taken it: a full pool makes casters wait, which is the back-pressure."""
        if self._kind == CAST:
            self._connection.write(ACK, self._ident)

    def heartbeat(self) -> None:
        """Long commands are submitted; calls are short."""

    def requeue(self) -> None:
        raise NotImplementedError('unix:// delivers at most once')

    def reply(self, reply: Any = None, failure: Any = None) -> None:
        if self._kind != CALL:
            return
        body = b'' if failure else jsonutils.dumps(reply).encode()
        if len(body) > self._connection.limit:
            failure = too_long(len(body))
        kind = FAILURE if failure else REPLY
        if failure:
            body = common.serialize_remote_exception(failure).encode()
        if not self._connection.write(kind, self._ident, body):
            LOG.warning('The caller of %s is gone; its answer is dropped', self.msg_id)


class SocketListener(base.Listener):
    """Listens on `path`; its lock says for life that a process serves it.

    Raises TransportDriverError when another live process does.
    """

    def __init__(self, loop: Loop, path: str, batch: tuple[int, float | None], limit: int, patience: float) -> None:
        super().__init__(*batch)
        self._loop, self._path = loop, path
        self._options: dict[str, Any] = {'limit': limit, 'patience': patience}
        self._connections: set[Connection] = set()
        self._lock = _take(path + '.lock')
        self._sock = _bind(path)

    def start(self, on_incoming_callback: Any) -> None:
        super().start(on_incoming_callback)
        self._loop.watch(self._sock, self._accept)

    def stop(self) -> None:
        super().stop()
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self._path)
        self._loop.forget(self._sock)
        self._sock.close()
        for connection in list(self._connections):
            connection.drain()

    def cleanup(self) -> None:
        for connection in list(self._connections):
            connection.close()
        with contextlib.suppress(OSError):
            os.unlink(self._path + '.lock')
            os.rmdir(os.path.dirname(self._path))
        os.close(self._lock)

    def _accept(self) -> None:
        try:
            sock = self._sock.accept()[0]
        except OSError:
            return
        peer = sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)
        if struct.unpack('3i', peer)[1] not in (0, os.geteuid()):
            sock.close()
            return
        self._connections = {c for c in self._connections if not c.closed}
        self._connections.add(Connection(self._loop, sock, self._request, **self._options))

    def _request(self, connection: Connection, kind: int, ident: bytes, body: bytes) -> None:
        callback = self.on_incoming_callback
        if callback is not None:
            callback([Incoming(connection, kind, ident, body)])


def _take(path: str) -> int:
    """The lock lives as long as the process: kill -9 frees it, a second server is refused."""
    while True:
        folders.make(os.path.dirname(path))
        try:
            fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except FileNotFoundError:  # the last one to leave just removed the folder
            continue
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.fstat(fd).st_ino == os.stat(path).st_ino:
                return fd
        except BlockingIOError:
            os.close(fd)
            raise base.TransportDriverError(f'{path}: another process serves it') from None
        except FileNotFoundError:  # its owner removed it between our open and our lock
            pass
        os.close(fd)


def _bind(path: str) -> socket.socket:
    """Listens before it is seen under its name, so that nobody finds a socket that refuses."""
    fresh = path + '.new'
    for stale in (fresh, path):
        with contextlib.suppress(FileNotFoundError):
            os.unlink(stale)  # the lock says that its owner is dead
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    with folders.address(fresh) as name:
        sock.bind(name)
    os.chmod(fresh, 0o600)
    sock.listen(BACKLOG)
    sock.setblocking(False)
    os.rename(fresh, path)
    return sock
