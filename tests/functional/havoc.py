"""The random attack on a fleet: orders, verbs, kills, freezes, lost packets, servers that go, faults; then the verdict.

    python -m tests.functional.havoc --seed 7 --minutes 5

The seed decides what is done and in which order; processes decide how far they got by then.
"""

import argparse
import collections
import pathlib
import random
import sys
import tempfile
import time
from collections.abc import Callable
from typing import Any

import requests

from tests.functional import verdict
from tests.functional.fleet import STEADY, Fleet
from tests.servers.partition import Partition
from tests.waiting import until

CROWD = 60  # operations under way; more orders wait
CONDUCTORS = (2, 4)  # at least and at most
PASSING = ('429', '500', '503', 'drop')


def attack(folder: pathlib.Path, seed: int, minutes: float) -> list[str]:
    """Prints what was done. -> what is violated."""
    havoc = Havoc(Fleet(folder), seed)
    try:
        havoc.up()
        havoc.rage(60 * minutes)
        return havoc.rest()
    finally:
        havoc.close()
        print(havoc.story())


class Havoc:
    def __init__(self, fleet: Fleet, seed: int):
        self.fleet, self.rng = fleet, random.Random(seed)
        self.done: collections.Counter[str] = collections.Counter()
        self.instances: list[str] = []
        self.accepted: set[str] = set()  # operations
        self.lines: dict[str, Partition] = {}  # conductor -> its way to ZooKeeper
        self.parted: set[str] = set()
        self.number = 0
        # action -> weight
        self.actions: dict[Callable[[], Any], int] = {
            self.create: 12, self.delete: 6, self.verb: 6, self.disturb: 2, self.mood: 2, self.kill: 3,
            self.freeze: 2, self.thaw: 4, self.part: 2, self.mend: 3, self.come: 1, self.go: 1, self.server: 1,
            self.api: 1,
        }  # fmt: skip

    def up(self) -> None:
        for name in self.fleet.conductors:
            self.lines[name] = Partition(self.fleet.zookeeper.port)
            self.fleet.own[name] = {'board': {'hosts': f'127.0.0.1:{self.lines[name].port}'}}
        self.fleet.up()

    def close(self) -> None:
        self.fleet.close()
        for line in self.lines.values():
            line.close()

    def rage(self, seconds: float) -> None:
        """Act until then, as fast as the fleet lets go of what it has."""
        end = time.monotonic() + seconds
        self.disturb()
        while time.monotonic() < end:
            (action,) = self.rng.choices(list(self.actions), list(self.actions.values()))
            try:
                self.done[action.__name__] += 1 if action() is not False else 0
            except (requests.RequestException, AssertionError) as error:
                self.done[f'{action.__name__} refused: {type(error).__name__}'] += 1

    def rest(self) -> list[str]:
        """Everything lives and is well; when all has come to rest: what is violated."""
        self._clear()
        for instance in self.fleet.control.snapshot()['guests']:
            self.fleet.control.mood(instance, 'well')
        self._heal()
        for _ in range(3):  # a pause may have come late
            for operation, state in self.fleet.settled().items():
                if state == 'PAUSED':
                    self.fleet.call('POST', f'/operations/{operation}/resume', {'reason': 'the havoc is over'})
        ends = self.fleet.settled()
        self.done.update(f'ended {state}' for state in ends.values())
        wrong = {code: count for code, count in self.fleet.answers.items() if code >= 500 and code != 503}
        return [
            *[f'operation {operation} was accepted, and is not there' for operation in self.accepted - set(ends)],
            *[f'the API answered {code}, {count} times' for code, count in wrong.items()],
            *verdict.violations(self.fleet, late=bool(self.done['freeze'] or self.done['part'])),
        ]

    def _heal(self) -> None:
        """Whoever is dead, frozen or cut off lives."""
        for name in list(self.fleet.frozen):
            self.fleet.thaw(name)
        for name in self.parted:
            self.lines[name].mend()
        self.parted.clear()
        self._revive()

    # -- orders
    def create(self) -> None:
        if not self._running():
            self._heal()
        until(lambda: self._active() < CROWD, 180, 'the fleet gets on with its work')
        self.number += 1
        number = self.rng.randint(1, 8)
        made = self.fleet.create(number, f'havoc-{self.number}')
        self.instances += [instance for instance, _ in made]
        self.accepted |= {operation for _, operation in made}
        self.done['instances asked for'] += number

    def _active(self) -> int:
        return sum(state not in STEADY for state in self.fleet.states().values())

    def delete(self) -> Any:
        if not self.instances:
            return False
        self.accepted.add(self.fleet.delete(self.instances.pop(self.rng.randrange(len(self.instances)))))

    def verb(self) -> Any:
        going = sorted(o for o, state in self.fleet.states().items() if state not in ('SUCCEEDED', 'ABORTED'))
        if not going:
            return False
        verb = self.rng.choice(['pause', 'resume', 'resume', 'retry-now', 'abort'])
        self.fleet.call('POST', f'/operations/{self.rng.choice(going)}/{verb}', {'reason': 'havoc'})

    # -- the cloud
    def disturb(self) -> None:
        self._clear()
        control = self.fleet.control
        for effect in PASSING:
            when = self.rng.choice(['before', 'after'])
            control.fault('*', effect, when=when, probability=0.05 * self.rng.random(), seed=self.rng.randrange(10**6))
        control.fault('cloud.*', 'latency', probability=0.3, seconds=(0.0, 0.2 * self.rng.random()))

    def _clear(self) -> None:
        for row in self.fleet.control.clear():
            self.done[f'fault {row["effect"]}'] += row['hits']

    def mood(self) -> Any:
        guests = sorted(self.fleet.control.snapshot()['guests'])
        if not guests:
            return False
        mood = self.rng.choice(['well', 'well', 'dead', 'slow'])
        self.fleet.control.mood(self.rng.choice(guests), mood, 0.5)

    # -- processes
    def _running(self) -> list[str]:
        """Those that can work."""
        away = self.fleet.frozen | self.parted
        return [name for name in sorted(self.fleet.conductors) if name not in away and self.fleet.pid(name)]

    def _revive(self) -> None:
        dead = [name for name in self.fleet.conductors if self.fleet.pid(name) is None]
        if self.fleet.pid('api') is None:
            dead.append('api')
        self.fleet.begin(*dead)

    def kill(self) -> Any:
        """One dies; those who died before come back first."""
        self._revive()
        if not self._running():
            return False
        self.fleet.kill(self.rng.choice(self._running()))

    def freeze(self) -> Any:
        if len(self._running()) < 2:
            return False
        self.fleet.freeze(self.rng.choice(self._running()))

    def thaw(self) -> Any:
        if not self.fleet.frozen:
            return False
        self.fleet.thaw(self.rng.choice(sorted(self.fleet.frozen)))

    def part(self) -> Any:
        """Its session ends; it lives on, and does not know at first."""
        there = [name for name in self._running() if name in self.lines]
        if len(self._running()) < 2 or not there:
            return False
        name = self.rng.choice(there)
        self.lines[name].part()
        self.parted.add(name)

    def mend(self) -> Any:
        if not self.parted:
            return False
        name = self.rng.choice(sorted(self.parted))
        self.lines[name].mend()
        self.parted.remove(name)

    def come(self) -> Any:
        if len(self.fleet.conductors) >= CONDUCTORS[1]:
            return False
        self.fleet.add_conductor()

    def go(self) -> Any:
        if len(self.fleet.conductors) <= CONDUCTORS[0] or not self._running():
            return False
        self.fleet.remove_conductor(self.rng.choice(self._running()))

    def server(self) -> None:
        name = self.rng.choice(['zookeeper', 'sql', 'simulator'])
        self.fleet.kill(name)
        self.fleet.restart(name)
        self.done[f'{name} killed'] += 1
        if name == 'simulator':  # it forgets its faults
            self.disturb()

    def api(self) -> None:
        self.fleet.kill('api')
        self.fleet.begin('api')

    def story(self) -> str:
        return '\n'.join(f'{count:7} {what}' for what, count in sorted(self.done.items()))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--seed', type=int, default=0)
    parser.add_argument('--minutes', type=float, default=5.0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix='havoc-', ignore_cleanup_errors=True) as folder:
        found = attack(pathlib.Path(folder), options.seed, options.minutes)
    print('\n'.join(found) or f'seed {options.seed}: nothing is violated')
    return 1 if found else 0


if __name__ == '__main__':
    sys.exit(main())
