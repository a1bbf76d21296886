"""The database server's process: started as its own user, found again by a new agent, ended cleanly."""

import logging
import os
import signal
import subprocess
from typing import IO, Any

from guestagent.contract import processes
from guestagent.failure import CommandError
from guestagent.place import Place
from guestagent.system import files

LOG = logging.getLogger(__name__)


class ServerProcess:
    """At most one per instance, known by its pid file or, if an agent died before writing that, by its mark."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._children: dict[int, subprocess.Popen[bytes]] = {}  # ours to reap; an adopted one is init's
        self.ended_with: int | None = None  # return code of the last child that ended

    def open(self) -> int | None:
        """A pidfd of the running server, the caller's to close; None: it does not run."""
        self._reap()
        return processes.pidfd_of(self._place.server_pid)

    def running(self) -> bool:
        self._reap()
        return processes.running(self._place.server_pid)

    def adopt(self) -> bool:
        """Whether a server runs, one that no pid file names included."""
        if self.running():
            return True
        pid = processes.find(self._place.mark)
        if pid is None:
            return False
        processes.write_pid(self._place.server_pid, pid)
        return self.running()

    def start(self, command: list[str]) -> None:
        """`command` with the mark added. The exec is ours: no shell stays between."""
        place = self._place
        files.folder(os.path.dirname(place.error_log), place.identity)
        with open(place.error_log, 'ab') as log:
            if place.identity:
                os.fchown(log.fileno(), *place.identity)
            child = self._spawn([*command, place.mark], log)
        self._children[child.pid] = child
        processes.write_pid(place.server_pid, child.pid)
        self._confine(child.pid)

    def stop(self, timeout: float) -> None:
        """Ask it to end; kill it after `timeout` seconds. Repeatable."""
        processes.stop_process(self._place.server_pid, signal.SIGTERM, timeout)
        self._reap()
        files.remove(self._place.server_pid)

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
                self.ended_with = child.returncode
                del self._children[pid]


def _as(identity: files.Identity) -> dict[str, Any]:
    """Popen's options for another user: set between fork and exec in C, no Python code runs there."""
    return {'user': identity[0], 'group': identity[1], 'extra_groups': []} if identity else {}
