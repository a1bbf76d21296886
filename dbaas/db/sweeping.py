"""Which cloud resources are orphans: made by a call that came too late, named by no result of a step."""

from collections.abc import Sequence

import sqlalchemy as sa
from taskflow import states

from dbaas.db.logbook import book
from dbaas.db.tables import INSTANCES, OPERATIONS
from dbaas.db.words import TERMINAL


def is_gone(c: sa.Connection, instance_id: str) -> bool:
    """Whether an instance of ours was deleted and nothing works on it: what is made for it by name is an orphan."""
    instance = c.execute(sa.select(INSTANCES.c.deleted).where(INSTANCES.c.id == instance_id)).first()
    return instance is not None and instance.deleted is not None and not is_busy(c, instance_id)


def is_orphan(c: sa.Connection, instance_id: str, operation_id: str, resource_id: str, disowned: bool = False) -> bool:
    """Certain only: while any operation on the instance is active, nothing is an orphan.

    disowned: an operator has said that what unknown operations have made is nobody's.
    """
    if is_busy(c, instance_id):
        return False
    op = c.execute(sa.select(OPERATIONS).where(OPERATIONS.c.id == operation_id)).first()
    if op is None and not disowned:
        return False  # another deployment's, or younger than restored records: not ours to remove
    instance = c.execute(sa.select(INSTANCES).where(INSTANCES.c.id == instance_id)).first()
    if instance is None or instance.deleted is not None:
        return True
    if resource_id in (instance.server_id, instance.volume_id):
        return False
    return not any(_may_name(c, one, resource_id) for one in {operation_id, *_all_on(c, instance_id)})


def _may_name(c: sa.Connection, operation_id: str, resource_id: str) -> bool:
    atoms = book.atoms_of(c, operation_id).values()
    if any('attested' in (atom.meta or {}) for atom in atoms):
        return True  # somebody did a step by hand: what exists may be theirs
    done = [atom.results for atom in atoms if atom.state == states.SUCCESS]
    return resource_id in {result.get('id') for result in done if isinstance(result, dict)}


def _all_on(c: sa.Connection, instance_id: str) -> Sequence[str]:
    """The operations on an instance: a repair makes again what it finds missing, in another's name."""
    return c.execute(sa.select(OPERATIONS.c.id).where(OPERATIONS.c.resource_id == instance_id)).scalars().all()


def is_busy(c: sa.Connection, instance_id: str) -> bool:
    """Whether an operation on it is active."""
    active = sa.select(OPERATIONS.c.id).where(
        OPERATIONS.c.resource_id == instance_id, OPERATIONS.c.state.not_in(TERMINAL)
    )
    return c.execute(active).first() is not None
