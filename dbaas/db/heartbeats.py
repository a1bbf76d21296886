"""The last sign of life of each guest."""

from typing import Any

import sqlalchemy as sa

from dbaas.db import instances
from dbaas.db.tables import HEARTBEATS

_h = HEARTBEATS.c
_state = sa.select(_h.state).where(_h.instance_id == sa.bindparam('of'))


def record(c: sa.Connection, instance_id: str, at: float, state: str, details: dict[str, Any]) -> bool:
    """Keep a guest's latest report; one from a deleted or unknown instance leaves nothing. -> whether it is news.

    at: when the guest made it. One that is older than what is kept, because it was overtaken or is replayed, changes
    nothing.
    """
    values = {'at': at, 'state': state, 'details': details}
    before = c.execute(_state, {'of': instance_id}).scalar()
    if before is None:  # the first one of this guest: the delete's end, and another first one, wait for this
        if instances.lock(c, instance_id) is None:
            return False
        before = c.execute(_state, {'of': instance_id}).scalar()
        if before is None:
            c.execute(sa.insert(HEARTBEATS), {'instance_id': instance_id, **values})
            return True
    newer = sa.update(HEARTBEATS).where(_h.instance_id == instance_id, _h.at <= at).values(**values)
    return c.execute(newer).rowcount == 1 and before != state


def get(c: sa.Connection, instance_id: str) -> sa.Row | None:
    return c.execute(sa.select(HEARTBEATS).where(_h.instance_id == instance_id)).first()


def forget(c: sa.Connection, instance_id: str) -> None:
    c.execute(sa.delete(HEARTBEATS).where(_h.instance_id == instance_id))
