"""What parked operations wait for, the reports of guests, and waking: no event is ever lost.

Every event bumps operation.wake_seq; the parking commit compares it with what its run has seen.
"""

from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa

from dbaas.db import events, operations
from dbaas.db.tables import OPERATIONS, REPORTS, WAITS
from dbaas.db.words import TERMINAL

_o, _w = OPERATIONS.c, WAITS.c


def since(c: sa.Connection, operation_id: str, step: str) -> float | None:
    """When the step first parked; outlives wakes."""
    return c.execute(sa.select(sa.func.min(_w.since)).where(_w.operation_id == operation_id, _w.step == step)).scalar()


def of(c: sa.Connection, operation_id: str) -> list[sa.Row]:
    return list(c.execute(sa.select(WAITS).where(_w.operation_id == operation_id).order_by(_w.key)))


def put(
    c: sa.Connection,
    operation_id: str,
    step: str,
    keys: Iterable[str],
    wake_at: float,
    deadline: float | None,
    now: float,
) -> None:
    """Replace what the operation waits for; `since` of the same step is kept."""
    first = since(c, operation_id, step) or now
    c.execute(sa.delete(WAITS).where(_w.operation_id == operation_id))
    c.execute(
        sa.insert(WAITS),
        [
            {'operation_id': operation_id, 'key': key, 'step': step, 'wake_at': wake_at, 'since': first,
             'deadline': None if deadline is None else first + deadline}
            for key in keys
        ],
    )  # fmt: skip


def clear(c: sa.Connection, operation_id: str, step: str | None = None) -> None:
    query = sa.delete(WAITS).where(_w.operation_id == operation_id)
    c.execute(query if step is None else query.where(_w.step == step))


# -- reports -------------------------------------------------------------------------------------------------------
def report(c: sa.Connection, instance_id: str, outcome: Any, operation_id: str, now: float) -> list[operations.Job]:
    """A guest's report of a finished command: kept, counted, and the operation woken. Twice is harmless.

    Dropped when the operation is not active or not the instance's: a guest speaks for itself only.
    """
    op = operations.lock_row(c, operation_id)
    if op is None or op.resource_id != instance_id or op.state in TERMINAL:
        return []
    known = sa.select(REPORTS.c.command_id).where(REPORTS.c.command_id == outcome.command)
    if c.execute(known).first() is None:
        c.execute(
            sa.insert(REPORTS),
            {'command_id': outcome.command, 'instance_id': instance_id, 'operation_id': operation_id,
             'state': outcome.state, 'result': outcome.result, 'error': outcome.error, 'at': now},
        )  # fmt: skip
    c.execute(sa.update(OPERATIONS).where(_o.id == operation_id).values(wake_seq=_o.wake_seq + 1))
    waiting = sa.exists().where(_w.operation_id == _o.id, _w.key == outcome.command)
    return _wake(c, sa.and_(_o.id == operation_id, waiting), now)


def reported(c: sa.Connection, command_id: str) -> sa.Row | None:
    return c.execute(sa.select(REPORTS).where(REPORTS.c.command_id == command_id)).first()


# -- waking --------------------------------------------------------------------------------------------------------
def wake_key(c: sa.Connection, resource_id: str, key: str, now: float) -> list[operations.Job]:
    """Something happened to a resource: whatever waits for `key` looks again."""
    mine = sa.and_(_o.resource_id == resource_id, _o.state.not_in(TERMINAL))
    c.execute(sa.update(OPERATIONS).where(mine).values(wake_seq=_o.wake_seq + 1))
    waiting = sa.exists().where(_w.operation_id == _o.id, _w.key == key)
    return _wake(c, sa.and_(mine, waiting), now)


def wake_due(c: sa.Connection, now: float, limit: int = 200) -> list[operations.Job]:
    """The timer: operations whose wait is due, in batches."""
    due = sa.select(_w.operation_id).where(_w.wake_at <= now).distinct().limit(limit)
    ids = list(c.execute(due).scalars())
    return _wake(c, _o.id.in_(ids), now) if ids else []


def _wake(c: sa.Connection, which: sa.ColumnElement[bool], now: float) -> list[operations.Job]:
    found = c.execute(sa.select(_o.id).where(which, _o.state == 'WAITING').with_for_update(skip_locked=True)).scalars()
    ids = list(found)
    if not ids:
        return []
    c.execute(
        sa.update(OPERATIONS)
        .where(_o.id.in_(ids), _o.state == 'WAITING')
        .values(
            post_seq=_o.post_seq + 1,
            updated=now,
            conductor=None,
            state=sa.case((_o.undo, 'ABORTING'), else_='QUEUED'),
        )
    )
    c.execute(sa.update(WAITS).where(_w.operation_id.in_(ids)).values(wake_at=None))
    for operation_id in ids:
        events.add(c, operation_id, 'woken', now)
    return operations.jobs(c, *ids)


def any_due(c: sa.Connection, now: float) -> bool:
    """A cheap look before a transaction is begun."""
    return c.execute(sa.select(_w.operation_id).where(_w.wake_at <= now).limit(1)).first() is not None
