"""Waiting in tests: for a condition, with a deadline; never for a time."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar('T')


def until(condition: Callable[[], T], timeout: float = 30, what: str = 'the condition', every: float = 0.01) -> T:
    """The first true value of `condition()`, asked `every` so many seconds; AssertionError naming `what` at the end."""
    deadline = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f'{what}: not within {timeout} s; last seen {value!r}')
        time.sleep(every)
