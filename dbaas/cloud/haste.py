"""How long a call to a cloud goes on trying. Who looks again anyway wants one try, and no thread that sleeps."""

import contextlib
import contextvars
from collections.abc import Iterator

_ONCE = contextvars.ContextVar('once', default=False)


@contextlib.contextmanager
def once() -> Iterator[None]:
    """In this block, and in this thread, no call is repeated."""
    token = _ONCE.set(True)
    try:
        yield
    finally:
        _ONCE.reset(token)


def left(patience: float) -> float:
    """Seconds for all tries of a call, of a client with so much patience."""
    return 0.0 if _ONCE.get() else patience
