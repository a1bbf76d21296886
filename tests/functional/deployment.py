"""One `dbaas up` as a process of its own, driven from outside as its user would: options, signals, real clients."""

import configparser
import os
import pathlib
import signal
import subprocess
import sys
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import requests

from tests.functional.book import Book
from tests.functional.machine import Traces, processes
from tests.servers.ports import lasting_port
from tests.waiting import until

PROGRAMS = pathlib.Path(sys.executable).parent
PATIENCE = 120  # seconds; whoever waits for that long has found a defect, on a busy machine too
# Looks are frequent, so that tests do not wait for clocks.
OPTIONS: dict[str, dict[str, Any]] = {
    'conductor': {'reconcile_interval': 0.5},
    'flows': {'poll_interval': 0.5},
    'guest': {'heartbeat_interval': 2},
}
KEPT = ('PATH', 'HOME', 'LANG', 'TMPDIR', 'XDG_RUNTIME_DIR')
FOREIGN = {'OS_CLOUD': 'another', 'OS_USERNAME': 'somebody', 'OS_PROJECT_NAME': 'other', 'OS_AUTH_URL': 'http://x/v3'}


class Deployment:
    """Everything of it lies in `folder`, but sockets and mounts; nothing runs until up()."""

    options = OPTIONS

    def __init__(self, folder: pathlib.Path):
        self.folder = folder
        self.state = folder / 'state'
        self.config = folder / 'dbaas.conf'
        self.port = lasting_port()
        self.traces = Traces(self.state, folder / 'addresses')
        self.book = Book(self.state / 'dbaas.sqlite')
        self.process: subprocess.Popen[bytes] | None = None
        self.outputs: list[pathlib.Path] = []  # stdout and stderr of each `dbaas up`
        self.heard: list[str] = []  # what clients have said
        self.variables: dict[str, str] = {}  # more of the environment that it is started in
        self._variables: dict[str, str] = {}
        self.configure()

    # -- dbaas up and down -----------------------------------------------------------------------------------------
    def configure(self, **groups: dict[str, Any]) -> None:
        """Write the configuration file, with these options besides the usual ones. The next start reads it."""
        wanted = {'local': {'address_dir': self.traces.addresses}, **self.options}
        text = configparser.ConfigParser(interpolation=None)
        text.read_dict({name: wanted.get(name, {}) | groups.get(name, {}) for name in {**wanted, **groups}})
        with open(self.config, 'w') as out:
            text.write(out)

    def arguments(self, *options: str) -> list[str]:
        """Of `dbaas up`."""
        where = ['--state', str(self.state), '--port', str(self.port), '--config-file', str(self.config)]
        return [str(PROGRAMS / 'dbaas'), 'up', *where, *options]

    def start(self, *options: str) -> None:
        """`dbaas up` in the background; it need not be ready yet."""
        self.outputs.append(self.folder / f'up-{len(self.outputs)}.out')
        with open(self.outputs[-1], 'wb') as out:
            self.process = subprocess.Popen(
                self.arguments(*options), cwd=self.folder, env={**environment(), **self.variables},
                stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True,
            )  # fmt: skip

    def up(self, *options: str) -> None:
        self.start(*options)
        until(self.ready, PATIENCE, 'dbaas up is ready')

    def ready(self) -> bool:
        assert self.process is None or self.process.poll() is None, f'dbaas up has ended: {self.said()}'
        try:
            return requests.get(f'http://127.0.0.1:{self.port}/healthcheck', timeout=5).status_code == 200
        except requests.RequestException:
            return False

    def said(self) -> str:
        """What the last `dbaas up` has written so far."""
        return self.outputs[-1].read_text()

    def end(self, how: int = signal.SIGKILL) -> int:
        """-> the exit code of `dbaas up`."""
        assert self.process is not None
        self.process.send_signal(how)
        code = self.process.wait(PATIENCE)
        self.process = None
        return code

    def crash(self, operation: str) -> None:
        """kill -9 of who runs an operation."""
        self.end()

    def recover(self) -> None:
        """What crashed runs again."""
        self.up()

    def own(self) -> set[int]:
        """Processes that belong to no instance."""
        return {self.process.pid} if self.process is not None else set()

    def run(
        self, *command: str, code: int = 0, variables: Mapping[str, str] = MappingProxyType({})
    ) -> subprocess.CompletedProcess[str]:
        """One command, to its end, without a terminal. Raises AssertionError when it ends with another code."""
        done = subprocess.run(
            command, cwd=self.folder, env={**environment(), **variables}, stdin=subprocess.DEVNULL, capture_output=True,
            text=True, timeout=PATIENCE, check=False,
        )  # fmt: skip
        assert done.returncode == code, f'{command}: {done.returncode} {done.stdout}{done.stderr}'
        assert 'Traceback' not in done.stderr, done.stderr
        return done

    def down(self) -> subprocess.CompletedProcess[str]:
        return self.run(str(PROGRAMS / 'dbaas'), 'down', '--state', str(self.state))

    def close(self) -> None:
        """Nothing of it runs on, whatever a test has left. Raises AssertionError when `dbaas down` cannot do that."""
        if self.process is not None:
            self.end()
        if not (self.state / 'runtime').is_file():
            return
        self.down()
        left = self.traces.running()
        for pid in processes(str(self.state)):
            os.kill(pid, signal.SIGKILL)
        assert left == {}, f'dbaas down has left {left}'

    # -- clients ---------------------------------------------------------------------------------------------------
    def openrc(self) -> dict[str, str]:
        """The variables that a shell has after sourcing openrc, in an environment full of foreign OS_ variables."""
        if not self._variables:
            script = f'. "{self.state}/openrc" && env -0'
            words = self.run('/bin/sh', '-c', script, variables=FOREIGN).stdout.split('\0')
            self._variables = dict(word.split('=', 1) for word in words if word.startswith('OS_'))
        return self._variables

    def openstack(self, *words: str) -> str:
        return self.client('openstack', *words).stdout

    def flow(self, *words: str, code: int = 0) -> subprocess.CompletedProcess[str]:
        return self.client('dbaas-flow', *words, code=code)

    def client(self, program: str, *words: str, code: int = 0) -> subprocess.CompletedProcess[str]:
        """A program of our virtual environment, with the variables of openrc and no other OS_ variable."""
        done = self.run(str(PROGRAMS / program), *words, code=code, variables=self.openrc())
        self.heard += [done.stdout, done.stderr]
        return done

    def sql(self, defaults: pathlib.Path, statement: str, code: int = 0) -> str:
        """What the real client prints, a line per row; `defaults` is its defaults file."""
        command = ['mariadb', f'--defaults-file={defaults}', '--batch', '--skip-column-names', '-e', statement]
        return self.run(*command, code=code).stdout.strip()

    def login(self, instance: str, user: str, password: str) -> pathlib.Path:
        """A defaults file, outside of the state directory, for a user of an instance."""
        address = self.instance(instance)['addresses'][0]['address']
        path = self.folder / f'{instance}-{user}.cnf'
        path.touch(0o600)
        path.write_text(f'[client]\nhost={address}\nport=3306\nuser={user}\npassword={password}\n')
        return path

    # -- requests --------------------------------------------------------------------------------------------------
    def call(self, method: str, path: str, body: Any = None) -> requests.Response:
        given = self.openrc()
        headers = {'X-Auth-Token': given['OS_TOKEN']}
        answer = requests.request(method, given['OS_ENDPOINT'] + path, json=body, headers=headers, timeout=30)
        assert answer.status_code < 400, answer.text
        return answer

    def create(self, name: str, user: str = 'u', password: str = 'not-secret') -> tuple[str, str]:
        """Ask for an instance with a database `d` and a user -> (its id, the operation's id)."""
        account = {'name': user, 'password': password, 'databases': [{'name': 'd'}]}
        wish = {'name': name, 'flavorRef': '1', 'volume': {'size': 1}, 'databases': [{'name': 'd'}], 'users': [account]}
        answer = self.call('POST', '/instances', {'instance': wish})
        return answer.json()['instance']['id'], answer.headers['X-Dbaas-Operation-Id']

    def delete(self, instance: str) -> str:
        """-> the operation's id."""
        return self.call('DELETE', f'/instances/{instance}').headers['X-Dbaas-Operation-Id']

    def instance(self, instance: str) -> dict[str, Any]:
        return self.call('GET', f'/instances/{instance}').json()['instance']

    def operation(self, operation: str) -> dict[str, Any]:
        return self.call('GET', f'/operations/{operation}').json()['operation']

    def reach(self, operation: str, state: str, timeout: float = PATIENCE) -> None:
        """Wait for a state of an operation; one that it cannot leave by itself ends the wait."""
        ends = {state, 'SUCCEEDED', 'HELD', 'ABORT_HELD', 'ABORTED', 'CANCELLED', 'SUPERSEDED'}
        seen = until(lambda: (s := self.book.state(operation)) in ends and s, timeout, f'{operation} is {state}')
        assert seen == state, self.book.rows('SELECT * FROM operation_event WHERE operation_id = ?', operation)

    def gone(self, instance: str) -> None:
        """Delete it, to the end."""
        self.reach(self.delete(instance), 'SUCCEEDED')


def environment() -> dict[str, str]:
    """Of every process here: no OS_ and no DBAAS_ variable of whoever runs the tests."""
    return {name: os.environ[name] for name in KEPT if name in os.environ}
