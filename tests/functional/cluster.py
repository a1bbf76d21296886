"""One `dbaas cluster up`: real servers and several processes, driven like the embedded Deployment."""

import os
import pathlib
import signal
import subprocess
from contextlib import closing

from dbaas.cli.cluster.program import Program
from tests.functional.bus_traces import BusTraces
from tests.functional.deployment import OPTIONS, PATIENCE, PROGRAMS, Deployment, environment
from tests.functional.machine import processes
from tests.functional.sql_book import SqlBook
from tests.notified import Notified
from tests.waiting import until

SERVERS = ('zookeeper', 'rabbitmq', 'sql')
CONDUCTORS = ('conductor-1', 'conductor-2')
MEMBERS = (*SERVERS, 'api', *CONDUCTORS)
SESSION = 2  # seconds without a sign of life after which a conductor's claims are others'


class Cluster(Deployment):
    """`process` is the command `dbaas cluster up` while it is under way; what it has started outlives it."""

    options = {**OPTIONS, 'board': {'session_timeout': SESSION, 'resync_interval': 2}}

    def __init__(self, folder: pathlib.Path):
        super().__init__(folder)
        config = self.state / 'conf' / 'api.conf'
        self.book = SqlBook(config)
        self.traces = BusTraces(self.state, self.traces.addresses, config)

    def arguments(self, *options: str) -> list[str]:
        where = ['--state', str(self.state), '--port', str(self.port), '--config-file', str(self.config)]
        return [str(PROGRAMS / 'dbaas'), 'cluster', 'up', *where, *options]

    def up(self, *options: str) -> None:
        self.start(*options)
        assert self.process is not None
        code = self.process.wait(2 * PATIENCE)
        self.process = None
        assert code == 0, self.said()

    def end(self, how: int = signal.SIGKILL) -> int:
        """The control plane: API and conductors. Servers, agents and databases go on."""
        for name in ('api', *CONDUCTORS):
            self.kill(name, how)
        return 0

    def conductor_of(self, operation: str) -> str:
        """Who claimed it last."""
        return self.book.rows('SELECT conductor FROM operation WHERE id = ?', operation)[0][0]

    def crash(self, operation: str) -> None:
        """kill -9 of the conductor that runs an operation. The other one runs."""
        self.recover()
        self.kill(self.conductor_of(operation) or CONDUCTORS[0])

    def recover(self) -> None:
        """Both conductors run."""
        programs = [Program(str(self.state), name, 'dbaas-conductor', ['--name', name]) for name in CONDUCTORS]
        for program in programs:
            program.launch()
        for program in programs:
            program.await_ready()

    def own(self) -> set[int]:
        return set(self.pids().values())

    def kill(self, name: str, how: int = signal.SIGKILL) -> None:
        """One process, until it is gone."""
        fd = os.pidfd_open(self.pid(name))
        try:
            signal.pidfd_send_signal(fd, how)
            until(lambda: not self.lives(name), PATIENCE, f'{name} is gone')
        finally:
            os.close(fd)

    def pid(self, name: str) -> int:
        """That of its pid file."""
        return int((self.state / 'run' / f'{name}.pid').read_text())

    def lives(self, name: str) -> bool:
        """Whether the process of its pid file runs, and is one of this cluster."""
        try:
            return self.pid(name) in processes(str(self.state))
        except FileNotFoundError:
            return False

    def pids(self) -> dict[str, int]:
        return {name: self.pid(name) for name in MEMBERS}

    def program(self, name: str) -> subprocess.Popen[bytes]:
        """Its `api` or one of its conductors, as a child of ours, once it is ready."""
        program = 'dbaas-api' if name == 'api' else 'dbaas-conductor'
        command = [str(PROGRAMS / program), '--config-file', str(self.state / 'conf' / f'{name}.conf')]
        with closing(Notified()) as notified, open(self.folder / f'{name}.out', 'ab') as out:
            variables = {**environment(), **notified.variables}
            child = subprocess.Popen(command, cwd='/', env=variables, stdout=out, stderr=out)
            notified.hears('READY=1', PATIENCE)
        return child

    def down(self) -> subprocess.CompletedProcess[str]:
        return self.run(str(PROGRAMS / 'dbaas'), 'cluster', 'down', '--state', str(self.state))

    def close(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None
        super().close()
