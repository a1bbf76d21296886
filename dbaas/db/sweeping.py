"""Which cloud resources are orphans: made by a call that came too late, named by no result of a step."""

from collections.abc import Collection, Sequence
from typing import Any

import sqlalchemy as sa
from taskflow import states

from dbaas.db.logbook import book
from dbaas.db.tables import INSTANCES, OPERATIONS
from dbaas.db.words import TERMINAL


def is_gone(c: sa.Connection, instance_id: str) -> bool:
    """Whether an instance of ours was deleted and nothing works on it: what is made for it by name is an orphan."""
    instance = c.execute(sa.select(INSTANCES.c.deleted).where(INSTANCES.c.id == instance_id)).first()
    return instance is not None and instance.deleted is not None and not is_busy(c, instance_id)


def orphans(c: sa.Connection, instance_id: str, there: Sequence[Any], disowned: Collection[str] = ()) -> list[Any]:
    """Those that are nobody's. Certain only: while any operation on the instance is active, nothing is an orphan.

    there: Resources, all that the cloud has of the instance, of some kinds or of all. disowned: ids of those of which
    an operator has said so; else what unknown operations have made is another deployment's, or younger than restored
    records.
    """
    if is_busy(c, instance_id):
        return []
    known = _known(c, {found.owner.operation for found in there})
    found = [one for one in there if one.owner.operation in known or one.id in disowned]
    instance = c.execute(sa.select(INSTANCES).where(INSTANCES.c.id == instance_id)).first()
    if not found or instance is None or instance.deleted is not None:
        return found
    return _unnamed(c, instance, found, {one.id for one in there})


def _known(c: sa.Connection, operation_ids: Collection[str]) -> set[str]:
    return set(c.execute(sa.select(OPERATIONS.c.id).where(OPERATIONS.c.id.in_(operation_ids))).scalars())


def _unnamed(c: sa.Connection, instance: sa.Row, found: list[Any], there: set[str]) -> list[Any]:
    """Without those that records name, or that stand in for one which they name and which is gone.

    Such a stand-in was made by a repair that restored records know nothing of: an audit says so.
    """
    named = {'server': {instance.server_id}, 'volume': {instance.volume_id}}
    for operation_id in {*_all_on(c, instance.id), *(one.owner.operation for one in found)}:
        atoms = book.atoms_of(c, operation_id)
        if any('attested' in (atom.meta or {}) for atom in atoms.values()):
            return []  # somebody did a step by hand: what exists may be theirs
        for step, atom in atoms.items():
            if atom.state == states.SUCCESS and isinstance(atom.results, dict):
                named.setdefault(step.removeprefix('create-'), set()).add(atom.results.get('id'))
    every = set().union(*named.values())
    return [one for one in found if one.id not in every and not _lost(named.get(one.name, set()), there)]


def _lost(named: set[str | None], there: set[str]) -> bool:
    ids = {id for id in named if id}
    return bool(ids) and not ids & there


def _all_on(c: sa.Connection, instance_id: str) -> Sequence[str]:
    """The operations on an instance: a repair makes again what it finds missing, in another's name."""
    return c.execute(sa.select(OPERATIONS.c.id).where(OPERATIONS.c.resource_id == instance_id)).scalars().all()


def is_busy(c: sa.Connection, instance_id: str) -> bool:
    """Whether an operation on it is active."""
    active = sa.select(OPERATIONS.c.id).where(
        OPERATIONS.c.resource_id == instance_id, OPERATIONS.c.state.not_in(TERMINAL)
    )
    return c.execute(active).first() is not None
