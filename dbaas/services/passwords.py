"""Passwords of callers: scrypt hashes, compared so that neither the answer nor the time tells whether a user exists."""

import threading
from collections.abc import Callable

from werkzeug import security

from dbaas.exceptions import BadRequest

SHORTEST, LONGEST = 8, 1024
AT_ONCE = 2  # comparisons; each takes 32 MiB and some 50 ms of a core
FREE = 5  # wrong passwords in a row before a user has to wait
LONGEST_WAIT = 30.0  # seconds
# of nothing: compared with where there is no user or no password
_NOBODY = f'scrypt:32768:8:1$nobody${"0" * 128}'


def hashed(password: str) -> str:
    """What identity.yaml keeps. Raises BadRequest for one that is too short, too long or not printable."""
    if not SHORTEST <= len(password) <= LONGEST or not password.isprintable():
        raise BadRequest(f'A password has {SHORTEST} to {LONGEST} printable characters.')
    return security.generate_password_hash(password, method='scrypt')


def matches(password_hash: str | None, password: str) -> bool:
    """Takes the same time without a hash."""
    return security.check_password_hash(password_hash or _NOBODY, password) and password_hash is not None


class Gate:
    """Compares passwords, a few at a time; after some wrong ones in a row a user waits longer and longer.

    Kept in memory, by process. clock: seconds, of any beginning.
    """

    def __init__(self, clock: Callable[[], float]):
        self._clock = clock
        self._places = threading.BoundedSemaphore(AT_ONCE)
        self._lock = threading.Lock()
        self._wrong: dict[str, tuple[int, float]] = {}  # user id -> how many in a row, no more before

    def opens(self, user_id: str | None, password_hash: str | None, password: str) -> bool:
        """user_id, password_hash: None when there is no such user, or he has no password."""
        with self._places:
            right = matches(password_hash, password)  # also of a user who waits: the time must not tell
        if user_id is None:
            return False
        with self._lock:
            count, not_before = self._wrong.get(user_id, (0, 0.0))
            now = self._clock()
            if now < not_before:
                return False
            if right:
                self._wrong.pop(user_id, None)
            else:
                wait = min(2.0 ** (count + 1 - FREE), LONGEST_WAIT) if count + 1 >= FREE else 0.0
                self._wrong[user_id] = (count + 1, now + wait)
        return right
