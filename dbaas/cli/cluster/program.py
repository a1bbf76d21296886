"""One of our own programs as a plain process with one configuration file; its READY=1 says that it serves."""

import contextlib
import os
import socket
import sys
import uuid
from collections.abc import Sequence

from dbaas.cli.cluster import files
from dbaas.cli.cluster.process import Process
from guestagent.contract import processes, systemd

READY_WITHIN = 90.0  # seconds, on a busy machine
_KEPT = ('PATH', 'HOME', 'LANG', 'LC_ALL', 'TZ', 'TMPDIR', 'XDG_RUNTIME_DIR')  # of our environment


class Program:
    """name: also that of its pid file, log and configuration file; program: `dbaas-api`, `dbaas-conductor`."""

    def __init__(self, state: str, name: str, program: str, arguments: Sequence[str] = ()):
        self.name, self._program, self._arguments = name, program, arguments
        self.config = files.path_of(state, name)
        self._process = Process(state, name, self.config)
        self._listener: socket.socket | None = None

    @property
    def pid(self) -> int | None:
        self._adopt()
        return self._process.pid

    def launch(self) -> bool:
        """Unless it runs. -> whether it was started; await_ready() says when it serves."""
        if self.pid is not None:
            return False
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        address = f'dbaas-{uuid.uuid4().hex}'
        self._listener.bind('\0' + address)
        environment = {name: os.environ[name] for name in _KEPT if name in os.environ}
        command = [_beside_us(self._program), '--config-file', self.config, *self._arguments]
        self._process.start(command, {**environment, 'NOTIFY_SOCKET': '@' + address})
        return True

    def await_ready(self) -> None:
        """Raises Unavailable when it ends instead, with the last line of its log."""
        if self._listener is not None:
            self._process.await_(self._said_ready, READY_WITHIN, self.name)
            self._listener.close()
            self._listener = None

    def stop(self) -> None:
        """It ends within a second by itself. Repeatable."""
        self._adopt()
        self._process.stop(timeout=5)

    def _said_ready(self) -> bool:
        assert self._listener is not None
        with contextlib.suppress(BlockingIOError):
            return systemd.READY.encode() in self._listener.recv(4096).split(b'\n')
        return False

    def _adopt(self) -> None:
        """One whose starter was killed before it could write down the number."""
        if self._process.pid is None and (found := processes.find(self.config)) is not None:
            processes.write_number(self._process.pid_file, found)


def _beside_us(program: str) -> str:
    return os.path.join(os.path.dirname(os.path.abspath(sys.executable)), program)
