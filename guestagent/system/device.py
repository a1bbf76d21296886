"""A volume that is a block device of this machine: found by its id, formatted once, mounted, grown with the device."""

import glob
import os
import subprocess
import time

from guestagent.failure import CommandError

BY_ID = '/dev/disk/by-id'
SERIAL = 20  # of a volume's id: what a virtual disk carries of it
OPTIONS = 'noatime,nodev,nosuid,noexec'
LOOK_EVERY = 0.2  # seconds between looks for a device that is not there yet
HALF_MADE = 126  # where XFS's first superblock says that mkfs has not finished
NOTHING_FOUND = 2  # blkid's exit code


def find(volume: str, within: float) -> str:
    """The device of the volume with this id, waited for up to `within` seconds. Raises CommandError."""
    until = time.monotonic() + within
    while True:
        links = glob.glob(f'{BY_ID}/*{glob.escape(volume[:SERIAL])}*')
        devices = {os.path.realpath(link) for link in links if '-part' not in link}
        if len(devices) == 1:
            return devices.pop()
        if len(devices) > 1:
            raise CommandError(f'several devices carry the id of volume {volume}: {", ".join(sorted(devices))}')
        if time.monotonic() > until:
            raise CommandError(f'no device in {BY_ID} carries the id of volume {volume}: is it attached?')
        time.sleep(LOOK_EVERY)


def make_file_system(device: str, new: bool) -> None:
    """XFS, on a blank device only. Repeatable, and after a mkfs cut short. Raises CommandError, OSError.

    new: nobody has used it yet; one that was used and seems blank is damaged, and nothing is written to it.
    """
    with open(device, 'rb') as content:  # unreadable: an error, where blkid would call it blank
        head = content.read(512)
    held = _held(device)
    if held == 'xfs' and not head[HALF_MADE]:
        return
    if held not in ('', 'xfs'):
        raise CommandError(f'{device} holds {held}, which is not ours: nothing is written to it; attach another volume')
    if not new:
        raise CommandError(f'{device} was used and holds no file system now: mend it, or restore a backup')
    _run('mkfs.xfs', '-q', '-f', '-K', device)


def mount(device: str, point: str) -> None:
    """Repeatable."""
    os.makedirs(point, exist_ok=True)
    if not os.path.ismount(point):
        _run('mount', '-t', 'xfs', '-o', OPTIONS, device, point)


def size(device: str) -> int:
    """Bytes."""
    with open(device, 'rb') as content:
        return content.seek(0, os.SEEK_END)


def grow(point: str) -> None:
    """The file system fills its device. Repeatable. Raises CommandError."""
    _run('xfs_growfs', '-d', point)


class Growth:
    """Sees that the device has become larger while it is in use, and grows the file system."""

    def __init__(self, device: str, point: str, pause: float) -> None:
        self._device, self._point, self._pause = device, point, pause  # seconds after a failure
        self._filled, self._due = 0, 0.0  # bytes; monotonic

    def look(self) -> None:
        """Cheap while nothing changed. Raises CommandError, not more often than every `pause` seconds."""
        if time.monotonic() < self._due:
            return
        now = size(self._device)
        if now != self._filled:
            self._due = time.monotonic() + self._pause
            grow(self._point)
            self._filled, self._due = now, 0.0


def _held(device: str) -> str:
    """What is on it: the name of a file system, 'a partition table', 'something unknown', or ''."""
    done = subprocess.run(
        ['blkid', '-p', '-o', 'export', device], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    if done.returncode == NOTHING_FOUND:
        return ''
    facts = dict(line.split('=', 1) for line in done.stdout.splitlines() if '=' in line)
    if 'PTTYPE' in facts:
        return 'a partition table'
    return facts.get('TYPE', 'something unknown')


def _run(*command: str) -> None:
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode:
        said = done.stderr.strip() or f'status {done.returncode}'
        raise CommandError(f'{command[0]} of {command[-1]} failed: {said}')
