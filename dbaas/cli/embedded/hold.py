"""One `dbaas up` per state directory: a lock held for life, and a pid file that says whom to stop."""

import contextlib
import os
from collections.abc import Iterator

from dbaas.exceptions import Conflict, Unavailable
from guestagent.contract import processes

PATIENCE = 15  # seconds until a control plane that does not stop is killed; its work is found again


@contextlib.contextmanager
def taken(state: str) -> Iterator[None]:
    """Hold the state directory. Raises Conflict when another process does."""
    try:
        lock = processes.take_lock(_lock(state))
    except OSError as error:
        raise Unavailable(f'cannot write to {state}: {error.strerror}; choose another with --state') from error
    if lock is None:
        raise Conflict(f'another dbaas runs on {state}: stop it (dbaas down --state {state}), or give another --state')
    try:
        processes.write_pid(_pid(state), os.getpid())
        yield
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(_pid(state))
        os.close(lock)


def held(state: str) -> bool:
    """Whether a living process holds it."""
    return processes.lock_held(_lock(state))


def end(state: str) -> None:
    """Stop the control plane that holds the state directory, if one does."""
    try:
        if held(state):
            processes.stop_process(_pid(state), timeout=PATIENCE)
    except PermissionError as error:
        raise Conflict(f'{state} belongs to another user: run this as the one who started it') from error


def _lock(state: str) -> str:
    return os.path.join(state, 'up.lock')


def _pid(state: str) -> str:
    return os.path.join(state, 'up.pid')
