"""The random attack: one seed = a random flow, failures, verbs, kills, frozen conductors, deletes; then quiescence.

What must hold is in invariants.py. `attack(disk, seed)` raises Violation, which names the seed.
"""

import collections
import random
import threading
from collections.abc import Callable, Sequence
from typing import Any

from conductor.reconciler import Reconciler
from dbaas import exceptions
from dbaas.cloud.simulated.faults import BEFORE
from dbaas.db import operations
from dbaas.db.words import STUCK, TERMINAL
from flows import verbs
from tests.flows import invariants, specs, toy
from tests.flows.frozen import CALLS, COMMITS, HARMLESS, Frozen
from tests.flows.harness import Disk, Killed
from tests.flows.injection import Injection
from tests.flows.scenarios import INSTANCE

STATS: collections.Counter[str] = collections.Counter()


class Violation(AssertionError):
    """Something that must hold does not; the message begins with the seed."""


class Attack:
    def __init__(self, disk: Disk, seed: int, injection: Injection):
        self.rng, self.injection = random.Random(seed), injection
        self.spec = specs.random_spec(self.rng)
        self.house = toy.ToyHouse(disk, self.spec, policy=self.rng.choice(['hold', 'hold', 'abort']))
        self.house.settings.set_override('step_deadline', 1000.0, group='flows')
        self.house.world.faults.watchers.append(self._call)
        injection.watches.append(self._begins)
        self.kill_in: int | None = None
        self.frozen: list[Frozen] = []
        self.late: list[str] = []  # reports under way
        self.deleted: str | None = None  # the delete's id
        self.skipped: set[str] = set()
        self.skipped_undo: set[str] = set()
        self.reset = False  # whether somebody forced it to be held
        self.disturbed = False  # by kills or freezes
        self.violations: list[str] = []
        self.p_kill = self.p_meanwhile = self.p_hasty = 0.0
        self._arm()

    def _arm(self) -> None:
        self.house.hook = self._point

    # -- points ------------------------------------------------------------------------------------------------------
    def _call(self, call: str, when: str, facts: dict[str, Any]) -> None:
        if call not in HARMLESS and threading.current_thread() is threading.main_thread():
            self._point('call' if when == BEFORE else 'called')

    def _point(self, point: str) -> None:
        if point == 'begin' and self.rng.random() < self.p_meanwhile:
            self._report_meanwhile()
        if self.kill_in is None:
            return
        self.kill_in -= 1
        if self.kill_in <= 0:
            self.kill_in, self.disturbed = None, True
            STATS[f'killed at {point}'] += 1
            raise Killed(point)

    def _begins(self, run: Any, step: str, way: str) -> None:
        """A step begins: it must not be one whose outcome is committed. Sometimes a verb comes just then."""
        STATS['steps'] += 1
        row = self.house.operation(run.operation_id)
        atom = self.house.atoms(run.operation_id).get(step)
        self.violations += invariants.beginning(run, row, atom, way)
        if self.rng.random() < self.p_meanwhile and run.operation_id == self.house.id:
            self._refusable(lambda: self.house.request(self.house.id, self.rng.choice(['abort', 'pause'])))

    def _report_meanwhile(self) -> None:
        """A command ends, and another process takes its report, just before a transaction of ours begins."""
        reports, running = self.house.reports, self.running()
        if not running:
            return
        STATS['reports meanwhile'] += 1
        mine, reports._db = reports._db, self.house.disk.other
        self.house.world.guests.finish(INSTANCE, command_id := self.rng.choice(running))
        reports.on_report(INSTANCE, self.house.world.guests.ask(INSTANCE, command_id))
        reports._db = mine

    def mortal(self, call: Callable[[], Any]) -> Any:
        """call(), which may die at a commit or in a call to cloud or guest; a verb may follow hard upon."""
        if self.rng.random() < self.p_kill:
            self.kill_in = self.rng.randint(1, 14)
        try:
            return call()
        except Killed:
            self.restart()
        finally:
            self.kill_in = None
        if self.rng.random() < self.p_hasty:
            self.verb(('abort', 'abort', 'abort', 'pause'))
        return None

    @staticmethod
    def _refusable(call: Callable[[], Any]) -> bool:
        try:
            call()
        except exceptions.Conflict:
            STATS['refused'] += 1
            return False
        return True

    # -- actions -----------------------------------------------------------------------------------------------------
    def restart(self) -> None:
        self.house.restart()
        self._arm()

    def work(self) -> None:
        self.mortal(self.house.worker.work)

    def freeze(self) -> None:
        if len(self.frozen) > 1 or not self.house.board.names():
            return None
        points = self.rng.choice([COMMITS, CALLS, COMMITS + CALLS])
        frozen = Frozen(self.house, points, self.rng.randint(1, 12))
        if not frozen.alive:
            return frozen.thaw()
        STATS[f'frozen at {frozen.where}'] += 1
        self.disturbed = True
        self.frozen.append(frozen)
        if frozen.job is not None and self.rng.random() < 0.6:
            self.house.board.abandon(frozen.job, 0)  # its session is over; else it is only slow

    def thaw(self) -> None:
        if not self.frozen:
            return
        frozen = self.frozen.pop(self.rng.randrange(len(self.frozen)))
        stale, before = frozen.stale(), self.house.rows()
        frozen.thaw()
        if stale:
            STATS['thawed stale'] += 1
            assert self.house.rows() == before, 'a stale conductor wrote'

    def give_up(self) -> None:
        """The step of a frozen conductor passes its deadline."""
        if not self.frozen:
            return
        timers, frozen = self.house.timers, self.rng.choice(self.frozen)
        mine, timers._claims = timers._claims, frozen.claims
        self.house.now += 1001.0
        self.mortal(timers.tick)
        timers._claims = mine

    def running(self) -> list[str]:
        return [command_id for _, command_id in self.house.world.guests.running()]

    def finish(self, lose: float = 0.15, succeed: float = 0.85) -> None:
        """One command ends; its report is lost, late, doubled, or comes at once."""
        if not self.running():
            return
        command_id = self.rng.choice(self.running())
        error = None if self.rng.random() < succeed else 'failed at random'
        self.house.world.guests.finish(INSTANCE, command_id, error)
        draw = self.rng.random()
        if draw < lose:
            STATS['reports lost'] += 1
        elif draw < lose + 0.25:
            self.late.append(command_id)
        else:
            self.report(command_id)
            if draw > 0.9:
                self.report(command_id)
            if draw > 0.8:
                self.thaw()

    def report(self, command_id: str) -> None:
        with self.house.world.state.look() as document:
            guest = document['guests'].get(INSTANCE)
        if guest is not None and command_id in guest['ledger']:
            outcome = self.house.world.guests.outcome(command_id, guest['ledger'][command_id])
            self.mortal(lambda: self.house.reports.on_report(INSTANCE, outcome))

    def deliver(self) -> None:
        if self.late:
            self.report(self.late.pop(self.rng.randrange(len(self.late))))

    def tick(self) -> None:
        self.house.now += self.rng.choice([1, 3, 61, 200])
        self.mortal(self.house.timers.wake_due)

    def verb(self, among: Sequence[str] = ('resume', 'resume', 'retry-now', 'skip', 'abort', 'pause')) -> None:
        verb = self.rng.choice(among)
        if verb == 'skip':
            return self.skip()
        if self._refusable(lambda: self.mortal(lambda: self.house.order(self.house.id, verb))):
            STATS[f'verb {verb}'] += 1

    def skip(self) -> None:
        failed = [a.name for a in self.house.atoms(self.house.id).values() if (a.state or '').endswith('FAILURE')]
        if not failed or self.rng.random() < 0.5:
            return
        step, undo = self.rng.choice(failed), self.house.operation(self.house.id).undo
        output = f'{self.house.id}:{step}:do:1' if step.startswith(('submit', 'slow')) else None
        order = lambda: self.house.order(self.house.id, 'skip', step=step, output=output)  # noqa: E731
        self._refusable(lambda: self.mortal(order))
        if (self.house.atoms(self.house.id)[step].meta or {}).get('attested'):
            STATS['verb skip'] += 1
            (self.skipped_undo if undo else self.skipped).add(step)

    def hold(self) -> None:
        """reset_status: force delete's first half."""
        self.reset = True
        STATS['resets'] += 1
        reset = lambda c: verbs.reset_status(c, INSTANCE, 'admin', self.house.now)  # noqa: E731
        self.mortal(lambda: self.house.post(self.house.db.run(reset)))

    def delete(self) -> None:
        if self.deleted is not None and self.house.ended(self.deleted):
            return
        STATS['deletes'] += 1
        self.mortal(lambda: self.house.delete(INSTANCE))
        self.deleted = self._delete_row()

    def _delete_row(self) -> str | None:
        rows = self.house.rows('operation')['operation']
        return next((r['id'] for r in rows if r['type'] == 'instance.delete'), None)

    def double(self) -> None:
        if self.house.posted:
            STATS['double posts'] += 1
            self.house.board.post([self.rng.choice(self.house.posted)])

    # -- one life ------------------------------------------------------------------------------------------------------
    def live(self) -> None:
        rng = self.rng
        self.p_kill, self.p_meanwhile = rng.choice([0, 0.1, 0.3, 0.6]), rng.choice([0, 0, 0.03, 0.1])
        self.p_hasty = rng.choice([0, 0, 0.3])  # of a verb right after a death
        for name in toy.kinds(self.spec):
            for way, likely in (('do', 0.12), ('undo', 0.06)):
                if rng.random() < likely:
                    for _ in range(rng.randint(1, 2)):
                        self.injection.fail(name, way, rng.choice(['before', 'after']))
        weights = [
            (self.work, 30), (self.finish, 12), (self.deliver, 5), (self.tick, 6), (self.freeze, 6), (self.thaw, 4),
            (self.give_up, 0.5), (self.double, 2), (self.restart, 1), (self.verb, rng.choice([0, 2, 8])),
            (self.hold, rng.choice([0, 0, 0, 0.5])), (self.delete, rng.choice([0, 0, 0.7])),
        ]  # fmt: skip
        for _ in range(rng.randint(10, 45)):
            rng.choices([w[0] for w in weights], [w[1] for w in weights])[0]()
            invariants.now(self)
        self.p_kill = self.p_meanwhile = self.p_hasty = 0.0
        self.quiesce()
        invariants.at_the_end(self)

    def quiesce(self) -> None:
        """No more disturbance: whatever can go on by itself does."""
        house = self.house
        while self.frozen:
            self.thaw()
        for _ in range(60):
            while self.running():
                self.finish(lose=0.3, succeed=1)
            while self.late:
                self.deliver()
            house.work()
            house.now += 61
            house.timers.wake_due()
            self._resume_delete()
            with house.db.read() as c:
                lost = operations.lost_jobs(c, None)
            assert self.disturbed or {j.name for j in lost} <= house.board.names(), 'a post was forgotten'
            house.board.post(lost)
            if not lost and not self.running() and house.state(house.id) != 'WAITING':
                break
        if house.state(house.id) in TERMINAL:
            before = len(house.remains()[0])
            Reconciler(house.db, house.board, house.world.cloud, house.settings).sweep()
            STATS['orphans swept'] += before - len(house.remains()[0])

    def _resume_delete(self) -> None:
        if self.deleted is not None and self.house.state(self.deleted) in STUCK:
            self.house.order(self.deleted, 'resume')


def attack(disk: Disk, seed: int) -> Attack:
    """One seed. Raises Violation."""
    with toy.installed() as injection:
        found = Attack(disk, seed, injection)
        try:
            found.live()
        except Exception as error:
            raise Violation(f'seed {seed}: {type(error).__name__}: {error}') from error
        finally:
            for frozen in found.frozen:
                frozen._thaw.set()
                frozen.thread.join()
    STATS['seeds'] += 1
    return found
