"""What goes wrong at the fault proxy, and what passed there: rules by service, method, path and body, and a record."""

import collections
import dataclasses
import itertools
import random
import re
import threading

KINDS = ('latency', 'too-many', 'error', 'unavailable', 'drop-before', 'drop-within', 'drop-after')
REMEMBERED = 20000  # calls


@dataclasses.dataclass
class Rule:
    """One kind of trouble for the calls that all of its conditions fit.

    service: of `tests.servers.openstack.programs.SERVERS`, '' is any; method: '' is any; path: regex, searched in path
    and query; body: regex, searched in the body of a short request; skip: calls that fit and pass first; times:
    troubles at most, None is any number; probability: of each call that fits; seconds: of latency, or of Retry-After.
    """

    kind: str
    service: str = ''
    method: str = ''
    path: str = ''
    body: str = ''
    skip: int = 0
    times: int | None = None
    probability: float = 1.0
    seconds: float = 0.0
    id: int = 0
    hits: int = 0

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f'a rule is of one of the kinds {", ".join(KINDS)}, not {self.kind!r}')

    def fits(self, service: str, method: str, path: str, body: str) -> bool:
        return (
            self.service in ('', service)
            and self.method in ('', method)
            and re.search(self.path, path) is not None
            and re.search(self.body, body) is not None
        )

    def strikes(self, chance: random.Random) -> bool:
        """For a call that fits: whether it is this one that goes wrong."""
        if self.skip:
            self.skip -= 1
            return False
        if (self.times is not None and self.hits >= self.times) or chance.random() >= self.probability:
            return False
        self.hits += 1
        return True


class Rules:
    """Safe for threads. The first rule that strikes is the one that counts."""

    def __init__(self) -> None:
        self._rules: dict[int, Rule] = {}
        self._calls: collections.deque[dict] = collections.deque(maxlen=REMEMBERED)
        self._numbers, self._serials = itertools.count(1), itertools.count(1)
        self._lock = threading.Lock()
        self._chance = random.Random(0)  # the same troubles in each run of the same calls

    def add(self, rule: Rule) -> int:
        with self._lock:
            rule.id = next(self._numbers)
            self._rules[rule.id] = rule
            return rule.id

    def remove(self, number: int | None = None) -> None:
        """None: all. One that is gone already is fine."""
        with self._lock:
            for one in [number] if number is not None else list(self._rules):
                self._rules.pop(one, None)

    def all(self) -> list[dict]:
        with self._lock:
            return [dataclasses.asdict(rule) for rule in self._rules.values()]

    def strike(self, service: str, method: str, path: str, body: str) -> Rule | None:
        with self._lock:
            for rule in self._rules.values():
                if rule.fits(service, method, path, body) and rule.strikes(self._chance):
                    return rule
        return None

    def note(self, service: str, method: str, path: str, status: int, trouble: str) -> None:
        """status: what the caller was told, 0 where the connection was dropped."""
        call = {'service': service, 'method': method, 'path': path, 'status': status, 'trouble': trouble}
        with self._lock:
            self._calls.append({'serial': next(self._serials), **call})

    def calls(self, after: int) -> list[dict]:
        """Whatever came after the call of that serial number."""
        with self._lock:
            return [call for call in self._calls if call['serial'] > after]
