"""The last sign of life of each guest."""

from typing import Any

import sqlalchemy as sa

from dbaas.db.tables import HEARTBEATS, INSTANCES

_h, _i = HEARTBEATS.c, INSTANCES.c


def record(c: sa.Connection, instance_id: str, at: float, state: str, details: dict[str, Any]) -> bool:
    """Keep a guest's latest report; one from a deleted or unknown instance leaves nothing. -> whether it is news."""
    values = {'at': at, 'state': state, 'details': details}
    before = c.execute(sa.select(_h.state).where(_h.instance_id == instance_id)).scalar()
    if before is not None:
        c.execute(sa.update(HEARTBEATS).where(_h.instance_id == instance_id).values(**values))
        return before != state
    alive = sa.select(_i.id).where(_i.id == instance_id, _i.deleted.is_(None))
    if c.execute(alive).first() is None:
        return False
    c.execute(sa.insert(HEARTBEATS), {'instance_id': instance_id, **values})
    return True


def get(c: sa.Connection, instance_id: str) -> sa.Row | None:
    return c.execute(sa.select(HEARTBEATS).where(_h.instance_id == instance_id)).first()


def forget(c: sa.Connection, instance_id: str) -> None:
    c.execute(sa.delete(HEARTBEATS).where(_h.instance_id == instance_id))
