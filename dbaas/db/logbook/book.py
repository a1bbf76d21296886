"""TaskFlow's tables as they are: load a flow with its atoms, save atoms. An unmodified TaskFlow reads what we write."""

from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa
from taskflow.persistence import models

from dbaas.db.tables import BOOK

_FIELDS = (
    'failure', 'revert_failure', 'meta', 'results', 'revert_results', 'state', 'version', 'intention',
)  # fmt: skip
_update_atom = (
    sa.update(BOOK.atomdetails)
    .where(BOOK.atomdetails.c.uuid == sa.bindparam('b_uuid'))
    .values({name: sa.bindparam(name) for name in _FIELDS})
)
_update_flow = (
    sa.update(BOOK.flowdetails)
    .where(BOOK.flowdetails.c.uuid == sa.bindparam('b_uuid'))
    .values(state=sa.bindparam('state'), meta=sa.bindparam('meta'))
)
_insert_atoms = sa.insert(BOOK.atomdetails)


def load_flow(c: sa.Connection, operation_id: str) -> models.FlowDetail:
    """The flow of an operation (its uuid is the operation's id) with the details of its atoms."""
    flows, atoms = BOOK.flowdetails, BOOK.atomdetails
    found = c.execute(sa.select(flows).where(flows.c.uuid == operation_id)).one()
    detail = models.FlowDetail.from_dict(dict(found._mapping))
    for row in c.execute(sa.select(atoms).where(atoms.c.parent_uuid == operation_id)):
        values = dict(row._mapping)
        detail.add(models.atom_detail_class(values.pop('atom_type')).from_dict(values))
    return detail


def atoms_of(c: sa.Connection, operation_id: str) -> dict[str, Any]:
    """Atom details by step name; empty before the first run."""
    return {atom.name: atom for atom in load_flow(c, operation_id)}


def insert_atoms(c: sa.Connection, operation_id: str, atoms: Iterable[Any]) -> None:
    rows = [dict(atom.to_dict(), parent_uuid=operation_id, atom_type=models.atom_detail_type(atom)) for atom in atoms]
    if rows:
        c.execute(_insert_atoms, rows)


def save_atoms(c: sa.Connection, atoms: Iterable[Any]) -> None:
    rows = []
    for atom in atoms:
        row = atom.to_dict()
        row['b_uuid'] = row.pop('uuid')
        del row['name']
        rows.append(row)
    if rows:
        c.execute(_update_atom, rows)


def save_flow(c: sa.Connection, operation_id: str, state: str | None, meta: dict[str, Any]) -> None:
    c.execute(_update_flow, {'b_uuid': operation_id, 'state': state, 'meta': meta})
