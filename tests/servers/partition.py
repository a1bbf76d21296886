"""A TCP line whose packets can get lost for a while: a network that is parted, with a living process on either side."""

import contextlib
import socket
import threading

BUFFER = 65536


class Partition:
    """port: where to connect to instead. While it is parted nothing arrives, nothing is refused and nothing ends.

    What was sent arrives afterwards, as TCP sends it again.
    """

    def __init__(self, server_port: int):
        self._server_port = server_port
        self._whole = threading.Event()
        self._whole.set()
        self._listener = socket.create_server(('127.0.0.1', 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def part(self) -> None:
        self._whole.clear()

    def mend(self) -> None:
        self._whole.set()

    def close(self) -> None:
        self.mend()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._join, args=(client,), daemon=True).start()

    def _join(self, client: socket.socket) -> None:
        self._whole.wait()
        try:
            server = socket.create_connection(('127.0.0.1', self._server_port))
        except OSError:  # the server itself is away
            client.close()
            return
        for source, target in ((client, server), (server, client)):
            threading.Thread(target=self._copy, args=(source, target), daemon=True).start()

    def _copy(self, source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(BUFFER):
                self._whole.wait()
                target.sendall(data)
        self._whole.wait()
        for end in (source, target):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
