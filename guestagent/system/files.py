"""Folders and files that the database server's own user owns, copies of trees, tails of logs."""

import ctypes
import errno
import os
import shutil
from collections.abc import Iterator

Identity = tuple[int, int] | None  # (uid, gid); None: the agent's own
TAIL = 64 * 1024


def folder(path: str, identity: Identity = None, mode: int = 0o700) -> None:
    """Make `path` (not its parents' rights), owned by `identity`. Repeatable."""
    os.makedirs(path, exist_ok=True)
    os.chmod(path, mode)
    if identity:
        os.chown(path, *identity)


def write(path: str, text: str, identity: Identity = None, mode: int = 0o600) -> None:
    """Write `path` whole or not at all; not synced: it can be made again."""
    fresh = path + '.new'
    remove(fresh)
    fd = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with open(fd, 'w') as out:
        out.write(text)
        if identity:
            os.fchown(fd, *identity)
    os.rename(fresh, path)


def remove(path: str) -> None:
    """Make a file or a tree gone."""
    if os.path.isdir(path) and not os.path.islink(path):
        shutil.rmtree(path)
        return
    try:
        os.unlink(path)
    except FileNotFoundError:
        return


def copy_tree(source: str, target: str, identity: Identity = None) -> None:
    """Copy a tree of plain files, its holes as holes, owned by `identity`. In this process: it dies with us."""
    os.mkdir(target, 0o700)
    with os.scandir(source) as entries:
        for entry in entries:
            into = os.path.join(target, entry.name)
            if entry.is_dir(follow_symlinks=False):
                copy_tree(entry.path, into, identity)
            else:
                _copy_file(entry.path, into, identity)
    if identity:
        os.chown(target, *identity)


def tail(path: str, start: int = 0) -> list[str]:
    """Lines of `path` after byte `start`, at most the last TAIL bytes."""
    try:
        with open(path, 'rb') as text:
            end = text.seek(0, os.SEEK_END)
            text.seek(max(start, end - TAIL))
            return text.read().decode(errors='replace').splitlines()
    except FileNotFoundError:
        return []


def size(path: str) -> int:
    """Bytes of a file; 0 when it is not there."""
    try:
        return os.stat(path).st_size
    except FileNotFoundError:
        return 0


def used(path: str) -> int:
    """Bytes that a tree takes on disk; what vanishes meanwhile does not count."""
    return sum(_blocks(path))


def sync(path: str) -> None:
    """Everything on this file system is on disk after it."""
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        if ctypes.CDLL(None, use_errno=True).syncfs(fd):
            code = ctypes.get_errno()
            raise OSError(code, os.strerror(code), path)
    finally:
        os.close(fd)


def _blocks(path: str) -> Iterator[int]:
    try:
        entries = list(os.scandir(path))
    except (FileNotFoundError, NotADirectoryError):
        return
    for entry in entries:
        try:
            yield entry.stat(follow_symlinks=False).st_blocks * 512
        except FileNotFoundError:
            continue
        if entry.is_dir(follow_symlinks=False):
            yield from _blocks(entry.path)


def _copy_file(source: str, target: str, identity: Identity) -> None:
    with open(source, 'rb', buffering=0) as from_, open(target, 'xb', buffering=0) as to:
        os.fchmod(to.fileno(), 0o660)
        _copy_data(from_.fileno(), to.fileno())
        if identity:
            os.fchown(to.fileno(), *identity)


def _copy_data(source: int, target: int) -> None:
    length, place = os.fstat(source).st_size, 0
    os.ftruncate(target, length)
    while place < length:
        try:
            place = os.lseek(source, place, os.SEEK_DATA)
        except OSError as error:
            if error.errno == errno.ENXIO:  # only a hole is left
                return
            raise
        end = os.lseek(source, place, os.SEEK_HOLE)
        os.lseek(target, place, os.SEEK_SET)
        while place < end:
            place += os.sendfile(target, source, place, end - place)
