"""operation_event: append-only, everything people ask for about an operation."""

from typing import Any

import sqlalchemy as sa

from dbaas.db.tables import EVENTS

_last = sa.select(sa.func.max(EVENTS.c.seq)).where(EVENTS.c.operation_id == sa.bindparam('of'))
_insert = sa.insert(EVENTS)


def add(c: sa.Connection, operation_id: str, kind: str, at: float, **values: Any) -> None:
    """values: step, started, conductor, epoch, attempt, actor, before, after, reason, error."""
    seq = (c.execute(_last, {'of': operation_id}).scalar() or 0) + 1
    c.execute(_insert, {'operation_id': operation_id, 'seq': seq, 'kind': kind, 'at': at, **values})


def of(c: sa.Connection, operation_id: str) -> list[sa.Row]:
    return list(c.execute(sa.select(EVENTS).where(EVENTS.c.operation_id == operation_id).order_by(EVENTS.c.seq)))
