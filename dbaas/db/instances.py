"""Instance rows, alone and as clients see them: with datastore and last heartbeat, in one statement."""

from typing import Any

import sqlalchemy as sa

from dbaas.db.tables import DATASTORE_VERSIONS, DATASTORES, HEARTBEATS, INSTANCES, OPERATIONS
from dbaas.db.words import TERMINAL

_i, _h, _v, _o = INSTANCES.c, HEARTBEATS.c, DATASTORE_VERSIONS.c, OPERATIONS.c

_SEEN = (
    sa.select(
        INSTANCES,
        DATASTORES.c.name.label('datastore'),
        _v.name.label('datastore_version'),
        _v.version.label('version_number'),
        _v.manager.label('manager'),
        _h.at.label('guest_at'),
        _h.state.label('guest_state'),
        _h.details.label('guest_details'),
    )
    .join(DATASTORE_VERSIONS, _v.id == _i.datastore_version_id)
    .join(DATASTORES, DATASTORES.c.id == _v.datastore_id)
    .outerjoin(HEARTBEATS, _h.instance_id == _i.id)
    .where(_i.deleted.is_(None))
)


def get(c: sa.Connection, instance_id: str) -> sa.Row | None:
    """The bare row, deleted or not."""
    return c.execute(sa.select(INSTANCES).where(_i.id == instance_id)).first()


def lock(c: sa.Connection, instance_id: str) -> sa.Row | None:
    """The bare row of one that is not deleted, locked until the transaction ends."""
    return c.execute(sa.select(INSTANCES).where(_i.id == instance_id, _i.deleted.is_(None)).with_for_update()).first()


def seen(c: sa.Connection, instance_id: str) -> sa.Row | None:
    """The row with datastore, version_number, manager, guest_at, guest_state and guest_details; None when deleted."""
    return c.execute(_SEEN.where(_i.id == instance_id)).first()


def page(c: sa.Connection, project_id: str, limit: int, marker: str | None = None) -> list[sa.Row]:
    """Rows as of `seen`, by id; `limit` + 1 at most, so that the caller sees whether there are more."""
    query = _SEEN.where(_i.project_id == project_id).order_by(_i.id).limit(limit + 1)
    return list(c.execute(query if marker is None else query.where(_i.id > marker)))


def names(c: sa.Connection) -> list[sa.Row]:
    """(id, name) of all that are not deleted, of every project: for operators."""
    return list(c.execute(sa.select(_i.id, _i.name).where(_i.deleted.is_(None)).order_by(_i.id)))


def operations(c: sa.Connection, instance_ids: list[str]) -> list[sa.Row]:
    """Operations of these instances that have not ended, oldest first: what decides the status clients see."""
    columns = (_o.id, _o.type, _o.state, _o.step, _o.reason, _o.updated, _o.resource_id)
    return list(
        c.execute(
            sa.select(*columns)
            .where(_o.resource_id.in_(instance_ids), _o.state.not_in(TERMINAL))
            .order_by(_o.created, _o.id)
        )
    )


def insert(c: sa.Connection, **values: Any) -> None:
    c.execute(sa.insert(INSTANCES), values)


def update(c: sa.Connection, instance_id: str, **values: Any) -> None:
    """`values`: columns, `updated` among them when a client is to see the change."""
    c.execute(sa.update(INSTANCES).where(_i.id == instance_id).values(**values))
