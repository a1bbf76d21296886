"""Faults and latency on demand, by the name of the call and before or after its effect."""

import dataclasses
import threading
import time
from collections.abc import Callable
from typing import Any

from dbaas.exceptions import CloudError

BEFORE, AFTER = 'before', 'after'
Watcher = Callable[[str, str, dict[str, Any]], None]


@dataclasses.dataclass
class Fault:
    """Raised in the next `times` calls named `call` whose facts (instance, name, verb, step…) match."""

    call: str
    when: str
    error: Exception
    times: int
    match: dict[str, Any]

    def fits(self, call: str, when: str, facts: dict[str, Any]) -> bool:
        if (call, when) != (self.call, self.when) or self.times < 1:
            return False
        return all(facts.get(key) == value for key, value in self.match.items())


class Faults:
    """Thread-safe. Calls: the methods of the cloud; 'submit', 'ask', 'ping' of guests.

    And 'run', a command about to take effect inside a guest: what is raised there is the command's outcome; it has
    no latency of its own (see SimulatedGuests.duration).
    """

    def __init__(self, sleep: Callable[[float], None] = time.sleep):
        self.sleep = sleep
        self.latency: dict[str, float] = {}  # call -> seconds before its effect
        self.watchers: list[Watcher] = []  # called at every point, with (call, when, facts); may raise or block
        self.planned: list[Fault] = []
        self._lock = threading.Lock()

    def plan(
        self, call: str, when: str = BEFORE, error: Exception | None = None, times: int = 1, **match: Any
    ) -> Fault:
        """The next `times` calls whose facts match raise `error` (default: CloudError)."""
        fault = Fault(call, when, error or CloudError(f'{call} failed: fault on demand'), times, match)
        with self._lock:
            self.planned.append(fault)
        return fault

    def clear(self) -> None:
        with self._lock:
            self.planned.clear()

    def hit(self, call: str, when: str, **facts: Any) -> None:
        """The call has come to this point; raises what was planned for it."""
        if when == BEFORE and self.latency.get(call):
            self.sleep(self.latency[call])
        for watcher in list(self.watchers):
            watcher(call, when, facts)
        fault = self._take(call, when, facts)
        if fault is not None:
            raise fault.error

    def _take(self, call: str, when: str, facts: dict[str, Any]) -> Fault | None:
        with self._lock:
            for fault in self.planned:
                if fault.fits(call, when, facts):
                    fault.times -= 1
                    return fault
        return None
