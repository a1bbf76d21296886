"""A real `dbaas up` on a state directory and a free port, driven as its users drive it: by commands and files."""

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

from dbaas.cloud.local.agents import strays
from guestagent.contract import processes
from tests.waiting import until

BIN = os.path.dirname(os.path.abspath(sys.executable))
PATIENCE = 120  # seconds: machines that run tests are busy


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        port: int = probe.getsockname()[1]
        return port


class Deployment:
    """`output` is what the last foreground `up` has said so far."""

    def __init__(self, state: Path):
        self.state, self.port = state, free_port()
        self.log = state.with_name(state.name + '.out')
        self.up: subprocess.Popen[bytes] | None = None

    def start(self, *options: str) -> None:
        """In the foreground of nobody; returns when requests are served."""
        with open(self.log, 'wb') as log:
            self.up = subprocess.Popen(self._command('up', *options), stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        until(self.healthy, PATIENCE, 'dbaas up serves')

    def run(self, command: str, *options: str) -> subprocess.CompletedProcess[str]:
        """`dbaas COMMAND` to its end."""
        return subprocess.run(self._command(command, *options), capture_output=True, text=True, timeout=PATIENCE)

    def end(self, number: int = signal.SIGTERM) -> int:
        """Signal the `up` that start() started -> its exit code."""
        assert self.up is not None
        self.up.send_signal(number)
        return self.up.wait(10)

    def kill(self) -> None:
        """kill -9 of whatever `up` holds the state directory."""
        fd = processes.pidfd_of(str(self.state / 'up.pid'))
        assert fd is not None
        signal.pidfd_send_signal(fd, signal.SIGKILL)
        assert processes.gone(fd, 10)
        os.close(fd)

    def healthy(self) -> bool:
        assert self.up is None or self.up.poll() is None, self.output
        try:
            with urllib.request.urlopen(f'http://127.0.0.1:{self.port}/healthcheck', timeout=5) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    @property
    def output(self) -> str:
        return self.log.read_text()

    def flow(self, *arguments: str) -> Any:
        """The JSON answer of dbaas-flow."""
        return json.loads(self.client('dbaas-flow', *arguments, '-o', 'json'))

    def client(self, program: str, *arguments: str) -> str:
        """What a client of our virtual environment says, in the environment of openrc; it must succeed."""
        script = f'. {self.state}/openrc && exec "$@"'
        command = ['sh', '-c', script, 'sh', os.path.join(BIN, program), *arguments]
        done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def query(self, sql: str) -> str:
        """The answer of the demo database."""
        command = ['mariadb', f'--defaults-file={self.state}/demo.cnf', '--batch', '-N', '-e', sql]
        done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def instances(self) -> list[str]:
        return sorted(path.name for path in (self.state / 'instances').iterdir())

    def agents(self) -> list[int]:
        return [pid for i in self.instances() for pid in strays(str(self.state / 'instances' / i / 'agent.json'))]

    def databases(self) -> list[int]:
        return [pid for i in self.instances() for pid in strays(f'--loose-dbaas={self.state}/instances/{i}')]

    def _command(self, command: str, *options: str) -> list[str]:
        port = ['--port', str(self.port)] if command == 'up' and '--port' not in options else []
        return [os.path.join(BIN, 'dbaas'), command, '--state', str(self.state), *port, *options]
