"""The server in a container of this machine, by the daemon's API: its programs come from an image, its files do not.

It has the machine's network, the uid of a server process, no capabilities, and of the machine's files only the
instance's, at the same paths. To this machine it is a process with a pid like any other, so it is watched and
signalled without the daemon, which may be restarted or dead.

The daemon's own removal at the end is not used: dockerd 20.10 removes such containers while they run, when it is
killed and started anew with live-restore.
"""

import hashlib
import logging
import os
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from typing import Any

from guestagent.contract import processes
from guestagent.failure import CommandError
from guestagent.place import Place
from guestagent.runtime import daemon, images
from guestagent.runtime.server import Server
from guestagent.system import files

LOG = logging.getLogger(__name__)
LABEL, ENDED = 'dbaas.record', ('created', 'exited', 'dead')
# an exec: the daemon's own child is the program, and its output needs no agent that lives
SERVE, HELP = 'exec "$@" >>"$0" 2>&1', 'exec "$@" >"$0/out" 2>"$0/err"'
REMOVED_WITHIN = 30.0  # seconds
STATUS_WITHIN = 5.0  # seconds for the daemon to see the end of what has just ended


class Container:
    """A guestagent.runtime.base.Runtime. choice: {image, archive?, archives?, socket?}, see contract.commands."""

    def __init__(self, place: Place, choice: Mapping[str, Any]) -> None:
        self._place, self._server = place, Server(place)
        self._image, self._archive = choice['image'], choice.get('archive')
        self._archives, self._socket = choice.get('archives'), daemon.socket_path(choice.get('socket'))

    def find(self, program: str, given: str | None, *, package: str, option: str) -> str:
        """The image's own search path finds it."""
        self._image_id()
        return given or program

    def facts(self, program: str) -> str:
        return f'{self._image_id()}|{program}'

    def run(
        self, command: Sequence[str], *, timeout: float, env: Mapping[str, str] | None = None,
        writes: Sequence[str] = (), holding: Sequence[int] = (),
    ) -> subprocess.CompletedProcess[str]:  # fmt: skip
        """One at a time per folder of templates, whose lock the caller has: what a dead agent left running ends."""
        name = 'dbaas-helper-' + hashlib.sha256(self._place.templates.encode()).hexdigest()[:16]
        with tempfile.TemporaryDirectory(prefix='.helper-', dir=self._place.templates) as said:
            options = self._options(None, ['/bin/sh', '-c', HELP, said], command, [said, *writes], env)
            with daemon.talking(self._socket, f'running {command[0]} in a container') as client:
                try:
                    _launch(client, name, self._image, options)
                    code = client.api.wait(name, timeout=timeout)['StatusCode']
                finally:
                    _clear(client, name)
            out, err = (_text(os.path.join(said, kind)) for kind in ('out', 'err'))
            return subprocess.CompletedProcess(command, code, out, err)

    @property
    def ended_with(self) -> int | None:
        from docker import errors

        try:
            with daemon.talking(self._socket, f'asking for the end of {self.name}') as client:
                return int(client.api.wait(self.name, timeout=STATUS_WITHIN)['StatusCode'])
        except (CommandError, errors.NotFound):
            return None

    def open(self) -> int | None:
        return self._server.open()

    def running(self) -> bool:
        return self._server.running()

    def adopt(self) -> bool:
        return self._server.adopt()

    def start(self, command: Sequence[str]) -> None:
        place = self._place
        log = self._server.make_log()
        folders = [place.home, place.sockets]
        options = self._options(
            place.identity, ['/bin/sh', '-c', SERVE, log], [*command, place.mark], folders, limits=_limits(place)
        )
        with daemon.talking(self._socket, f'starting the container {self.name}') as client:
            _sweep(client)
            pid = _launch(client, self.name, self._image, options)
        if pid:
            processes.write_pid(place.server_pid, pid)

    def stop(self, timeout: float) -> None:
        self._server.end(timeout)
        try:
            with daemon.talking(self._socket, f'removing the container {self.name}') as client:
                _clear(client, self.name)
        except CommandError as error:
            LOG.warning('%s. It goes with the next start, of whichever instance', error)

    @property
    def name(self) -> str:
        return f'dbaas-{self._place.instance}'

    def _image_id(self) -> str:
        with daemon.talking(self._socket, f'looking for image {self._image}') as client:
            return images.ensure(client, self._image, self._archive, self._archives)

    def _options(
        self, identity: files.Identity, entry: Sequence[str], command: Sequence[str], folders: Sequence[str],
        env: Mapping[str, str] | None = None, limits: Mapping[str, int] | None = None,
    ) -> dict[str, Any]:  # fmt: skip
        from docker.types import LogConfig, Mount

        uid, gid = identity or (os.geteuid(), os.getegid())
        mounts = [Mount(path, path, type='bind') for path in folders]
        # a server asks its passwd who the agent is that logs in by the socket, and an image knows root at most
        mounts.append(Mount('/etc/passwd', '/etc/passwd', type='bind', read_only=True))
        return {
            'entrypoint': list(entry), 'command': list(command), 'user': f'{uid}:{gid}', 'working_dir': '/',
            'environment': {'LC_ALL': 'C.UTF-8', **(env or {})}, 'labels': {LABEL: self._place.record},
            'mounts': mounts, 'tmpfs': {'/tmp': '', '/run': ''}, 'read_only': True,
            'network_mode': 'host', 'userns_mode': 'host', 'cap_drop': ['ALL'],
            'security_opt': ['no-new-privileges'], 'healthcheck': {'test': ['NONE']},
            'log_config': LogConfig(type='none'), **(limits or {}),
        }  # fmt: skip


def _launch(client: Any, name: str, image: str, options: Mapping[str, Any]) -> int:
    """Pid of the new container `name`; 0: it has ended already."""
    from docker import errors

    _clear(client, name)
    try:
        container = client.containers.create(image, name=name, **options)
    except errors.ImageNotFound as error:
        raise CommandError(f'the container daemon has no image {image} any more: try again') from error
    try:
        container.start()
    except BaseException:
        container.remove(force=True)
        raise
    return int(client.api.inspect_container(name)['State']['Pid'])


def _sweep(client: Any) -> None:
    """What has ended of instances that were deleted while they had no agent."""
    for container in client.containers.list(all=True, filters={'label': LABEL}, ignore_removed=True):
        if container.status in ENDED and not os.path.isdir(container.labels[LABEL]):
            _clear(client, container.name)


def _clear(client: Any, name: str) -> None:
    """No container has this name: also not one that the daemon is just removing."""
    from docker import errors

    try:
        found = client.containers.get(name)
        try:
            found.remove(force=True, v=True)
        except errors.APIError as error:
            if error.status_code != 409:
                raise
            found.wait(condition='removed', timeout=REMOVED_WITHIN)
    except errors.NotFound:
        return


def _limits(place: Place) -> dict[str, int]:
    """By the flavor, where the place limits its instances at all: in a machine of its own the machine does."""
    if not place.cgroups:
        return {}
    return {'mem_limit': int(place.flavor['ram']) << 20, 'nano_cpus': int(place.flavor['vcpus']) * 10**9}


def _text(path: str) -> str:
    with open(path, errors='replace') as text:
        return text.read()
