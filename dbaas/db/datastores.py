"""Datastores and their versions."""

from typing import Any

import sqlalchemy as sa

from dbaas.db.tables import DATASTORE_VERSIONS, DATASTORES

_d, _v = DATASTORES.c, DATASTORE_VERSIONS.c


def all(c: sa.Connection) -> list[sa.Row]:
    """By name."""
    return list(c.execute(sa.select(DATASTORES).order_by(_d.name)))


def get(c: sa.Connection, name_or_id: str) -> sa.Row | None:
    """An id goes before a name."""
    found = c.execute(sa.select(DATASTORES).where(sa.or_(_d.id == name_or_id, _d.name == name_or_id))).all()
    return max(found, key=lambda row: row.id == name_or_id, default=None)


def versions(c: sa.Connection, datastore_id: str | None = None) -> list[sa.Row]:
    """Of one datastore or of all, by name and number."""
    query = sa.select(DATASTORE_VERSIONS).order_by(_v.name, _v.version)
    return list(c.execute(query if datastore_id is None else query.where(_v.datastore_id == datastore_id)))


def version(c: sa.Connection, version_id: str) -> sa.Row | None:
    return c.execute(sa.select(DATASTORE_VERSIONS).where(_v.id == version_id)).first()


def insert(c: sa.Connection, **values: Any) -> None:
    c.execute(sa.insert(DATASTORES), values)


def insert_version(c: sa.Connection, **values: Any) -> None:
    c.execute(sa.insert(DATASTORE_VERSIONS), values)


def update_version(c: sa.Connection, version_id: str, **values: Any) -> None:
    c.execute(sa.update(DATASTORE_VERSIONS).where(_v.id == version_id).values(**values))


def set_default(c: sa.Connection, datastore_id: str, version_id: str) -> None:
    c.execute(sa.update(DATASTORES).where(_d.id == datastore_id).values(default_version_id=version_id))


def delete(c: sa.Connection, datastore_id: str) -> None:
    c.execute(sa.delete(DATASTORES).where(_d.id == datastore_id))
