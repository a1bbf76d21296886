"""What the end of an operation means for its resource, in the operation's own terminal commit."""

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa

from dbaas.db import quotas, secrets
from dbaas.db.tables import HEARTBEATS, INSTANCES, OPERATIONS
from dbaas.db.words import DELETE, TERMINAL

_i = INSTANCES.c


def _instance(c: sa.Connection, op: Any, now: float, **values: Any) -> None:
    c.execute(sa.update(INSTANCES).where(_i.id == op.resource_id).values(updated=now, **values))


def _created(c: sa.Connection, op: Any, now: float) -> None:
    _instance(c, op, now, status='ACTIVE', fault=None)


def _not_created(c: sa.Connection, op: Any, now: float) -> None:
    """Nothing of it is left but the row, which says why until it is deleted."""
    message = f'create was undone: {(op.reason or "aborted").rstrip(". ")}. Operation {op.id}; delete the instance.'
    fault = {'message': message, 'created': now, 'details': None}
    _instance(
        c,
        op,
        now,
        status='ERROR',
        fault=fault,
        addresses=[],
        server_id=None,
        volume_id=None,
        guest_key_id=None,
    )
    quotas.give_back(c, op.resource_id)
    secrets.erase(c, op.resource_id)
    c.execute(sa.delete(HEARTBEATS).where(HEARTBEATS.c.instance_id == op.resource_id))


def _deleted(c: sa.Connection, op: Any, now: float) -> None:
    _instance(c, op, now, deleted=now, guest_key_id=None)
    quotas.give_back(c, op.resource_id)
    secrets.erase(c, op.resource_id)
    c.execute(sa.delete(HEARTBEATS).where(HEARTBEATS.c.instance_id == op.resource_id))


def _left_half_made(c: sa.Connection, op: Any, now: float) -> None:
    """A create that ended for a delete which will not come: say so, the next delete removes what there is."""
    deleting = sa.select(OPERATIONS.c.id).where(
        OPERATIONS.c.resource_id == op.resource_id,
        OPERATIONS.c.mode == DELETE,
        OPERATIONS.c.state.not_in(TERMINAL),
    )
    if c.execute(deleting).first() is None:
        message = f'create was stopped by a delete that was cancelled. Operation {op.id}; delete the instance.'
        fault = {'message': message, 'created': now, 'details': None}
        half_made = sa.and_(_i.id == op.resource_id, _i.status == 'BUILD')
        c.execute(sa.update(INSTANCES).where(half_made).values(status='ERROR', fault=fault, updated=now))


ENDINGS: dict[tuple[str, str], Callable[[sa.Connection, Any, float], None]] = {
    ('instance.create', 'SUCCEEDED'): _created,
    ('instance.create', 'ABORTED'): _not_created,
    ('instance.create', 'CANCELLED'): _not_created,
    ('instance.create', 'SUPERSEDED'): _left_half_made,
    ('instance.delete', 'SUCCEEDED'): _deleted,
    ('instance.delete', 'CANCELLED'): _left_half_made,
    ('instance.delete', 'ABORTED'): _left_half_made,
}


def has(type_: str, state: str) -> bool:
    """Whether the end of such an operation means something for its resource."""
    return (type_, state) in ENDINGS


def settle(c: sa.Connection, op: Any, state: str, now: float) -> None:
    """op: the operation's row as it was; state: the terminal state it takes in this commit."""
    ending = ENDINGS.get((op.type, state))
    if ending is not None:
        ending(c, op, now)
    secrets.erase(c, op.id)
