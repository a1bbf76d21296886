"""A machine of an agent's own for tests: namespaces with the guest image's names in them, and a loop device."""

import hashlib
import json
import os
import pathlib
import struct
import subprocess
import sys
import uuid
from typing import Any

from guestagent.contract import processes
from tests.guest.plane import AgentProcess, Plane, _path

BY_ID = pathlib.Path('/dev/disk/by-id')
UID = 0x70000000 + 78
UNSHARE = ('unshare', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc', '--propagation', 'private')


class Volume:
    """512 MiB, blank, with the link that udev makes for a virtual disk."""

    def __init__(self, image: pathlib.Path) -> None:
        self.id = str(uuid.uuid4())
        self._image = image
        with open(image, 'wb') as out:
            out.truncate(512 << 20)
        self.device = _said('losetup', '--show', '-f', str(image))
        BY_ID.mkdir(parents=True, exist_ok=True)
        self._link = BY_ID / f'virtio-{self.id[:20]}'
        self._link.symlink_to(self.device)

    def extend(self, size: int) -> None:
        os.truncate(self._image, size)
        _said('losetup', '-c', self.device)

    def fill(self, content: str) -> None:
        if content == 'ext4':
            _said('mkfs.ext4', '-q', self.device)
        elif content == 'swap':
            _said('mkswap', self.device)
        elif content == 'partitions':  # one, of Linux
            self._write(446, struct.pack('<4s4sII', b'\0\0\2\0', b'\x83\0\0\0', 2048, 4096) + bytes(48) + b'\x55\xaa')
        else:
            _said('mkfs.xfs', '-q', self.device)
            self._write(126, b'\1')  # sb_inprogress

    def _write(self, place: int, content: bytes) -> None:
        with open(self.device, 'r+b') as out:
            out.seek(place)
            out.write(content)

    def held(self) -> str:
        return _said('blkid', '-p', '-o', 'value', '-s', 'TYPE', self.device)

    def digest(self) -> str:
        with open(self.device, 'rb') as content:
            return hashlib.file_digest(content, 'sha256').hexdigest()

    def close(self) -> None:
        self._link.unlink()
        _said('losetup', '-d', self.device)


class MachineProcess(AgentProcess):
    """`given`: the facts of its user data."""

    uid = UID

    def __init__(self, plane: Plane, volume: Volume) -> None:
        super().__init__(plane)
        kept = ('instance', 'key', 'datastore', 'transport_url', 'heartbeat_interval', 'address', 'flavor')
        self.given: dict[str, Any] = {name: self.facts[name] for name in kept}
        self.given |= {'volume': {'id': volume.id, 'size': 1}, 'new_volume': True}

    def start(self) -> None:
        """As the guest image starts it, its folders those of this namespace only. Killed, it takes all with it."""
        config = os.path.join(self.record, 'machine.json')
        processes.replace(config, json.dumps(self.given))
        users = os.path.join(self.record, 'passwd')
        with open('/etc/passwd') as text:
            processes.replace(users, text.read() + f'dbaas:x:{UID}:{UID}::/nonexistent:/usr/sbin/nologin\n', 0o644)
        script = (
            f'mount -t tmpfs srv /srv && mkdir -p /run/dbaas /var/lib/dbaas && mount -t tmpfs run /run/dbaas'
            f' && mount -t tmpfs lib /var/lib/dbaas && mkdir /var/lib/dbaas/templates'
            f' && mount --bind {self.plane.templates} /var/lib/dbaas/templates && mount --bind {users} /etc/passwd'
            f' && exec {sys.executable} -P -m guestagent.main --machine {config}'
        )
        with open(os.path.join(self.record, 'agent.log'), 'ab') as log:
            self.process = subprocess.Popen(
                [*UNSHARE, 'sh', '-c', script],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd='/',
                start_new_session=True,
                env={'PATH': os.environ['PATH'], 'PYTHONPATH': _path()},
            )

    def remove(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.kill()
        super().remove()

    def inside(self, path: str) -> pathlib.Path:
        """A path as the machine sees it."""
        assert self.process is not None
        return pathlib.Path(f'/proc/{self.process.pid}/root{path}')

    def options(self, point: str) -> set[str]:
        """Of the file system mounted there in the machine."""
        assert self.process is not None
        lines = pathlib.Path(f'/proc/{self.process.pid}/mounts').read_text().splitlines()
        return {option for line in lines if line.split()[1] == point for option in line.split()[3].split(',')}


def _said(*command: str) -> str:
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f'{command}: {done.stderr}'
    return done.stdout.strip()
