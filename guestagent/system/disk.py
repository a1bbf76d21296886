"""The volume: mounted where it is an image or a device, and how full it is."""

import os
import subprocess

from guestagent.failure import CommandError
from guestagent.place import Place
from guestagent.system import device, files

OPTIONS = 'loop,noatime,nodev,nosuid,noexec'  # loop: the device goes when it is unmounted
GIB = 1 << 30


def attach(place: Place) -> None:
    """The volume is there, mounted if it is an image or a device. Repeatable."""
    os.makedirs(place.runtime, exist_ok=True)
    if place.mount is None:
        os.makedirs(place.home, exist_ok=True)
        return
    if place.device is not None:
        device.mount(place.device, place.mount)
    elif place.image is not None:
        _mount_image(place.image, place.mount)
    os.chmod(place.mount, 0o711)  # the server's user goes through, and sees no names


def detach(place: Place) -> None:
    """Nothing is mounted, but for a device: that has the agent's own record on it. Repeatable."""
    if place.device is None and place.mount is not None and os.path.ismount(place.mount):
        _run('umount', place.mount)


def usage(place: Place) -> dict[str, int]:
    """{'total', 'used'} in bytes: of the file system where the volume is one, else of the folder."""
    if place.mount is not None and os.path.ismount(place.mount):
        found = os.statvfs(place.mount)
        return {
            'total': found.f_blocks * found.f_frsize,
            'used': (found.f_blocks - found.f_bfree) * found.f_frsize,
        }
    return {'total': int(place.volume_size * GIB), 'used': files.used(place.home)}


def _mount_image(image: str, point: str) -> None:
    os.makedirs(point, exist_ok=True)
    if not os.path.ismount(point):
        if not os.path.exists(image):
            raise CommandError(f'the volume {image} is not there')
        _run('mount', '-t', 'xfs', '-o', OPTIONS, image, point)
        device.grow(point)  # it may have been extended while nobody had it mounted


def _run(*command: str) -> None:
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode:
        said = done.stderr.strip() or f'status {done.returncode}'
        raise CommandError(f'{command[0]} of {command[-1]} failed: {said}')
