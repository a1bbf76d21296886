"""Disks of a machine: its layer over the root file system, and volumes as loop devices.

A volume is seen inside as /dev/disk/by-id/virtio-<first 20 characters of its id>, as udev of a VM names it: that folder
is bound into the machine, so a device comes and goes while it runs.
"""

import contextlib
import os
import subprocess
import time

from .command import run

SERIAL = 20  # characters of a volume's id that a virtio disk can tell


def mount(lower: str, upper: str, work: str, root: str) -> None:
    """Unless it is."""
    for folder in (upper, work, root):
        os.makedirs(folder, 0o755, exist_ok=True)
    if not os.path.ismount(root):
        run('mount', '-t', 'overlay', 'overlay', '-o', f'lowerdir={lower},upperdir={upper},workdir={work}', root)


def unmount(root: str) -> None:
    """What died a moment ago may hold it still."""
    deadline = time.monotonic() + 10
    while os.path.ismount(root):
        ran = subprocess.run(['umount', root], stderr=subprocess.PIPE, text=True)
        if ran.returncode and time.monotonic() > deadline:
            raise RuntimeError(f'umount {root} failed: {ran.stderr.strip()}')
        time.sleep(0.05 if ran.returncode else 0)


def folder(machine: str) -> str:
    """What is /dev/disk inside."""
    return os.path.join(machine, 'disk')


def attach(machine: str, volume: str, path: str) -> None:
    """Repeatable. machine: its folder; path: of the volume's file."""
    node = _node(machine, volume)
    os.makedirs(os.path.dirname(node), exist_ok=True)
    loop = (loops(path) or [run('losetup', '--show', '-f', path)])[0]
    with contextlib.suppress(FileNotFoundError):
        os.unlink(node)
    os.mknod(node, 0o60660, os.stat(loop).st_rdev)


def detach(machine: str, volume: str, path: str) -> None:
    for loop in loops(path):
        run('losetup', '-d', loop)
    with contextlib.suppress(FileNotFoundError):
        os.unlink(_node(machine, volume))


def grow(path: str) -> None:
    """The file has grown: its device learns it."""
    for loop in loops(path):
        run('losetup', '-c', loop)


def loops(path: str) -> list[str]:
    """Devices of this file."""
    return [line.partition(':')[0] for line in run('losetup', '-j', path).splitlines()]


def _node(machine: str, volume: str) -> str:
    return os.path.join(folder(machine), 'by-id', f'virtio-{volume[:SERIAL]}')
