"""Volumes: an XFS image on a loop device where we may mount (its size is enforced by the kernel), else a folder.

The image is made here; the agent mounts it, since it must be able to do so again after a reboot.
"""

import contextlib
import glob
import os
import shutil
import subprocess
import threading
import time
from collections.abc import Callable

from dbaas.cloud.local.places import remove_tree
from dbaas.exceptions import CloudError
from guestagent.contract import processes

MOUNT_OPTIONS = 'loop,noatime,nodev,nosuid,noexec'  # loop: umount gives the device back
_SMALLEST = 300 << 20  # what mkfs.xfs accepts
GIB = 1 << 30
_BUSY_WITHIN = 5.0  # seconds


def refusal(folder: str) -> str | None:
    """Why volumes of an enforced size cannot be made here; None: they can. Tried in `folder`, which goes again."""
    if os.geteuid() != 0:
        return 'only root may mount'
    if not shutil.which('mkfs.xfs', path=_path()):
        return 'mkfs.xfs is missing (package xfsprogs)'
    image, point = os.path.join(folder, 'volume.img'), os.path.join(folder, 'mount')
    try:
        clean(folder)
        os.makedirs(point)
        _make_image(image, _SMALLEST)
        run('mount', '-t', 'xfs', '-o', MOUNT_OPTIONS, image, point)
    except (CloudError, OSError) as error:
        return str(error)
    finally:
        clean(folder)
    return None


def clean(folder: str) -> None:
    """Remove what a try in `folder` that was killed has left."""
    unmount(os.path.join(folder, 'mount'))
    remove_tree(folder)


def clean_all(folder: str) -> None:
    """The same for every folder in `folder`, which goes too: each process tries in one of its own."""
    for tried in glob.glob(os.path.join(glob.escape(folder), '*')):
        clean(tried)
    remove_tree(folder)


def make(image: str, size: int) -> None:
    """An empty file system of `size` GiB in the sparse file `image`; see `whole`."""
    whole(image, lambda half: _make_image(half, size * GIB))


def whole(image: str, fill: Callable[[str], None]) -> None:
    """fill(path) makes `image`, whole or not at all.

    One that is there stays, whoever made it: a process that was frozen here may come late.
    """
    if os.path.exists(image):
        return
    for path, pid in _halves(image):
        if processes.start_time(pid) is None:
            _clear(path)
    half = f'{image}.{os.getpid()}-{threading.get_ident()}.new'
    try:
        fill(half)
        with contextlib.suppress(FileExistsError):
            os.link(half, image)
    finally:
        _clear(half)


def remove(image: str) -> None:
    for path, _ in _halves(image):
        _clear(path)
    _unlink(image)


def _clear(half: str) -> None:
    """It may have been mounted when its maker was killed."""
    if os.path.isdir(point := f'{half}.mount'):
        unmount(point)
        os.rmdir(point)
    _unlink(half)


def _halves(image: str) -> list[tuple[str, int]]:
    """What makers of it have begun, and their pids."""
    begun = glob.glob(glob.escape(image) + '.*-*.new')
    return [(path, int(path.removeprefix(image + '.').partition('-')[0])) for path in begun]


def _unlink(path: str) -> None:
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path)


def unmount(point: str) -> None:
    """Also of a mount point on which several were stacked by killed agents; a moment after its last user has ended."""
    give_up = time.monotonic() + _BUSY_WITHIN
    while os.path.ismount(point):
        try:
            run('umount', point)
        except CloudError as error:
            if not os.path.ismount(point):  # another process was faster
                return
            if 'busy' not in str(error) or time.monotonic() > give_up:
                raise
            time.sleep(0.05)  # a child of the server that was ended, or what the kernel still has to close


def _make_image(path: str, size: int) -> None:
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600), 'wb') as out:
        out.truncate(size)
    run('mkfs.xfs', '-q', '-f', '-K', path)


def run(*command: str, own_session: bool = False) -> None:
    """Raises CloudError with what it said. own_session: it outlives signals to our group."""
    environment = {**os.environ, 'PATH': _path(), 'LC_ALL': 'C'}
    try:
        subprocess.run(
            command,
            check=True,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            cwd='/',
            env=environment,
            start_new_session=own_session,
        )
    except FileNotFoundError as error:
        raise CloudError(f'{command[0]} is missing on this machine') from error
    except subprocess.CalledProcessError as error:
        said = error.stderr.strip().partition('\n')[0] or f'exit code {error.returncode}'  # hints follow
        raise CloudError(f'{command[0]} {command[-1]} failed: {said}') from error


def _path() -> str:
    return os.pathsep.join((os.environ.get('PATH', ''), '/usr/sbin', '/sbin'))  # `su` leaves them out
