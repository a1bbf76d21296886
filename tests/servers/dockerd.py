"""The tests' dockerd: real, private, below a folder of its own, without networks; one for all of a run.

containerd is a process beside it, as on any machine, so that containers outlive a dockerd that is killed.
"""

import contextlib
import json
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from typing import Any

import docker
import pytest
from docker.errors import DockerException

from tests.servers import engine_image
from tests.waiting import until

IMAGE = 'dbaas-test/mariadb:10.11'
ARCHIVE = 'mariadb-10.11.tar'


class Dockerd:
    """archives: a folder with ARCHIVE, a root file system that IMAGE is imported from. Raises AssertionError."""

    def __init__(self, folder: str):
        self.folder, self.socket = pathlib.Path(folder), f'{folder}/s'
        self.archives = self.folder / 'archives'
        self._process: subprocess.Popen[bytes] | None = None
        self._containerd: subprocess.Popen[bytes] | None = None
        self.archives.mkdir()
        engine_image.make(self.archives / ARCHIVE)

    def start(self) -> None:
        if self._containerd is None:
            place = [f'--root={self.folder}/c/data', f'--state={self.folder}/c/run', f'--address={self.folder}/c/s']
            self._containerd = self._run('containerd', '--config=/dev/null', *place)
            until(lambda: os.path.exists(f'{self.folder}/c/s'), 60, 'containerd listens')
        self._process = self._run('dockerd', f'--config-file={self._configure()}')
        until(self._answers, 60, 'dockerd answers')

    def client(self) -> Any:
        return docker.DockerClient(base_url=f'unix://{self.socket}', version='auto')

    def containers(self) -> list[str]:
        """Names of all, ended ones too."""
        with contextlib.closing(self.client()) as client:
            return sorted(container.name for container in client.containers.list(all=True, ignore_removed=True))

    def choice(self, **changes: Any) -> dict[str, Any]:
        """The `runtime` of prepare and start."""
        return {
            'kind': 'container', 'image': IMAGE, 'archive': ARCHIVE,
            'archives': str(self.archives), 'socket': self.socket, **changes,
        }  # fmt: skip

    def clear(self) -> None:
        """No container is left; images stay."""
        with contextlib.closing(self.client()) as client:
            for container in client.containers.list(all=True, ignore_removed=True):
                container.remove(force=True)

    def stop(self, how: int = signal.SIGTERM) -> None:
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(60)
            self._process = None

    def close(self) -> None:
        """Everything that it started ends with it."""
        if self._process is not None:
            self.clear()
        self.stop()
        if self._containerd is not None:
            self._containerd.terminate()
            self._containerd.wait(60)
        until(self._unmounted, 20, 'the mounts of dockerd go')
        shutil.rmtree(self.folder)

    def _run(self, name: str, *options: str) -> 'subprocess.Popen[bytes]':
        program = shutil.which(name, path=os.environ['PATH'] + ':/usr/sbin')
        assert program, f'{name} is missing: install the package docker.io'
        with open(self.folder / 'log', 'ab') as log:
            return subprocess.Popen(
                [program, *options], stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )

    def _configure(self) -> str:
        """A file of its own: this machine's may say something else."""
        folder, path = self.folder, self.folder / 'daemon.json'
        options = {
            'data-root': f'{folder}/data', 'exec-root': f'{folder}/exec', 'hosts': [f'unix://{self.socket}'],
            'pidfile': f'{folder}/pid', 'containerd': f'{folder}/c/s', 'live-restore': True,
            'bridge': 'none', 'iptables': False, 'ip-forward': False, 'ip-masq': False,
        }  # fmt: skip
        path.write_text(json.dumps(options))
        return str(path)

    def _answers(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, (self.folder / 'log').read_text()[-2000:]
        try:
            with contextlib.closing(self.client()) as client:
                return client.ping()
        except DockerException:
            return False

    def _unmounted(self) -> bool:
        with open('/proc/self/mounts') as mounts:
            left = [line.split()[1] for line in mounts if str(self.folder) in line]
        done = [subprocess.run(['umount', where], capture_output=True, check=False) for where in left]
        return all(one.returncode == 0 for one in done)


@pytest.fixture(scope='session')
def dockerd() -> Iterator[Dockerd]:
    """Short, traversable and not below /tmp's own rights: sockets, and programs that other users run."""
    made = Dockerd(tempfile.mkdtemp(prefix='dbaas-docker-'))
    made.start()
    yield made
    made.close()
