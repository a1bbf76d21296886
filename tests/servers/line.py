"""A TCP line to a server that can be away for a while: what a broker is to its clients when it is down."""

import contextlib
import socket
import threading

from tests.servers.ports import lasting_port

BUFFER = 65536


class Line:
    """port: where to connect to instead. While it is cut, connections are refused and those that were end."""

    def __init__(self, server_port: int):
        self._server_port = server_port
        self._ends: list[socket.socket] = []
        self._lock = threading.Lock()
        self._listener: socket.socket | None = None
        self.port = lasting_port()
        self.mend()

    def mend(self) -> None:
        self._listener = listener = socket.create_server(('127.0.0.1', self.port))
        threading.Thread(target=self._accept, args=(listener,), daemon=True).start()

    def cut(self) -> None:
        with self._lock:
            listener, self._listener = self._listener, None
            ends, self._ends = self._ends, []
        for end in [*ends, *([listener] if listener else [])]:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def _accept(self, listener: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                self._join(listener.accept()[0], listener)

    def _join(self, client: socket.socket, listener: socket.socket) -> None:
        try:
            server = socket.create_connection(('127.0.0.1', self._server_port))
        except OSError:  # the server itself is away
            client.close()
            return
        with self._lock:
            here = self._listener is listener
            self._ends += [client, server]
        if not here:
            client.close()
            server.close()
        for source, target in ((client, server), (server, client)):
            threading.Thread(target=_copy, args=(source, target), daemon=True).start()


def _copy(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(BUFFER):
            target.sendall(data)
    for end in (source, target):
        with contextlib.suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
