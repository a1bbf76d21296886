"""What the records say exists: instances at rest, and what the operations of an instance have made."""

from typing import Any

import sqlalchemy as sa
from taskflow import states

from dbaas.db.logbook import book
from dbaas.db.tables import INSTANCES, OPERATIONS
from dbaas.db.words import TERMINAL

_i, _o = INSTANCES.c, OPERATIONS.c


def at_rest(c: sa.Connection) -> list[sa.Row]:
    """ACTIVE instances on which no operation is under way."""
    working = sa.exists().where(_o.resource_id == _i.id, _o.state.not_in(TERMINAL))
    query = sa.select(INSTANCES).where(_i.deleted.is_(None), _i.status == 'ACTIVE', ~working)
    return list(c.execute(query.order_by(_i.id)))


def creation(c: sa.Connection, instance_id: str) -> sa.Row | None:
    """The operation that has made it; None: it is not in the records."""
    query = sa.select(OPERATIONS).where(_o.resource_id == instance_id, _o.type == 'instance.create')
    return c.execute(query.where(_o.state == 'SUCCEEDED')).first()


def made(c: sa.Connection, operation_id: str) -> set[str]:
    """Names of what its steps have made: 'port' by create-port; without what somebody attested."""
    atoms = book.atoms_of(c, operation_id).items()
    return {name.removeprefix('create-') for name, atom in atoms if name.startswith('create-') and _made(atom)}


def _made(atom: Any) -> bool:
    result = atom.results
    attested = 'attested' in (atom.meta or {})
    return atom.state == states.SUCCESS and isinstance(result, dict) and bool(result.get('id')) and not attested
