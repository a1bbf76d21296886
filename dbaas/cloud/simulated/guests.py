"""Simulated guest agents: a ledger that knows epochs, behind the methods of the guest client."""

import dataclasses
from collections.abc import Mapping
from typing import Any

from dbaas.cloud.simulated.faults import AFTER, BEFORE, Faults
from dbaas.cloud.simulated.state import Document, State
from dbaas.cloud.simulated.verbs import VERBS, Verb, VerbFailed
from dbaas.exceptions import CommandRefused, GuestUnreachable
from guestagent.contract import states, version
from guestagent.contract.commands import Command, Outcome


def new_guest() -> Document:
    """ledger: command id -> what became of it; epochs: operation -> the highest seen."""
    return {'inside': {'database': None}, 'ledger': {}, 'epochs': {}, 'announced': False}


class SimulatedGuests:
    """`duration`: seconds that a command runs; None: until `finish` is called. Reports: world.py."""

    def __init__(self, state: State, faults: Faults, verbs: Mapping[str, Verb] = VERBS, duration: float | None = 0.0):
        self.state, self.faults, self.verbs, self.duration = state, faults, verbs, duration

    # -- the client's side
    def submit(self, instance_id: str, command: Command) -> Outcome:
        """Raises GuestUnreachable, CommandRefused. A known id is answered with its first result."""
        facts = {'instance': instance_id, 'verb': command.verb, 'step': command.step}
        self.faults.hit('submit', BEFORE, **facts)
        with self.state.change() as document:
            guest = self._guest(instance_id)
            self._admit(guest, command)
            if command.id not in guest['ledger']:
                self._begin(document, guest, command)
            outcome = self.outcome(command.id, guest['ledger'][command.id])
        self.faults.hit('submit', AFTER, **facts)
        return outcome

    def ask(self, instance_id: str, command_id: str) -> Outcome:
        self.faults.hit('ask', BEFORE, instance=instance_id, command=command_id)
        with self.state.look():
            return self.outcome(command_id, self._guest(instance_id)['ledger'].get(command_id))

    def ping(self, instance_id: str) -> dict[str, Any]:
        self.faults.hit('ping', BEFORE, instance=instance_id)
        with self.state.look():
            self._guest(instance_id)
        return {'contract': version.VERSION}

    # -- the guest's side
    def boot(self, instance_id: str) -> None:
        """A guest without a server, for tests of the engine."""
        with self.state.change() as document:
            document['guests'].setdefault(instance_id, new_guest())

    def up(self, instance_id: str) -> bool:
        """Whether it would answer: it exists, and its server, if it has one, is up."""
        with self.state.look() as document:
            guest = document['guests'].get(instance_id)
            resources = document['resources'].values()
            servers = [r for r in resources if r['kind'] == 'server' and r['instance'] == instance_id]
            now = self.state.clock()
            late = [r for r in servers if r['up_at'] > now or r.get('gone_at') is not None]
            return guest is not None and len(late) == 0

    def _guest(self, instance_id: str) -> Document:
        if not self.up(instance_id):
            raise GuestUnreachable(f'the guest of instance {instance_id} does not answer')
        return self.state.document['guests'][instance_id]

    def _admit(self, guest: Document, command: Command) -> None:
        """Refuses on arrival what must never run."""
        seen = guest['epochs'].get(command.operation, 0)
        why = None
        if not version.compatible(command.version):
            why = f'contract version {command.version} is not understood'
        elif command.verb not in self.verbs:
            why = f'unknown verb {command.verb}'
        elif command.epoch < seen:
            why = f'epoch {command.epoch} is older than {seen}'
        if why is not None:
            self.state.document['refused'] += 1
            raise CommandRefused(f'command {command.id} refused: {why}')
        guest['epochs'][command.operation] = command.epoch

    def _begin(self, document: Document, guest: Document, command: Command) -> None:
        document['executed'][command.id] = document['executed'].get(command.id, 0) + 1
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
        """Commands whose time is over."""
        with self.state.look() as document:
            now = self.state.clock()
            ledgers = [(i, g['ledger']) for i, g in document['guests'].items()]
            return [
                (i, c) for i, ledger in ledgers for c, row in ledger.items()
                if row['state'] == states.RUNNING and row['ends'] is not None and row['ends'] <= now
            ]  # fmt: skip
