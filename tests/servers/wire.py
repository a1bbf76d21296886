"""A TCP forwarder that can cut a connection at the moment of a COMMIT: what no server does on demand."""

import contextlib
import socket
import threading

BUFFER = 65536


class Wire:
    """port: where to connect to instead. cut: None, 'before' the COMMIT reaches the server, or 'after' its answer."""

    def __init__(self, server_port: int):
        self._server_port = server_port
        self._listener = socket.create_server(('127.0.0.1', 0))
        self.port = self._listener.getsockname()[1]
        self.cut: str | None = None
        self.cuts = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.create_connection(('127.0.0.1', self._server_port))
                pair = _Pair(self, client, server)
                for run in (pair.up, pair.down):
                    threading.Thread(target=run, daemon=True).start()

    def close(self) -> None:
        self._listener.close()


class _Pair:
    def __init__(self, wire: Wire, client: socket.socket, server: socket.socket):
        self._wire, self._client, self._server = wire, client, server
        self._cut_the_answer = False

    def up(self) -> None:
        with contextlib.suppress(OSError):
            while data := self._client.recv(BUFFER):
                if data.rstrip(b'\0').endswith(b'COMMIT') and self._wire.cut is not None:
                    how, self._wire.cut = self._wire.cut, None
                    self._wire.cuts += 1
                    if how == 'before':
                        break
                    self._cut_the_answer = True
                self._server.sendall(data)
        self._end()

    def down(self) -> None:
        with contextlib.suppress(OSError):
            while data := self._server.recv(BUFFER):
                if self._cut_the_answer:
                    break
                self._client.sendall(data)
        self._end()

    def _end(self) -> None:
        for side in (self._client, self._server):
            with contextlib.suppress(OSError):
                side.shutdown(socket.SHUT_RDWR)
                side.close()
