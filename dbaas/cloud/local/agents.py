"""Processes of instances: start an agent, see whether it lives, stop it and the database server it started.

An agent lives while it holds the lock of its record; pid files only say whom to signal. What a killed parent
started without writing it down is found by its command line, which names the record.
"""

import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence

from dbaas.exceptions import CloudError
from guestagent.contract import processes

CONFIG = 'agent.json'
LOCK = 'agent.lock'
LOG = 'agent.log'
PID = 'agent.pid'
SERVER_PID = 'server.pid'
ANOTHER = 3  # exit code of an agent whose instance another one has
_KEPT = ('PATH', 'LANG', 'LC_ALL', 'TZ')  # of our environment; it may hold credentials


def default_command() -> list[str]:
    """The agent of the same virtual environment as this process."""
    script = os.path.join(os.path.dirname(os.path.abspath(sys.executable)), 'dbaas-guestagent')
    if os.access(script, os.X_OK):
        return [script]
    return [sys.executable, '-P', '-m', 'guestagent.main']


class Agents:
    """`record` arguments are absolute folders of instances."""

    def __init__(self, state: str, command: Sequence[str] | None = None):
        self._state = state
        self._command = list(command or default_command())
        self._children: dict[str, subprocess.Popen[bytes]] = {}
        self._mutex = threading.Lock()

    def start(self, record: str) -> bool:
        """Start the agent of `record` unless it lives or is being born -> whether it was started."""
        with self._mutex:
            self._bury()
            if self._child_runs(record) or processes.lock_held(os.path.join(record, LOCK)):
                return False
            self._children[record] = self._spawn(record)
            return True

    def alive(self, record: str) -> bool:
        with self._mutex:
            return self._child_runs(record) or processes.lock_held(os.path.join(record, LOCK))

    def fault(self, record: str) -> str:
        """Why the agent that we started has ended; empty when it has not, or another process started it."""
        with self._mutex:
            child = self._children.get(record)
            if child is None or child.poll() in (None, ANOTHER):
                return ''
            return f'the agent ended with exit code {child.returncode}: {_last_line(os.path.join(record, LOG))}'

    def stop(self, record: str, patience: float = 10, server_patience: float = 60) -> None:
        """End the agent, then its server cleanly; SIGKILL after that many seconds. Repeatable."""
        self.end(record, patience)
        processes.stop_process(os.path.join(record, SERVER_PID), timeout=server_patience)
        end_strays(f'--loose-dbaas={record}', server_patience)
        number = processes.number_file(self._state, f'agent-{os.path.basename(record)}')
        for path in (os.path.join(record, PID), os.path.join(record, SERVER_PID), number):
            with contextlib.suppress(FileNotFoundError):
                os.unlink(path)
        self.forget(record)

    def end(self, record: str, patience: float = 10) -> None:
        """The agent alone: its server goes on."""
        processes.stop_process(os.path.join(record, PID), timeout=patience)
        end_strays(f'{record}/{CONFIG}', patience)  # one so young that it had not written its pid

    def forget(self, record: str) -> None:
        with self._mutex:
            child = self._children.pop(record, None)
            if child is not None:
                child.wait()

    def _bury(self) -> None:
        """Children of instances that another process has deleted."""
        for record in [record for record in self._children if not os.path.isdir(record)]:
            if self._children[record].poll() is not None:
                del self._children[record]

    def _child_runs(self, record: str) -> bool:
        child = self._children.get(record)
        return child is not None and child.poll() is None

    def _spawn(self, record: str) -> subprocess.Popen[bytes]:
        command = [*self._command, '--state', self._state, '--config', os.path.join(record, CONFIG)]
        environment = {name: os.environ[name] for name in _KEPT if name in os.environ}
        with _private_log(os.path.join(record, LOG)) as log:
            try:
                return subprocess.Popen(
                    command, cwd='/', env=environment, start_new_session=True,
                    stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                )  # fmt: skip
            except OSError as error:
                raise CloudError(f'cannot start {command[0]}: {error.strerror}') from error


def strays(argument: str) -> list[int]:
    """Pids of our processes that have exactly this argument."""
    return [pid for pid in _pids() if argument.encode() in _command_line(pid) and pid != os.getpid()]


def end_strays(argument: str, patience: float) -> None:
    for pid in strays(argument):
        _end_if(pid, lambda line: argument.encode() in line, patience)


def end_installers(templates: str, patience: float) -> None:
    """End whoever makes a template below this folder, their scripts' children too: a later create makes it anew."""

    folder = templates.encode()

    def at_work(line: list[bytes]) -> bool:
        installs = any(word.startswith(b'--datadir=' + folder + b'/') for word in line)
        return installs or (b'guestagent.warm' in line and folder in line)

    while pids := [pid for pid in _pids() if at_work(_command_line(pid)) and pid != os.getpid()]:
        for pid in pids:
            _end_if(pid, at_work, patience)


def _end_if(pid: int, ours: Callable[[list[bytes]], bool], patience: float) -> None:
    with contextlib.suppress(ProcessLookupError):
        fd = os.pidfd_open(pid)
        try:
            if ours(_command_line(pid)):  # still the one we saw
                _end(fd, patience)
        finally:
            os.close(fd)


def _pids() -> Iterator[int]:
    return (int(name) for name in os.listdir('/proc') if name.isdigit())


def _command_line(pid: int) -> list[bytes]:
    """Empty for processes that are gone, or of other users unless we are root."""
    with contextlib.suppress(OSError):
        if os.geteuid() in (0, os.stat(f'/proc/{pid}').st_uid):
            with open(f'/proc/{pid}/cmdline', 'rb') as text:
                return text.read().split(b'\0')
    return []


def _end(pidfd: int, patience: float) -> None:
    signal.pidfd_send_signal(pidfd, signal.SIGTERM)
    if not processes.gone(pidfd, patience):
        signal.pidfd_send_signal(pidfd, signal.SIGKILL)
        processes.gone(pidfd, patience)


def _private_log(path: str):
    return open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600), 'ab')


def _last_line(path: str) -> str:
    with contextlib.suppress(OSError), open(path, errors='replace') as text:
        lines = [line.strip() for line in text.read()[-4000:].splitlines() if line.strip()]
        if lines:
            return lines[-1]
    return f'see {path}'
