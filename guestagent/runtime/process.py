"""The server as a process of this machine: started as its own user, found again by a new agent, ended cleanly."""

import logging
import os
import subprocess
from collections.abc import Mapping, Sequence
from typing import IO, Any

from guestagent.contract import processes, programs
from guestagent.failure import CommandError
from guestagent.place import Place
from guestagent.runtime.server import Server
from guestagent.system import files

LOG = logging.getLogger(__name__)


class Process:
    """A guestagent.runtime.base.Runtime."""

    def __init__(self, place: Place) -> None:
        self._place, self._server = place, Server(place)
        self._children: dict[int, subprocess.Popen[bytes]] = {}  # ours to reap; an adopted one is init's
        self._ended_with: int | None = None

    def find(self, program: str, given: str | None, *, package: str, option: str) -> str:
        try:
            found = programs.find((program,), given, package=package, option=option)
        except programs.ProgramMissing as error:
            raise CommandError(str(error)) from error
        return os.path.realpath(found)  # a link may lie where the server's own user may not look

    def facts(self, program: str) -> str:
        found = os.stat(program)
        return f'{os.path.realpath(program)}|{found.st_size}|{found.st_mtime_ns}'

    def run(
        self, command: Sequence[str], *, timeout: float, env: Mapping[str, str] | None = None,
        writes: Sequence[str] = (), holding: Sequence[int] = (),
    ) -> subprocess.CompletedProcess[str]:  # fmt: skip
        try:
            return subprocess.run(
                command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=timeout, check=False,
                cwd='/', pass_fds=holding, env={**os.environ, **(env or {})},
            )  # fmt: skip
        except (OSError, subprocess.TimeoutExpired) as error:
            raise CommandError(f'{command[0]} cannot be run: {error}') from error

    @property
    def ended_with(self) -> int | None:
        return self._ended_with

    def open(self) -> int | None:
        self._reap()
        return self._server.open()

    def running(self) -> bool:
        self._reap()
        return self._server.running()

    def adopt(self) -> bool:
        self._reap()
        return self._server.adopt()

    def start(self, command: Sequence[str]) -> None:
        """The exec is ours: no shell stays between."""
        place = self._place
        with open(self._server.make_log(), 'ab') as log:
            child = self._spawn([*command, place.mark], log)
        self._children[child.pid] = child
        processes.write_pid(place.server_pid, child.pid)
        self._confine(child.pid)

    def stop(self, timeout: float) -> None:
        self._server.end(timeout)
        self._reap()

    def _spawn(self, command: list[str], log: IO[bytes]) -> 'subprocess.Popen[bytes]':
        try:
            return subprocess.Popen(
                command,
                cwd='/',
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                env={'PATH': os.environ.get('PATH', os.defpath), 'LC_ALL': 'C.UTF-8'},
                **_as(self._place.identity),
            )
        except OSError as error:
            who = self._place.identity[0] if self._place.identity else os.geteuid()
            raise CommandError(f'{command[0]} cannot be run as uid {who}: {error.strerror}') from error

    def _confine(self, pid: int) -> None:
        for group in self._place.cgroups:
            try:
                with open(f'{group}/cgroup.procs', 'w') as procs:
                    procs.write(str(pid))
            except OSError as error:
                LOG.warning('The server runs without the limits of %s: %s', group, error.strerror)

    def _reap(self) -> None:
        for pid, child in list(self._children.items()):
            if child.poll() is not None:
                self._ended_with = child.returncode
                del self._children[pid]


def _as(identity: files.Identity) -> dict[str, Any]:
    """Popen's options for another user: set between fork and exec in C, no Python code runs there."""
    return {'user': identity[0], 'group': identity[1], 'extra_groups': []} if identity else {}
