"""operation_event: append-only, everything people ask for about an operation."""

from typing import Any

import sqlalchemy as sa

from dbaas.db.statements import Call, Family, bound
from dbaas.db.tables import EVENTS

_e = EVENTS.c


def _insert(columns: list[sa.Column]) -> sa.Insert:
    """The number that follows is found by the same statement: who adds an event has locked the operation's row."""
    values = bound(*columns) | {'seq': sa.func.coalesce(sa.func.max(_e.seq), 0) + 1}
    following = sa.select(*values.values()).where(_e.operation_id == values['operation_id'])
    return sa.insert(EVENTS).from_select(list(values), following)


_all = sa.select(EVENTS).where(_e.operation_id == sa.bindparam('of')).order_by(_e.seq)
_inserts = Family([column for column in _e if column.name != 'seq'], _insert)


def add(c: sa.Connection, operation_id: str, kind: str, at: float, **values: Any) -> None:
    """values: step, started, conductor, epoch, attempt, actor, before, after, reason, error."""
    _inserts.run(c, {'operation_id': operation_id, 'kind': kind, 'at': at, **values})


def adding(operation_id: str, kind: str, at: float, **values: Any) -> Call:
    """The same, to be run together with others."""
    return _inserts, {'operation_id': operation_id, 'kind': kind, 'at': at, **values}


def of(c: sa.Connection, operation_id: str) -> list[sa.Row]:
    return list(c.execute(_all, {'of': operation_id}))
