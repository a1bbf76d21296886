"""Where sockets lie: private folders, safe names, and addresses that fit into a sockaddr."""

import contextlib
import hashlib
import os
import stat
from collections.abc import Iterator
from urllib import parse

from oslo_messaging._drivers import base

PATH_MAX = 107  # bytes in sockaddr_un, its final NUL left out
NAME_MAX = 80


def safe(name: str) -> str:
    """A file name for any topic or server: quoted, or hashed where that is long or hidden."""
    quoted = parse.quote(name, safe='')
    if quoted[0] != '.' and len(quoted) <= NAME_MAX:
        return quoted
    return hashlib.sha256(name.encode()).hexdigest()[:40]


def make(path: str) -> None:
    """Ours alone, or an error: a name in a shared folder could have been taken by somebody else."""
    os.makedirs(path, 0o700, exist_ok=True)
    found = os.stat(path, follow_symlinks=False)
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & 0o022:
        raise base.TransportDriverError(f'{path} must be a folder that only its owner writes')


@contextlib.contextmanager
def address(path: str) -> Iterator[str]:
    """A name for bind and connect that always fits: through /proc where the path itself does not."""
    if len(os.fsencode(path)) <= PATH_MAX:
        yield path
        return
    folder = os.open(os.path.dirname(path), os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f'/proc/self/fd/{folder}/{os.path.basename(path)}'
    finally:
        os.close(folder)
