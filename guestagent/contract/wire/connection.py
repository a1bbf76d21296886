"""One connection and its frames. Any thread writes, the loop's thread reads.

A frame is a header (length of the body, kind, message id) and the body; kinds are below.
"""

import contextlib
import errno
import logging
import queue
import socket
import struct
import threading
from collections.abc import Callable
from typing import Any

from guestagent.contract.wire.loop import Loop

LOG = logging.getLogger(__name__)
HEADER = struct.Struct('!IB16s')
CALL, CAST, ACK, REPLY, FAILURE, GONE = range(6)
CHUNK = 256 * 1024

Box = queue.SimpleQueue  # where the answer to one message comes: (kind, body)
OnRequest = Callable[['Connection', int, bytes, bytes], Any]


class Connection:
    """`patience` (seconds) bounds how long a write waits for a peer that does not read."""

    def __init__(self, loop: Loop, sock: socket.socket, on_request: OnRequest, *, limit: int, patience: float) -> None:
        self.sock, self.limit = sock, limit
        self.usable = True  # takes new requests
        self._loop, self._on_request, self._draining = loop, on_request, False
        self._waiting: dict[bytes, Box] = {}
        self._buffer, self._write_lock = bytearray(), threading.Lock()
        sock.setblocking(True)  # reads are MSG_DONTWAIT, only writes wait
        timeout = struct.pack('ll', int(patience), int(patience % 1 * 1e6))
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, timeout)
        loop.watch(sock, self._read)

    @property
    def closed(self) -> bool:
        return self.sock.fileno() < 0

    def request(self, kind: int, ident: bytes, body: bytes) -> Box | None:
        """Where its answer will come; None: not delivered, for certain."""
        box = self._waiting[ident] = queue.SimpleQueue()
        if self.usable and self.write(kind, ident, body):
            return box
        self.abandon(ident)
        return None

    def abandon(self, ident: bytes) -> None:
        self._waiting.pop(ident, None)

    def write(self, kind: int, ident: bytes, body: bytes = b'') -> bool:
        """Whether the whole frame went out."""
        left = memoryview(HEADER.pack(len(body), kind, ident) + body)
        with self._write_lock:
            try:
                while left:
                    left = left[self.sock.send(left, socket.MSG_NOSIGNAL) :]
            except OSError as error:  # BlockingIOError: SO_SNDTIMEO, the peer does not read
                self.usable = False
                if error.errno not in (errno.EPIPE, errno.ECONNRESET, errno.EBADF):
                    self.hang_up()  # half a frame is out: nothing can follow it
                return False
        return True

    def hang_up(self, how: int = socket.SHUT_RDWR) -> None:
        with contextlib.suppress(OSError):
            self.sock.shutdown(how)  # the loop sees the end and closes

    def drain(self) -> None:
        """The peer's next write fails, so it goes elsewhere; answers still go out."""
        self._draining = True
        self.hang_up(socket.SHUT_RD)

    def close(self) -> None:
        """Fails at once whoever waits for an answer on this connection."""
        self.usable = False
        self._loop.forget(self.sock)
        self.hang_up()  # frees a thread that is stuck in send
        with self._write_lock:
            self.sock.close()
        while self._waiting:
            with contextlib.suppress(KeyError):
                self._waiting.popitem()[1].put((GONE, b''))

    def _read(self) -> None:
        try:
            data = self.sock.recv(CHUNK, socket.MSG_DONTWAIT)
        except BlockingIOError:
            return
        except OSError:
            data = b''
        if not data:
            self._ended()
            return
        self._buffer += data
        try:
            self._parse()
        except Exception:  # noqa: BLE001 - whatever a stranger sent: only his connection ends
            LOG.warning('Not a message of ours; hanging up')
            self.close()

    def _ended(self) -> None:
        if self._draining:
            self._loop.forget(self.sock)
        else:
            self.close()

    def _parse(self) -> None:
        start = 0
        while len(self._buffer) - start >= HEADER.size:
            length, kind, ident = HEADER.unpack_from(self._buffer, start)
            if length > self.limit:
                raise ValueError(f'a frame of {length} bytes is over the limit')
            end = start + HEADER.size + length
            if len(self._buffer) < end:
                break
            body = bytes(memoryview(self._buffer)[start + HEADER.size : end])
            start = end
            self._dispatch(kind, ident, body)
        del self._buffer[:start]

    def _dispatch(self, kind: int, ident: bytes, body: bytes) -> None:
        if kind in (CALL, CAST):
            self._on_request(self, kind, ident, body)
            return
        box = self._waiting.get(ident)
        if box is not None:
            box.put((kind, body))
