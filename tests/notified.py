"""What a program tells systemd: a NOTIFY_SOCKET of the test's own."""

import socket
import uuid

from tests.waiting import until


class Notified:
    """Give `variables` to the program; it may be one only."""

    def __init__(self) -> None:
        name = f'dbaas-test-{uuid.uuid4().hex}'
        self.variables = {'NOTIFY_SOCKET': '@' + name}
        self.heard: list[str] = []
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        self._socket.bind('\0' + name)

    def hears(self, word: str, timeout: float = 120) -> None:
        """Wait for a message with this line; what came before it is in `heard`."""
        until(lambda: self._next() and word in self.heard[-1].split('\n'), timeout, word)

    def close(self) -> None:
        self._socket.close()

    def _next(self) -> bool:
        try:
            self.heard.append(self._socket.recv(4096).decode())
        except BlockingIOError:
            return False
        return True
