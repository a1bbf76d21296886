"""What a client sees of an instance: its row, overlaid by the active operation's word and the last heartbeat."""

import dataclasses
from collections.abc import Iterable
from typing import Any

from dbaas.db.words import STUCK
from guestagent.contract import states

# the operations that own the status while they last; Trove's words, no new ones
WORDS = {'instance.create': 'BUILD', 'instance.delete': 'SHUTDOWN', 'instance.repair': 'REBOOT'}


@dataclasses.dataclass(frozen=True)
class Seen:
    """fault: {message, created, details} with `created` in seconds since the epoch, or None."""

    status: str
    operating_status: str
    fault: dict[str, Any] | None = None


@dataclasses.dataclass(frozen=True)
class Clockwork:
    """now and reports_since: seconds since the epoch; expiry: seconds.

    A heartbeat's age counts from the later of the report and the start of the reports service: while nobody
    listened, silence says nothing.
    """

    now: float
    expiry: float
    reports_since: float = 0.0

    def silent(self, reported: float) -> bool:
        return self.now - max(reported, self.reports_since) > self.expiry


def seen(row: Any, operations: Iterable[Any], clock: Clockwork) -> Seen:
    """row: of dbaas.db.instances.seen; operations: the active ones of this instance, oldest first."""
    owner = max((op for op in operations if op.type in WORDS), key=_precedence, default=None)
    if owner is not None and owner.state in STUCK:
        return Seen('ERROR', _operating(row, clock), _stopped(owner))
    if owner is not None:
        return Seen(WORDS[owner.type], '')
    if row.status != 'ACTIVE':
        return Seen(row.status, '', row.fault)
    if clock.silent(_reported(row)):
        return Seen('ERROR', states.ERROR, _silence(row, clock))
    return Seen('ACTIVE', row.guest_state or '', row.fault)


def _precedence(op: Any) -> bool:
    """A delete that waits for another operation to stop already has the word."""
    return op.type == 'instance.delete'


def _reported(row: Any) -> float:
    return row.updated if row.guest_at is None else row.guest_at


def _operating(row: Any, clock: Clockwork) -> str:
    if row.guest_at is None:
        return ''
    return states.ERROR if clock.silent(row.guest_at) else row.guest_state


def _stopped(op: Any) -> dict[str, Any]:
    verb = ('undo of ' if op.state == 'ABORT_HELD' else '') + op.type.rpartition('.')[2]
    what = f'{verb} stopped at step {op.step}' if op.step else f'{verb} stopped'
    reason = (op.reason or 'no reason given').rstrip('. ')
    message = f'{what}: {reason}. Operation {op.id}; an operator can resume it.'
    return {'message': message, 'created': op.updated, 'details': op.reason}


def _silence(row: Any, clock: Clockwork) -> dict[str, Any]:
    since = max(_reported(row), clock.reports_since)
    message = f'The guest agent has not reported for more than {clock.expiry:.0f} seconds.'
    return {'message': message, 'created': since + clock.expiry, 'details': None}
