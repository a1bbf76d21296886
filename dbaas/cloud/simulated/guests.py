"""Simulated guest agents: a ledger that knows epochs, behind the methods of the guest client."""

import dataclasses
from collections.abc import Mapping
from typing import Any

from dbaas.cloud.simulated.faults import AFTER, BEFORE, Faults
from dbaas.cloud.simulated.state import Document, State
from dbaas.cloud.simulated.verbs import VERBS, Verb, VerbFailed
from dbaas.exceptions import CommandRefused, GuestUnreachable, NotFound
from guestagent.contract import states, version
from guestagent.contract.commands import Command, Outcome

DEAD, SLOW, REFUSING = 'dead', 'slow', 'refusing'
MOODS = ('well', DEAD, SLOW, REFUSING)


def new_guest() -> Document:
    """ledger: command id -> what became of it; epochs: operation -> the highest seen.

    beat: what its last heartbeat said and when, [state, seconds since the epoch]; mood: see SimulatedGuests.mood.
    """
    return {'inside': {'database': None}, 'ledger': {}, 'epochs': {}, 'beat': None, 'mood': ['well', 0.0]}


class SimulatedGuests:
    """`duration`: seconds that a command runs; None: until `finish` is called. Reports: world.py."""

    def __init__(self, state: State, faults: Faults, verbs: Mapping[str, Verb] = VERBS, duration: float | None = 0.0):
        self.state, self.faults, self.verbs, self.duration = state, faults, verbs, duration

    # -- the client's side
    def submit(self, instance_id: str, command: Command) -> Outcome:
        """Raises GuestUnreachable, CommandRefused. A known id is answered with its first result."""
        facts = {'instance': instance_id, 'verb': command.verb, 'step': command.step}
        self._dawdle(instance_id)
        self.faults.hit('submit', BEFORE, **facts)
        with self.state.change():
            guest = self._guest(instance_id)
            self._admit(instance_id, guest, command)
            if command.id not in guest['ledger']:
                self._begin(instance_id, guest, command)
            outcome = self.outcome(command.id, guest['ledger'][command.id])
        self.faults.hit('submit', AFTER, **facts)
        return outcome

    def ask(self, instance_id: str, command_id: str) -> Outcome:
        self._dawdle(instance_id)
        self.faults.hit('ask', BEFORE, instance=instance_id, command=command_id)
        with self.state.look():
            return self.outcome(command_id, self._guest(instance_id)['ledger'].get(command_id))

    def ping(self, instance_id: str) -> dict[str, Any]:
        self._dawdle(instance_id)
        self.faults.hit('ping', BEFORE, instance=instance_id)
        with self.state.look():
            self._guest(instance_id)
        return {'contract': version.VERSION}

    # -- the guest's side
    def boot(self, instance_id: str) -> None:
        """A guest without a server, for tests of the engine."""
        with self.state.change() as document:
            if instance_id not in document['guests']:
                self.state.put('guests', instance_id, new_guest())

    def mood(self, instance_id: str, mood: str, seconds: float = 0.0) -> None:
        """From now on it is 'dead' (nothing of it happens), 'slow' by so many seconds, 'refusing', or 'well' again.

        Raises NotFound, ValueError.
        """
        if mood not in MOODS:
            raise ValueError(f'{mood} is no mood of a guest: {", ".join(MOODS)}')
        with self.state.change() as document:
            if instance_id not in document['guests']:
                raise NotFound(f'instance {instance_id} has no guest')
            document['guests'][instance_id]['mood'] = [mood, seconds]
            self.state.touch('guests', instance_id)

    def up(self, instance_id: str) -> bool:
        """Whether it would answer: it exists and is not dead, and its server, if it has one, is up."""
        with self.state.look() as document:
            guest = document['guests'].get(instance_id)
            servers = [r for r in self.state.resources_of(instance_id).values() if r['kind'] == 'server']
            now = self.state.clock()
            late = [r for r in servers if r['up_at'] > now or r.get('gone_at') is not None or r['status'] == 'SHUTOFF']
            return guest is not None and guest['mood'][0] != DEAD and len(late) == 0

    def _dawdle(self, instance_id: str) -> None:
        with self.state.look() as document:
            mood, seconds = document['guests'].get(instance_id, {}).get('mood', ('well', 0.0))
        if mood == SLOW:
            self.faults.sleep(seconds)

    def _guest(self, instance_id: str) -> Document:
        if not self.up(instance_id):
            raise GuestUnreachable(f'the guest of instance {instance_id} does not answer')
        return self.state.document['guests'][instance_id]

    def _admit(self, instance_id: str, guest: Document, command: Command) -> None:
        """Refuses on arrival what must never run."""
        seen = guest['epochs'].get(command.operation, 0)
        why = None
        if guest['mood'][0] == REFUSING:
            why = 'this guest refuses everything'
        elif not version.compatible(command.version):
            why = f'contract version {command.version} is not understood'
        elif command.verb not in self.verbs:
            why = f'unknown verb {command.verb}'
        elif command.epoch < seen:
            why = f'epoch {command.epoch} is older than {seen}'
        if why is not None:
            self.state.count('refused')
            raise CommandRefused(f'command {command.id} refused: {why}')
        guest['epochs'][command.operation] = command.epoch
        self.state.touch('guests', instance_id)

    def _begin(self, instance_id: str, guest: Document, command: Command) -> None:
        executed = self.state.document['executed']
        executed[command.id] = executed.get(command.id, 0) + 1
        self.state.touch('executed', command.id)
        about = {'instance': instance_id, 'operation': command.operation, 'epoch': command.epoch}
        self.state.record('run', command.id, name=command.verb, **about)
        row = dataclasses.asdict(command)
        row |= {'state': states.RUNNING, 'error': None, 'result': None, 'told': False}
        row['ends'] = None if self.duration is None else self.state.clock() + self.duration
        guest['ledger'][command.id] = row
        verb = self.verbs[command.verb]
        verb.begin(guest, row)
        if verb.instant:
            self._end(guest, row, None)

    @staticmethod
    def outcome(command_id: str, row: Document | None) -> Outcome:
        """What the ledger says; None: it has never seen the command."""
        if row is None:
            return Outcome(command_id, states.UNKNOWN)
        return Outcome(command_id, row['state'], row['result'], row['error'])

    # -- commands end
    def running(self) -> list[tuple[str, str]]:
        """(instance, command id) of every command that has not ended."""
        with self.state.look() as document:
            return [
                (i, c) for i, g in document['guests'].items()
                for c, row in g['ledger'].items() if row['state'] == states.RUNNING
            ]  # fmt: skip

    def finish(self, instance_id: str, command_id: str, error: str | None = None) -> Outcome:
        """End a command now; with `error` it fails and has no effect. Ended before: its first outcome."""
        with self.state.change() as document:
            guest = document['guests'][instance_id]
            row = guest['ledger'][command_id]
            if row['state'] == states.RUNNING:
                self._end(guest, row, error)
                self.state.touch('guests', instance_id)
            return self.outcome(command_id, row)

    def _end(self, guest: Document, row: Document, error: str | None) -> None:
        try:
            self.faults.hit('run', BEFORE, verb=row['verb'], step=row['step'])
            if error is not None:
                raise VerbFailed(error)
            row['result'] = self.verbs[row['verb']].finish(guest, row)
            self.faults.hit('run', AFTER, verb=row['verb'], step=row['step'])
            row['state'] = states.SUCCEEDED
        except Exception as e:  # noqa: BLE001 - whatever a verb raises is its outcome
            row['state'], row['error'] = states.FAILED, str(e)

    def due(self) -> list[tuple[str, str]]:
        """Commands whose time is over, in guests that live."""
        with self.state.look() as document:
            now = self.state.clock()
            restless = [(i, document['guests'].get(i)) for i in sorted(self.state.restless)]
            ledgers = [(i, g['ledger']) for i, g in restless if g is not None and g['mood'][0] != DEAD]
            return [
                (i, c) for i, ledger in ledgers for c, row in ledger.items()
                if row['state'] == states.RUNNING and row['ends'] is not None and row['ends'] <= now
            ]  # fmt: skip
