"""Local processes as both sides see them: a lock held for life says "alive", a pid file says whom to signal.

Standard library only. A pid file is {pid, start, boot}: it is never mistaken for another process's.
"""

import contextlib
import fcntl
import json
import os
import select
import signal
import threading


def start_time(pid: int) -> int | None:
    """Ticks since boot at which `pid` started; None: no such process, or a zombie."""
    try:
        with open(f'/proc/{pid}/stat') as stat:
            fields = stat.read().rpartition(')')[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return None if fields[0] in 'ZX' else int(fields[19])


def boot_id() -> str:
    with open('/proc/sys/kernel/random/boot_id') as text:
        return text.read().strip()


def replace(path: str, text: str, mode: int = 0o600) -> None:
    """Write `path` whole or not at all, durably; of several writers at once, the last one's text stays."""
    new = f'{path}.{os.getpid()}-{threading.get_ident()}.new'
    fd = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    try:
        with open(fd, 'w') as out:
            out.write(text)
            out.flush()
            os.fsync(fd)
        os.rename(new, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(new)
        raise


def write_pid(path: str, pid: int) -> None:
    replace(path, json.dumps({'pid': pid, 'start': start_time(pid), 'boot': boot_id()}))


def number_file(state: str, name: str) -> str:
    """The plain pid file, for people and their scripts, of one process of a deployment."""
    return os.path.join(state, 'run', f'{name}.pid')


def write_number(path: str, pid: int) -> None:
    os.makedirs(os.path.dirname(path), 0o755, exist_ok=True)
    replace(path, f'{pid}\n', 0o644)


def pidfd_of(path: str) -> int | None:
    """A descriptor of the process named in this pid file, to be closed by the caller; None: it is gone."""
    try:
        with open(path) as text:
            seen = json.load(text)
        if seen['boot'] != boot_id():
            return None
        fd = os.pidfd_open(seen['pid'])  # first the descriptor, then the proof of identity
    except (OSError, ValueError, KeyError):
        return None
    if seen['start'] is not None and start_time(seen['pid']) == seen['start']:
        return fd
    os.close(fd)
    return None


def running(path: str) -> bool:
    """Whether the process of this pid file lives."""
    fd = pidfd_of(path)
    if fd is None:
        return False
    os.close(fd)
    return True


def gone(pidfd: int, timeout: float) -> bool:
    """Wait without polling until the process ends, for children and adopted processes alike."""
    poll = select.poll()
    poll.register(pidfd, select.POLLIN)
    return bool(poll.poll(timeout * 1000))


def stop_process(path: str, how: int = signal.SIGTERM, timeout: float = 30) -> None:
    """Signal the process of this pid file and wait; SIGKILL after `timeout` seconds. Repeatable."""
    fd = pidfd_of(path)
    if fd is None:
        return
    try:
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(fd, how)
            if not gone(fd, timeout):
                signal.pidfd_send_signal(fd, signal.SIGKILL)
                gone(fd, 5)
    finally:
        os.close(fd)


def take_lock(path: str) -> int | None:
    """A descriptor whose lock lasts as long as the process; None: another process holds it."""
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(fd)
        return None
    return fd


def lock_held(path: str) -> bool:
    """Whether a live process holds the lock: the only proof of life."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(fd)
    return False


def find(argument: str) -> int | None:
    """The oldest process with exactly this argument in its command line: it may have no pid file yet."""
    wanted = argument.encode()
    for name in sorted((n for n in os.listdir('/proc') if n.isdigit()), key=int):
        with contextlib.suppress(OSError), open(f'/proc/{name}/cmdline', 'rb') as line:
            if wanted in line.read().split(b'\0') and start_time(int(name)) is not None:
                return int(name)
    return None
