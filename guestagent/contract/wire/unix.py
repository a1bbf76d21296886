"""oslo.messaging driver over Unix sockets: no broker, no polling, one I/O thread per transport.

URL: unix:///run/dbaas-1a2b/rpc?wait=5&limit=16777216
A listener binds <directory>/<exchange>.<topic>/<server>.sock; a message for a topic alone goes to the
sockets of that folder in turn. Delivery is at most once: a frame not handed over whole is tried
elsewhere; a cast without acknowledgement, a call without answer raises, and the caller, who knows
that it is idempotent, repeats. Nobody listens: retried for `wait` seconds (or the call's timeout; not
at all with retry=0), then an error. A peer that dies fails the calls in flight at once. No fanout,
no call monitor, no notifications.
"""

import itertools
import os
import queue
import socket
import threading
import time
import uuid
from typing import Any

from oslo_messaging import exceptions
from oslo_messaging._drivers import base, common
from oslo_serialization import jsonutils

from guestagent.contract.wire import folders
from guestagent.contract.wire.connection import CALL, CAST, FAILURE, GONE, REPLY, Box, Connection
from guestagent.contract.wire.failures import NobodyListens, PeerLost, too_long
from guestagent.contract.wire.listener import SocketListener
from guestagent.contract.wire.loop import Loop

FIRST_PAUSE, LONGEST_PAUSE = 0.005, 0.25  # seconds between looks for a server that is not there


class UnixDriver(base.BaseDriver):
    def __init__(self, conf: Any, url: Any, default_exchange: Any = None, allowed_remote_exmods: Any = None):
        super().__init__(conf, url, default_exchange, allowed_remote_exmods)
        self._root = '/' + (url.virtual_host or '')
        self._wait = float(url.query.get('wait', 5))
        self._limit = int(url.query.get('limit', 16 * 1024 * 1024))
        self._loop = Loop()
        self._connections: dict[str, Connection] = {}
        self._lock, self._turn = threading.Lock(), itertools.count()

    def listen(self, target: Any, batch_size: int, batch_timeout: float | None) -> SocketListener:
        folders.make(self._root)
        path = self._socket(target, target.server)
        return SocketListener(self._loop, path, (batch_size, batch_timeout), self._limit, self._wait)

    def send(
        self,
        target: Any,
        ctxt: Any,
        message: Any,
        wait_for_reply: Any = None,
        timeout: float | None = None,
        call_monitor_timeout: Any = None,
        retry: int | None = None,
        transport_options: Any = None,
    ) -> Any:
        if target.fanout:
            raise NotImplementedError('unix:// has no fanout')
        body = jsonutils.dumps([ctxt, message]).encode()
        if len(body) > self._limit:
            raise too_long(len(body))[1]
        kind, ident = CALL if wait_for_reply else CAST, uuid.uuid4().bytes
        timeout = timeout if wait_for_reply else self._wait
        deadline = None if timeout is None else time.monotonic() + timeout
        patience = 0 if retry == 0 else min(self._wait, self._wait if timeout is None else timeout)
        connection, box = self._hand_over(kind, target, ident, body, patience)
        try:
            return self._answer(kind, target, box, deadline)
        finally:
            connection.abandon(ident)

    def send_notification(self, *args: Any, **kwargs: Any) -> Any:
        raise NotImplementedError('unix:// carries RPC only')

    listen_for_notifications = send_notification

    def cleanup(self) -> None:
        for connection in list(self._connections.values()):
            connection.close()
        self._loop.stop()

    def _answer(self, kind: int, target: Any, box: Box, deadline: float | None) -> Any:
        left = None if deadline is None else max(deadline - time.monotonic(), 0)
        try:
            answer, data = box.get(timeout=left)
        except queue.Empty:
            if kind == CALL:
                raise exceptions.MessagingTimeout(f'No answer from {target}') from None
            raise PeerLost(f'{target} did not acknowledge; the outcome is unknown') from None
        if answer == GONE:
            raise PeerLost(f'{target} died; the outcome is unknown')
        if answer == FAILURE:
            raise common.deserialize_remote_exception(data.decode(), self._allowed_remote_exmods)
        return jsonutils.loads(data) if answer == REPLY else None

    def _hand_over(self, kind: int, target: Any, ident: bytes, body: bytes, patience: float) -> tuple[Connection, Box]:
        give_up, pause = time.monotonic() + patience, FIRST_PAUSE
        while True:
            for path in self._sockets(target):
                connection = self._connection(path)
                box = None if connection is None else connection.request(kind, ident, body)
                if connection is not None and box is not None:
                    return connection, box
            if time.monotonic() + pause > give_up:
                raise NobodyListens(f'Nobody listens on {target}')
            time.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)

    def _socket(self, target: Any, server: str | None = None) -> str:
        folder = folders.safe(f'{target.exchange or self._default_exchange}.{target.topic}')
        return os.path.join(self._root, folder, folders.safe(server) + '.sock' if server else '')

    def _sockets(self, target: Any) -> list[str]:
        """Those that may take the message, the one whose turn it is first."""
        if target.server:
            return [self._socket(target, target.server)]
        folder = self._socket(target)
        try:
            found = sorted(n for n in os.listdir(folder) if n.endswith('.sock'))
        except FileNotFoundError:
            return []
        first = next(self._turn) % max(len(found), 1)
        return [os.path.join(folder, n) for n in found[first:] + found[:first]]

    def _connection(self, path: str) -> Connection | None:
        with self._lock:
            known = self._connections.get(path)
            if known is not None and known.usable:
                return known
            sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            sock.setblocking(False)  # a full backlog is EAGAIN, never a wait
            try:
                with folders.address(path) as name:
                    sock.connect(name)
            except OSError:  # no file, stale file, full backlog, no right
                sock.close()
                self._connections.pop(path, None)
                return None
            options: dict[str, Any] = {'limit': self._limit, 'patience': self._wait}
            fresh = Connection(self._loop, sock, _hang_up, **options)
            self._connections[path] = fresh
            return fresh


def _hang_up(connection: Connection, *_: Any) -> None:
    """A server never asks."""
    connection.hang_up()
