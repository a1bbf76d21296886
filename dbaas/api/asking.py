"""The cloud as requests ask it: few at a time, so that one that is away does not keep every thread of the API."""

import contextlib
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from dbaas.api import errors
from dbaas.api.guards import context
from dbaas.cloud.protocol import Flavor, Need, Nic, Questions
from dbaas.exceptions import CloudError, CloudUnavailable

SOON = 1.0  # seconds within which a cloud that works has answered a call

T = TypeVar('T')


class Places:
    """Within `one`, there are at most `number` at a time. A cloud that works is waited for, SOON at most."""

    def __init__(self, number: int):
        self._number = number
        self._changed = threading.Condition()
        self._since: list[float] = []  # when each who is inside came
        self._answered = 0.0  # when somebody was outside again soon

    @contextlib.contextmanager
    def one(self) -> Iterator[None]:
        """Raises CloudUnavailable when it is full; at once when nobody has come out for a while."""
        came = self._enter()
        try:
            yield
        finally:
            self._leave(came)

    def _enter(self) -> float:
        with self._changed:
            if not self._free():
                until = max(self._answered, min(self._since)) + SOON
                if not self._changed.wait_for(self._free, until - time.monotonic()):
                    raise CloudUnavailable(f'{self._number} requests wait for the cloud already')
            came = time.monotonic()
            self._since.append(came)
        return came

    def _free(self) -> bool:
        return len(self._since) < self._number

    def _leave(self, came: float) -> None:
        with self._changed:
            now = time.monotonic()
            self._since.remove(came)
            if now - came < SOON:
                self._answered = now
            self._changed.notify()


class AskedCloud:
    """dbaas.cloud.protocol.Questions. threads: those that serve requests; half of them may wait for the cloud."""

    def __init__(self, cloud: Questions, threads: int):
        self._cloud, self._places = cloud, Places(max(1, threads // 2))

    def flavors(self) -> list[Flavor]:
        return self._ask(self._cloud.flavors)

    def effect(self, kind: str) -> str:
        """Nothing is asked for that."""
        return self._cloud.effect(kind)

    def refusal(
        self, project: str, nics: Sequence[Nic], zone: str, volume_type: str, public: bool = False
    ) -> str | None:
        return self._ask(lambda: self._cloud.refusal(project, nics, zone, volume_type, public))

    def shortage(self, need: Need) -> str | None:
        """Plans ask it, and tell in their own words what went wrong: why it did is for administrators."""
        try:
            return self._ask(lambda: self._cloud.shortage(need))
        except CloudError as error:
            if context().is_admin:
                raise
            raise CloudUnavailable(errors.for_users(error)) from error

    def _ask(self, question: Callable[[], T]) -> T:
        with self._places.one():
            return question()
