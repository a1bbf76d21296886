"""Toy flows made of every kind of step there is, on the real engine and the simulated world.

A toy stands in for instance.create, so that its ends mean what a create's do; its delete is the real one.
A spec is nested lists: ['linear' | 'unordered', [specs]], ['wait', name, [submits]], [kind, name].
"""

import contextlib
from collections.abc import Iterator
from typing import Any
from unittest import mock

from taskflow.patterns import linear_flow, unordered_flow

from dbaas.cloud.simulated.verbs import VERBS, Guest, Verb
from dbaas.db import instances
from flows import registry
from flows.base import CommandFailed, Step
from flows.steps import commands
from flows.steps.resources import owner
from guestagent.contract import states
from tests.flows.harness import Disk, House
from tests.flows.injection import Injection
from tests.flows.scenarios import INSTANCE, ROW

Command = dict[str, Any]


# -- what a toy's guest can do -------------------------------------------------------------------------------------
def _key(command: Command) -> str:
    return f'{command["operation"]}:{command["step"]}'


def _effects(guest: Guest) -> dict[str, str]:
    return guest['inside'].setdefault('effects', {})


def _dirty(guest: Guest, command: Command) -> None:
    _effects(guest)[_key(command)] = 'dirty'


def _done(guest: Guest, command: Command) -> None:
    _effects(guest)[_key(command)] = 'done'


def _gone(guest: Guest, command: Command) -> None:
    _effects(guest).pop(_key(command), None)


def _cancel(guest: Guest, command: Command) -> None:
    for row in guest['ledger'].values():
        if row is not command and _key(row) == _key(command) and row['state'] == states.RUNNING:
            row.update(state=states.FAILED, error='cancelled')


def _down(guest: Guest, command: Command) -> None:
    guest['inside']['down'] = True


def _up(guest: Guest, command: Command) -> None:
    guest['inside'].pop('down', None)


TOY_VERBS = VERBS | {
    'toy-do': Verb(_done, begin=_dirty),
    'toy-cancel': Verb(_gone, begin=_cancel, instant=True),
    'toy-undo': Verb(_gone, begin=_cancel),
    'toy-down': Verb(_down, instant=True),
    'toy-up': Verb(_up, instant=True),
}


# -- steps ---------------------------------------------------------------------------------------------------------
class Make(Step):
    """A cloud call, which cannot be fenced."""

    effect = 'make a thing'

    def execute(self, run: Any, cloud: Any) -> dict[str, str]:
        run.check()
        return {'id': cloud.create_volume(owner(run), self.name, 1).id}

    def revert(self, run: Any, cloud: Any, **_: Any) -> None:
        run.check()
        cloud.delete_volume(owner(run), self.name)


class Final(Make):
    """Its revert, the base class's, leaves the thing: who undoes it has made a mistake that can be seen."""

    irreversible = 'it is public from here on'
    revert = Step.revert


class Order(commands.Submit):
    """Base: one instant command to do it, one to undo it."""

    verbs = ('', '')

    def execute(self, run: Any, guest: Any) -> str:
        return self.submit(run, guest, self.verbs[0], {})

    def revert(self, run: Any, guest: Any, **_: Any) -> None:
        guest.submit(run.instance_id, run.command(self.name, self.verbs[1], {}, undo=True))


class Submit(Order):
    effect = 'order something long'
    verbs = ('toy-do', 'toy-cancel')

    def __init__(self, name: str):
        super().__init__(name, provides=f'{name}_command')


class SlowUndo(Submit):
    """Its undo parks: sent, then awaited without a thread."""

    def revert(self, run: Any, guest: Any, **_: Any) -> None:
        command = run.command(self.name, 'toy-undo', {}, undo=True)
        guest.submit(run.instance_id, command)
        outcome = commands.outcome_of(run, guest, command.id)
        if outcome.state == states.FAILED:
            raise CommandFailed([self.name], outcome.error or '')
        if outcome.state == states.RUNNING:
            self.park(run, [command.id], 'the undo does not end')


class Disrupt(Order):
    effect = 'take the service away'
    disrupts = True
    verbs = ('toy-down', 'toy-up')


class Restore(Order):
    effect = 'give the service back'
    restores = True
    verbs = ('toy-up', 'toy-down')


class Await(commands.WaitForCommands):
    effect = 'wait for what was ordered'

    def __init__(self, name: str, awaits: list[str]):
        self.awaits = tuple(awaits)
        super().__init__(name, requires=[f'{a}_command' for a in awaits])

    def execute(self, run: Any, guest: Any, **given: Any) -> None:
        self.settle(run, guest, {a: given[f'{a}_command'] for a in self.awaits}, 'the orders do not end')


KINDS = {
    'make': Make, 'submit': Submit, 'slow': SlowUndo, 'disrupt': Disrupt, 'restore': Restore, 'final': Final,
}  # fmt: skip


def build(spec: list[Any], **_: Any) -> Any:
    return _item(['linear', spec], 'toy')


def _item(spec: list[Any], name: str) -> Any:
    if spec[0] in ('linear', 'unordered'):
        pattern = linear_flow if spec[0] == 'linear' else unordered_flow
        return pattern.Flow(name).add(*[_item(s, f'{name}.{i}') for i, s in enumerate(spec[1])])
    if spec[0] == 'wait':
        return Await(spec[1], spec[2])
    return KINDS[spec[0]](spec[1])


def kinds(spec: list[Any]) -> dict[str, str]:
    """step -> its kind, of all that a list of specs says."""
    found: dict[str, str] = {}
    for item in spec:
        found |= kinds(item[1]) if item[0] in ('linear', 'unordered') else {item[1]: item[0]}
    return found


@contextlib.contextmanager
def installed() -> Iterator[Injection]:
    """Toys in the place of creates, their steps open to injection."""
    with mock.patch.dict(registry.OPERATIONS, {('instance.create', 1): build}), Injection().installed() as injection:
        yield injection


class ToyHouse(House):
    """A house in which one toy has been accepted; commands run until `finish`."""

    def __init__(self, disk: Disk, spec: list[Any], policy: str | None = None):
        super().__init__(disk, verbs=TOY_VERBS, duration=None, policy=policy)
        self.db.run(lambda c: instances.insert(c, **ROW, server_id='in being'))
        self.world.guests.boot(INSTANCE)
        self.world.settle()
        self.empty = self.slate()
        inputs = {'instance_id': INSTANCE, 'datastore': 'mariadb', 'spec': spec}
        self.id = self.accept('instance.create', resource_id=INSTANCE, inputs=inputs, quota={'instances': 1})

    def run(self) -> str:
        """Work as far as it goes. -> the toy's state."""
        self.work()
        return self.state(self.id)

    def found(self) -> dict[str, str]:
        """step -> its state."""
        return self.states(self.id)

    def finish(self, **outcomes: str) -> str:
        """Every running command ends, as failed where `outcomes` says so by step; then work."""
        for instance_id, command_id in self.world.guests.running():
            failed = outcomes.get(command_id.split(':')[1]) == 'failed'
            self.world.guests.finish(instance_id, command_id, 'failed on demand' if failed else None)
        self.world.settle()
        return self.run()

    def verb(self, verb: str, **options: Any) -> None:
        self.order(self.id, verb, **options)

    def remains(self) -> tuple[list[Any], dict[str, str], bool]:
        """(things, effects, whether the service is away)."""
        snapshot = self.world.snapshot()
        inside = snapshot['guests'].get(INSTANCE, {})
        return [r[1] for r in snapshot['resources']], inside.get('effects') or {}, bool(inside.get('down'))

    def pass_time(self, seconds: float) -> str:
        self.now += seconds
        self.timers.wake_due()
        return self.run()


NOTHING: tuple[list[Any], dict[str, str], bool] = ([], {}, False)
TWO = [['make', 'a'], ['submit', 's1'], ['submit', 's2'], ['wait', 'w', ['s1', 's2']]]
