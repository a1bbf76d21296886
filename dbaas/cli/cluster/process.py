"""A plain process that outlives who started it: a pid file says which, its log lies beside it. No supervisor."""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence

from dbaas.exceptions import Unavailable
from guestagent.contract import processes


class Process:
    """name: `run/<name>.pid` and `log/<name>.log` of `state`; mark: a word of its command line that proves the pid."""

    def __init__(self, state: str, name: str, mark: str | None = None):
        self.state, self.name = state, name
        self.pid_file = os.path.join(state, 'run', f'{name}.pid')
        self.log = os.path.join(state, 'log', f'{name}.log')
        self._mark = mark or state

    @property
    def pid(self) -> int | None:
        """Of the running process; None: it does not run, or the number is another process's by now."""
        try:
            with open(self.pid_file) as text:
                number = int(text.read())
            known = self._mark.encode() in _command_line(number)
        except (OSError, ValueError):
            return None
        return number if known and processes.start_time(number) is not None else None

    def start(self, command: Sequence[str], environment: Mapping[str, str] | None = None) -> None:
        """Unless it runs already. The command line must contain the mark."""
        if self.pid is not None:
            return
        for path in (self.pid_file, self.log):
            os.makedirs(os.path.dirname(path), 0o755, exist_ok=True)
        with open(self.log, 'ab') as out:
            child = subprocess.Popen(
                command, cwd='/', env=environment, stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                start_new_session=True,
            )  # fmt: skip
        processes.replace(self.pid_file, f'{child.pid}\n', 0o644)
        deadline = time.monotonic() + 5
        while self.pid is None and child.poll() is None and time.monotonic() < deadline:
            time.sleep(0.001)  # on a busy machine the command line shows a moment after the start

    def await_(self, ready: Callable[[], bool], timeout: float, what: str) -> None:
        """Raises Unavailable when it ends or is not ready in time, with the last line of its log."""
        deadline = time.monotonic() + timeout
        while not ready():
            if self.pid is None or time.monotonic() > deadline:
                how = 'has ended' if self.pid is None else f'is not ready after {timeout:g} s'
                raise Unavailable(f'{what} {how}: {self.last_words()}; see {self.log}')
            time.sleep(0.05)

    def last_words(self) -> str:
        with contextlib.suppress(OSError), open(self.log, errors='replace') as text:
            lines = [line.strip() for line in text if line.strip()]
            return lines[-1] if lines else 'it said nothing'
        return 'it said nothing'

    def stop(self, how: int = signal.SIGTERM, timeout: float = 30) -> None:
        """Until it is gone; SIGKILL after `timeout` seconds. Repeatable."""
        number = self.pid
        if number is not None:
            with contextlib.suppress(ProcessLookupError):
                fd = os.pidfd_open(number)
                try:
                    signal.pidfd_send_signal(fd, how)
                    if not processes.gone(fd, timeout):
                        signal.pidfd_send_signal(fd, signal.SIGKILL)
                        processes.gone(fd, 5)
                finally:
                    os.close(fd)
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self.pid_file)


def _command_line(number: int) -> bytes:
    """It is empty for a moment while a program replaces another by exec, and always for a thread of the kernel.

    Raises FileNotFoundError without such a process.
    """
    for _ in range(20):
        with open(f'/proc/{number}/cmdline', 'rb') as text:
            line = text.read()
        if line or processes.start_time(number) is None:
            break
        time.sleep(0.005)
    return line
