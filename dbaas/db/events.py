"""operation_event: append-only, everything people ask for about an operation."""

from typing import Any

import sqlalchemy as sa

from dbaas.db.statements import Prepared, bound
from dbaas.db.tables import EVENTS

_last = Prepared(sa.select(sa.func.max(EVENTS.c.seq)).where(EVENTS.c.operation_id == sa.bindparam('of')))
_insert = Prepared(sa.insert(EVENTS).values(bound(*EVENTS.c)))
_nothing = dict.fromkeys(EVENTS.c.keys())


def add(c: sa.Connection, operation_id: str, kind: str, at: float, seq: int | None = None, **values: Any) -> None:
    """values: step, started, conductor, epoch, attempt, actor, before, after, reason, error.

    seq: its number, where the caller knows it.
    """
    if seq is None:
        seq = (_last.run(c, {'of': operation_id}).scalar() or 0) + 1
    _insert.run(c, {**_nothing, 'operation_id': operation_id, 'seq': seq, 'kind': kind, 'at': at, **values})


def of(c: sa.Connection, operation_id: str) -> list[sa.Row]:
    return list(c.execute(sa.select(EVENTS).where(EVENTS.c.operation_id == operation_id).order_by(EVENTS.c.seq)))
