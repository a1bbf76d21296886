"""operation_event: append-only, everything people ask for about an operation."""

from typing import Any

import sqlalchemy as sa

from dbaas.db.tables import EVENTS, OPERATIONS

_last = sa.select(sa.func.max(EVENTS.c.seq)).where(EVENTS.c.operation_id == sa.bindparam('of'))
_insert = sa.insert(EVENTS)


def add(c: sa.Connection, operation_id: str, kind: str, at: float, **values: Any) -> None:
    """values: step, started, conductor, epoch, attempt, actor, reason, error."""
    seq = (c.execute(_last, {'of': operation_id}).scalar() or 0) + 1
    c.execute(_insert, {'operation_id': operation_id, 'seq': seq, 'kind': kind, 'at': at, **values})


def of(c: sa.Connection, operation_id: str) -> list[sa.Row]:
    return list(c.execute(sa.select(EVENTS).where(EVENTS.c.operation_id == operation_id).order_by(EVENTS.c.seq)))


def durations(c: sa.Connection, type_: str, sample: int = 200) -> dict[str, list[float]]:
    """Seconds that each step of the latest finished attempts took, by step; waits count from their first park."""
    rows = c.execute(
        sa.select(EVENTS.c.step, EVENTS.c.started, EVENTS.c.at)
        .join(OPERATIONS, OPERATIONS.c.id == EVENTS.c.operation_id)
        .where(OPERATIONS.c.type == type_, EVENTS.c.kind == 'done', EVENTS.c.started.is_not(None))
        .order_by(EVENTS.c.at.desc())
        .limit(sample * 10)
    )
    found: dict[str, list[float]] = {}
    for row in rows:
        if len(found.setdefault(row.step, [])) < sample:
            found[row.step].append(max(row.at - row.started, 0.0))
    return found
