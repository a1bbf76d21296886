"""What becomes of the XFS image of a volume: filled from a copy, grown while mounted, copied while in use.

Children of ours that hold a file system still run in sessions of their own: whatever ends us, they let it go again.
"""

import contextlib
import os
from collections.abc import Iterator

from dbaas.cloud.local.volumes import GIB, MOUNT_OPTIONS, run, unmount

# $1 mount point, $2 image, $3 copy. SIGTERM of a shutdown waits until the copy is there
_COPY = """
trap '' TERM INT HUP
xfs_freeze -f "$1" || exit 1
cp --reflink=auto --sparse=always "$2" "$3"
code=$?
xfs_freeze -u "$1"
exit $code
"""


def fill(image: str, source: str, size: int) -> None:
    """Make `image` of `source`, a copy that was taken of a live one; of `size` GiB if that is more."""
    run('cp', '--reflink=auto', '--sparse=always', source, image)
    os.truncate(image, max(size * GIB, os.path.getsize(image)))
    with _mounted(image) as point:  # replays the log, without which it gets no name of its own
        run('xfs_growfs', point)
    run('xfs_admin', '-U', 'generate', image)


def grow(image: str, size: int, point: str) -> None:
    """To `size` GiB; the file system follows at once if it is mounted at `point`, else when the agent mounts it."""
    if os.path.getsize(image) < size * GIB:
        os.truncate(image, size * GIB)
    if os.path.ismount(point):
        run('losetup', '--set-capacity', _device(point))
        run('xfs_growfs', point)


def copy(image: str, target: str, point: str) -> None:
    """As it is at one moment; if it is mounted at `point`, what writes to it waits so long."""
    if os.path.ismount(point):
        run('sh', '-c', _COPY, 'copy', point, image, target, own_session=True)
    else:
        run('cp', '--reflink=auto', '--sparse=always', image, target)


@contextlib.contextmanager
def _mounted(image: str) -> Iterator[str]:
    point = f'{image}.mount'
    os.makedirs(point, exist_ok=True)
    try:
        run('mount', '-t', 'xfs', '-o', f'{MOUNT_OPTIONS},nouuid', image, point)
        yield point
    finally:
        unmount(point)
        os.rmdir(point)


def _device(point: str) -> str:
    with open('/proc/self/mounts') as mounts:
        return [line.split()[0] for line in mounts if line.split()[1] == point][-1]
