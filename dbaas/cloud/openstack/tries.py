"""A call is made again while its failure may pass. It has to find before it makes: the first try may have worked."""

import functools
import random
import time
from collections.abc import Callable
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar

import tenacity

from dbaas.cloud import haste
from dbaas.exceptions import CloudUnavailable

T = TypeVar('T')
S = TypeVar('S', bound='Patient')
P = ParamSpec('P')
FIRST, LONGEST = 0.1, 5.0  # seconds between two tries, growing


class Passing(CloudUnavailable):
    """No answer, or one that another try may change."""


class Tries:
    """patience: seconds for all tries of a call. Raises CloudUnavailable when they are used up."""

    def __init__(self, patience: float, sleep: Callable[[float], None] = time.sleep):
        self.patience, self._sleep = patience, sleep

    def __call__(self, function: Callable[[], T]) -> T:
        seconds = haste.left(self.patience)
        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(Passing),
            wait=_pause,
            stop=tenacity.stop_before_delay(seconds),
            sleep=self._sleep,
            reraise=True,
        )
        try:
            return retrying(function)
        except Passing as error:
            tried = f'; tried for {seconds:g} s: resume when it is back' if seconds else ''
            raise CloudUnavailable(f'{error}{tried}', error.after) from error


def _pause(state: tenacity.RetryCallState) -> float:
    """What the service asks for counts; else a growing pause, of a random part so that many do not come at once."""
    error = state.outcome.exception() if state.outcome else None
    if isinstance(error, Passing) and error.after is not None:
        return error.after
    return float(min(LONGEST, FIRST * 2 ** (state.attempt_number - 1)) * random.uniform(0.5, 1))


class Patient(Protocol):
    @property
    def tries(self) -> Tries: ...


def repeated(method: Callable[Concatenate[S, P], T]) -> Callable[Concatenate[S, P], T]:
    """The method as a whole is called again while it fails with Passing."""

    @functools.wraps(method)
    def patiently(self: S, *args: P.args, **kwargs: P.kwargs) -> T:
        return self.tries(lambda: method(self, *args, **kwargs))

    return patiently


Row = dict[str, Any]
