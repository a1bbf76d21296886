"""What guests have said and no conductor has acknowledged: lent to a receiver for a while, then to the next."""

import dataclasses
import threading
from collections.abc import Sequence
from typing import Any

from dbaas.cloud.simulated.mail import Treatment, Treatments
from dbaas.cloud.simulated.state import State
from guestagent.contract.commands import Outcome

Letter = dict[str, Any]  # id, instance, and 'outcome' or 'heartbeat'


@dataclasses.dataclass
class Envelope:
    """due: when it may be handed out (again), in seconds since the epoch."""

    letter: Letter
    due: float


class Mailbox:
    """The world's post with receivers in other processes. Outcomes are kept on disk, heartbeats come again.

    A letter may come twice, to the same or another receiver: its reader has not acknowledged it in `lease` seconds.
    """

    def __init__(self, state: State, lease: float = 5.0):
        self._state, self._lease = state, lease
        self._treatments = Treatments()
        self._changed = threading.Condition()  # taken inside the state's lock, never around it
        self._number = 0  # of heartbeats
        self._beats: dict[str, str] = {}  # instance -> id of its newest heartbeat
        self._open: dict[str, Envelope] = {}
        for id, letter in state.document['mail'].items():
            self._open[id] = Envelope(letter, 0.0)

    # -- the world's side
    @property
    def late(self) -> bool:
        return False  # letters become due by themselves

    def treat(self, copies: int = 1, delay: float = 0.0, times: int = 1) -> None:
        self._treatments.add(Treatment(copies, delay, times))

    def send(self, instance_id: str, outcome: Outcome, now: float) -> None:
        treatment = self._treatments.next()
        for copy in range(treatment.copies):
            id = f'{outcome.command}#{copy}'
            letter = {'id': id, 'instance': instance_id, 'outcome': outcome.to_dict()}
            with self._state.change():
                self._state.put('mail', id, letter)
            self._put(Envelope(letter, now + treatment.delay))

    def on_heartbeat(self, instance_id: str, beat: dict[str, Any]) -> None:
        """The newest replaces one that nobody has taken."""
        with self._changed:
            self._number += 1
            id = f'beat#{self._number}'
            self._open.pop(self._beats.get(instance_id, ''), None)
            self._beats[instance_id] = id
            self._put(Envelope({'id': id, 'instance': instance_id, 'heartbeat': beat}, 0.0))

    def deliver(self, now: float) -> int:
        """Receivers come and take."""
        return 0

    def _put(self, envelope: Envelope) -> None:
        with self._changed:
            self._open[envelope.letter['id']] = envelope
            self._changed.notify_all()

    # -- the receivers' side
    def wait(self, seconds: float) -> None:
        """Until something may be due, or so long."""
        with self._changed:
            if not self._due():
                self._changed.wait(seconds)

    def take(self, most: int) -> list[Letter]:
        """The oldest that nobody else has; acknowledge them within the lease."""
        with self._changed:
            taken = self._due()[:most]
            for envelope in taken:
                envelope.due = self._state.clock() + self._lease
            return [envelope.letter for envelope in taken]

    def _due(self) -> list[Envelope]:
        now = self._state.clock()
        return [envelope for envelope in self._open.values() if envelope.due <= now]

    def acknowledge(self, ids: Sequence[str]) -> None:
        """They are never handed out again; unknown ones were acknowledged before."""
        with self._state.change() as document, self._changed:
            for id in ids:
                self._open.pop(id, None)
                if id in document['mail']:
                    self._state.drop('mail', id)

    def unread(self) -> int:
        return len(self._open)
