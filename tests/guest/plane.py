"""The control plane's side of the wire in tests, and agents as real processes, as the local cloud starts them."""

import base64
import contextlib
import itertools
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import uuid
from typing import Any

from dbaas import exceptions
from dbaas.guest.api import Guests
from dbaas.guest.reports import ReportServer
from guestagent.contract import processes, states
from guestagent.contract.commands import Command, Outcome, command_id
from tests.waiting import until

FLAVOR = {'id': '1', 'name': 'tiny', 'ram': 256, 'vcpus': 1}
_last_byte = itertools.count(1)


def address() -> str:
    """A loopback address that no other test of this machine uses now: the process id is in it."""
    return f'127.{66 + os.getpid() % 60}.{os.getpid() // 60 % 250}.{next(_last_byte) % 250 + 1}'


class Plane:
    """A state directory, a runtime directory, the transport and what guests reported."""

    def __init__(self, templates: str, wire: Any, runtime: dict[str, Any] | None = None) -> None:
        self.root, self.templates, self.runtime_choice = os.geteuid() == 0, templates, runtime
        self.state = tempfile.mkdtemp(prefix='dbaas-state-')  # 0700: servers of other users see nothing of it
        self.runtime = tempfile.mkdtemp(prefix='dbaas-', dir='/run' if self.root else None)
        os.chmod(self.runtime, 0o711)
        self.wire = wire
        self.keys: dict[str, bytes] = {}
        self.outcomes: list[tuple[str, Outcome]] = []
        self.beats: list[tuple[str, dict[str, Any]]] = []
        self.agents: list[AgentProcess] = []
        self.transport = wire.connect()
        self.guests = Guests(self.transport, self.keys.__getitem__, timeout=45)
        self.reports: ReportServer | None = None

    def receive(self) -> ReportServer:
        self.reports = ReportServer(
            self.transport,
            self.keys.__getitem__,
            lambda instance, outcome: self.outcomes.append((instance, outcome)),
            lambda instance, beat: self.beats.append((instance, beat)),
        )
        self.reports.start()
        return self.reports

    def last_beat(self, instance: str) -> dict[str, Any]:
        return next((beat for who, beat in reversed(self.beats) if who == instance), {})

    def agent(self, **changes: Any) -> 'AgentProcess':
        made = AgentProcess(self, **changes)
        self.agents.append(made)
        made.start()
        return made

    def close(self) -> None:
        for agent in self.agents:
            agent.remove()
        if self.reports is not None:
            self.reports.stop()
        self.transport.cleanup()
        shutil.rmtree(self.runtime)
        shutil.rmtree(self.state)


class AgentProcess:
    """One instance: its record as the local cloud writes it, and its agent."""

    def __init__(self, plane: Plane, volume: dict[str, Any] | None = None, **changes: Any) -> None:
        self.plane, self.instance = plane, str(uuid.uuid4())
        self.record = os.path.join(plane.state, 'instances', self.instance)
        self.runtime = os.path.join(plane.runtime, self.instance)
        self.address = address()
        key = os.urandom(32)
        plane.keys[self.instance] = key
        os.makedirs(self.record)
        self.facts = {
            'instance': self.instance,
            'key': base64.b64encode(key).decode(),
            'transport_url': plane.wire.guest_url(self.instance),
            'datastore': 'mariadb',
            'heartbeat_interval': 1.0,
            'state': plane.state,
            'record': self.record,
            'runtime': self.runtime,
            'data': os.path.join(self.runtime if plane.root else self.record, 'data'),
            'volume': volume or {'image': None, 'mount': None, 'size': 1},
            'templates': plane.templates,
            'identity': {'uid': 0x70000000 + 77, 'gid': 0x70000000 + 77} if plane.root else None,
            'cgroups': [],
            'address': self.address,
            'port': 3306,
            'flavor': FLAVOR,
            **changes,
        }
        if plane.root:
            self._grow_volume()
        self.process: subprocess.Popen[bytes] | None = None
        self._numbers = itertools.count(1)

    def start(self) -> None:
        config = os.path.join(self.record, 'agent.json')
        processes.replace(config, json.dumps(self.facts))
        with open(os.path.join(self.record, 'agent.log'), 'ab') as log:
            self.process = subprocess.Popen(
                [sys.executable, '-P', '-m', 'guestagent.main', '--state', self.plane.state, '--config', config],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd='/',
                start_new_session=True,
                env={'PATH': os.environ['PATH'], 'PYTHONPATH': _path()},
            )

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def submit(self, verb: str, attempt: int = 1, epoch: int = 1, step: str = '', **args: Any) -> Outcome:
        return self.plane.guests.submit(self.instance, self.command(verb, attempt, epoch, step, **args))

    def command(self, verb: str, attempt: int = 1, epoch: int = 1, step: str = '', **args: Any) -> Command:
        step = step or f'{verb}-{next(self._numbers)}'
        operation = f'op-{self.instance}'
        return Command(command_id(operation, step, attempt), verb, operation, step, attempt, epoch, args)

    def do(self, verb: str, **args: Any) -> Outcome:
        """Submit and await the end; AssertionError unless it succeeded."""
        outcome = self.wait(self.submit(verb, **args).command)
        assert outcome.state == states.SUCCEEDED, outcome
        return outcome

    def fails(self, verb: str, **args: Any) -> str:
        outcome = self.wait(self.submit(verb, **args).command)
        assert outcome.state == states.FAILED, outcome
        return outcome.error or ''

    def wait(self, command: str) -> Outcome:
        def ended() -> Outcome | None:
            try:
                outcome = self.plane.guests.ask(self.instance, command)
            except exceptions.GuestUnreachable:
                return None  # the agent is just being started
            return outcome if outcome.state in states.FINISHED else None

        outcome = until(ended, 60, f'the end of {command}')
        assert outcome is not None
        return outcome

    def prepare(self, **changes: Any) -> Outcome:
        return self.do('prepare', **{**self.prepare_args(), **changes})

    def prepare_args(self) -> dict[str, Any]:
        return {
            'datastore': 'mariadb',
            'version': '10.11',
            'flavor': FLAVOR,
            'volume_size': 1,
            'runtime': self.plane.runtime_choice,
            'server_binary': None,
            'install_binary': None,
            'address': self.address,
            'port': 3306,
        }

    def server_pids(self) -> list[int]:
        """Processes with mariadbd and this instance in their command line."""
        found = []
        for name in filter(str.isdigit, os.listdir('/proc')):
            with contextlib.suppress(OSError), open(f'/proc/{name}/cmdline', 'rb') as line:
                text = line.read()
                if b'mariadbd' in text and self.record.encode() in text:
                    found.append(int(name))
        return found

    def log(self) -> str:
        with open(os.path.join(self.record, 'agent.log')) as text:
            return text.read()

    def written(self) -> bytes:
        """Every byte that agent and server wrote, but for the tables."""
        texts = []
        for top in {self.record, os.path.dirname(self.facts['data'])}:
            for folder, _folders, names in os.walk(top):
                for name in names:
                    path = os.path.join(folder, name)
                    if '/data/' not in path and not path.endswith(('.img', '.sock')) and os.path.isfile(path):
                        with open(path, 'rb') as text:
                            texts.append(text.read())
        return b'\n'.join(texts)

    def remove(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(20)
        processes.stop_process(os.path.join(self.record, 'server.pid'), signal.SIGKILL)
        for pid in self.server_pids():
            os.kill(pid, signal.SIGKILL)
            until(lambda: not self.server_pids(), 30, 'the end of a stray server')
        if os.path.ismount(self.runtime):
            subprocess.run(['umount', self.runtime], check=True)

    def _grow_volume(self) -> None:
        """As root: an XFS image, as the local cloud makes it."""
        image = os.path.join(self.record, 'volume.img')
        with open(image, 'wb') as out:
            out.truncate(512 << 20)
        subprocess.run(['mkfs.xfs', '-q', '-K', image], check=True)
        self.facts['volume'] = {'image': image, 'mount': self.runtime, 'size': 0.5}


def reachable(where: str, port: int = 3306) -> bool:
    try:
        socket.create_connection((where, port), 1).close()
    except OSError:
        return False
    return True


def side_by_side(*calls: Any) -> None:
    threads = [threading.Thread(target=call) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _path() -> str:
    """The checkout, for the agent's cwd is elsewhere, and what the tests themselves were given."""
    checkout = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    return os.pathsep.join(filter(None, [checkout, os.environ.get('PYTHONPATH')]))
