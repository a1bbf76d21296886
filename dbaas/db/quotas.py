"""Quota: one guarded statement takes, reservations say who holds what, so that giving back is exact."""

from collections.abc import Mapping

import sqlalchemy as sa

from dbaas import exceptions
from dbaas.db import inserts
from dbaas.db.tables import QUOTAS, RESERVATIONS

_q, _r = QUOTAS.c, RESERVATIONS.c


def ensure(c: sa.Connection, project_id: str, defaults: Mapping[str, int]) -> None:
    """Rows for every resource of a project that has none yet."""
    known = set(c.execute(sa.select(_q.resource).where(_q.project_id == project_id)).scalars())
    rows = [
        {'project_id': project_id, 'resource': name, 'limit': limit, 'used': 0}
        for name, limit in defaults.items()
        if name not in known
    ]
    inserts.missing(c, QUOTAS, rows)


def take(c: sa.Connection, project_id: str, holder: str, amounts: Mapping[str, int]) -> None:
    """Reserve for `holder`. Raises OverLimit naming the resource, with nothing taken (the caller rolls back)."""
    for name, amount in sorted(amounts.items()):
        free = sa.or_(_q.limit < 0, _q.used + amount <= _q.limit)
        mine = sa.and_(_q.project_id == project_id, _q.resource == name)
        if c.execute(sa.update(QUOTAS).where(mine, free).values(used=_q.used + amount)).rowcount != 1:
            row = c.execute(sa.select(QUOTAS).where(mine)).first()
            used, limit = (row.used, row.limit) if row else (0, 0)
            raise exceptions.OverLimit(
                f'Quota exceeded for {name}: {amount} asked, {used} of {limit} used in project {project_id}. '
                'Delete what is not needed or ask an administrator for more.'
            )
        c.execute(
            sa.insert(RESERVATIONS),
            {'resource_id': holder, 'resource': name, 'project_id': project_id, 'amount': amount},
        )


def give_back(c: sa.Connection, holder: str) -> None:
    """Return all that `holder` has reserved; nothing when it holds nothing."""
    mine = sa.select(RESERVATIONS).where(_r.resource_id == holder).order_by(_r.resource)  # the order of `take`
    rows = c.execute(mine.with_for_update()).all()
    for row in rows:
        c.execute(
            sa.update(QUOTAS)
            .where(_q.project_id == row.project_id, _q.resource == row.resource)
            .values(used=_q.used - row.amount)
        )
    c.execute(sa.delete(RESERVATIONS).where(_r.resource_id == holder))


def of(c: sa.Connection, project_id: str) -> dict[str, sa.Row]:
    """By resource: rows with limit and used."""
    return {row.resource: row for row in c.execute(sa.select(QUOTAS).where(_q.project_id == project_id))}


def set_limit(c: sa.Connection, project_id: str, resource: str, limit: int) -> None:
    c.execute(sa.update(QUOTAS).where(_q.project_id == project_id, _q.resource == resource).values(limit=limit))
