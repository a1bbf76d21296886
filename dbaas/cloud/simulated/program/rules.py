"""Faults on the wire: what happens to a call on its way here or on its way back, by chance with a seed."""

import dataclasses
import fnmatch
import random
import threading
from typing import Any

BEFORE, AFTER, INSIDE = 'before', 'after', 'inside'
LATENCY, DROP, HANG, UNREACHABLE, REFUSED = 'latency', 'drop', 'hang', 'unreachable', 'refused'
HOLD = 'hold'
STATUSES = ('429', '500', '503')
EFFECTS = (LATENCY, *STATUSES, DROP, HANG, UNREACHABLE, REFUSED, HOLD)


@dataclasses.dataclass
class Rule:
    """`call`: a pattern such as 'cloud.create_*', 'guest.submit' or '*'; `effect`: one of EFFECTS.

    when: before or after the call's own effect; of a hold always inside: it has looked and not yet made.
    probability: 0 to 1. times: how often at most; None: always.
    seconds: the range of a latency, a hang or a hold. instance: only calls about this one. seed: of its own chances.
    """

    call: str
    effect: str
    when: str = BEFORE
    probability: float = 1.0
    times: int | None = None
    seconds: tuple[float, float] = (0.0, 0.0)
    instance: str | None = None
    seed: int = 0
    hits: int = 0

    def __post_init__(self) -> None:
        """Raises ValueError, saying what would do."""
        if self.effect not in EFFECTS:
            raise ValueError(f'{self.effect} is no fault: {", ".join(EFFECTS)}')
        if self.when not in (BEFORE, AFTER):
            raise ValueError(f'{self.when} is not {BEFORE} or {AFTER} the effect')
        if self.effect == HOLD:
            self.when = INSIDE
        low, high = self.seconds
        self.seconds = (float(low), float(high))
        self._chance = random.Random(self.seed)

    def strikes(self, call: str, when: str, instance: str | None) -> bool:
        fits = when == self.when and fnmatch.fnmatchcase(call, self.call) and self.instance in (None, instance)
        if not fits or (self.times is not None and self.hits >= self.times):
            return False
        if self._chance.random() >= self.probability:
            return False
        self.hits += 1
        return True

    def duration(self) -> float:
        return self._chance.uniform(*self.seconds)

    def to_dict(self) -> dict[str, Any]:
        return dataclasses.asdict(self)


class Rules:
    """Thread-safe; in the order in which they were added."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rules: list[Rule] = []

    def add(self, rule: Rule) -> None:
        with self._lock:
            self._rules.append(rule)

    def clear(self) -> list[dict[str, Any]]:
        """What there was, with how often each has struck."""
        with self._lock:
            gone, self._rules = self._rules, []
        return [rule.to_dict() for rule in gone]

    def list(self) -> list[dict[str, Any]]:
        with self._lock:
            return [rule.to_dict() for rule in self._rules]

    def lasts(self, rule: Rule) -> bool:
        """Whether it has not been cleared."""
        with self._lock:
            return any(one is rule for one in self._rules)

    def strike(self, call: str, when: str, instance: str | None) -> tuple[float, Rule | None, float]:
        """(seconds of latency, the first other fault that strikes, its seconds)."""
        latency = 0.0
        with self._lock:
            for rule in self._rules:
                if not rule.strikes(call, when, instance):
                    continue
                if rule.effect != LATENCY:
                    return latency, rule, rule.duration()
                latency += rule.duration()
        return latency, None, 0.0
