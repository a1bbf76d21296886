"""TaskFlow's tables as they are: load a flow with its atoms, save atoms. An unmodified TaskFlow reads what we write."""

from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa
from oslo_utils import timeutils
from taskflow.persistence import models

from dbaas.db.statements import Family, Prepared, bound
from dbaas.db.tables import BOOK

_a, _f = BOOK.atomdetails.c, BOOK.flowdetails.c
_fields = (
    _a.failure, _a.revert_failure, _a.meta, _a.results, _a.revert_results, _a.state, _a.version, _a.intention,
)  # fmt: skip


def _update(columns: list[sa.Column]) -> sa.Update:
    values = {column.name: sa.null() for column in _fields} | bound(*columns)
    return sa.update(BOOK.atomdetails).where(_a.uuid == sa.bindparam('b_uuid')).values(values)


_update_atom = Family([*_fields, _a.updated_at], _update)
_update_flow = Prepared(
    sa.update(BOOK.flowdetails).where(_f.uuid == sa.bindparam('b_uuid')).values(bound(_f.state, _f.meta, _f.updated_at))
)
_insert_atom = Prepared(
    sa.insert(BOOK.atomdetails).values(
        bound(*_fields, _a.uuid, _a.name, _a.parent_uuid, _a.atom_type, _a.created_at, updated_at=None)
    )
)
_flow = sa.select(BOOK.flowdetails).where(_f.uuid == sa.bindparam('of'))
_atoms = sa.select(BOOK.atomdetails).where(_a.parent_uuid == sa.bindparam('of'))


def load_flow(c: sa.Connection, operation_id: str) -> models.FlowDetail:
    """The flow of an operation (its uuid is the operation's id) with the details of its atoms."""
    found = c.execute(_flow, {'of': operation_id}).one()
    detail = models.FlowDetail.from_dict(dict(found._mapping))
    load_atoms(c, detail)
    return detail


def load_atoms(c: sa.Connection, flow: models.FlowDetail) -> None:
    for row in c.execute(_atoms, {'of': flow.uuid}):
        values = dict(row._mapping)
        flow.add(models.atom_detail_class(values.pop('atom_type')).from_dict(values))


def atoms_of(c: sa.Connection, operation_id: str) -> dict[str, Any]:
    """Atom details by step name; empty before the first run."""
    return {atom.name: atom for atom in load_flow(c, operation_id)}


def insert_atoms(c: sa.Connection, operation_id: str, atoms: Iterable[Any]) -> None:
    now = timeutils.utcnow()
    shared = {'parent_uuid': operation_id, 'created_at': now}
    rows = [{**atom.to_dict(), **shared, 'atom_type': models.atom_detail_type(atom)} for atom in atoms]
    _insert_atom.run_many(c, rows)


def save_atoms(c: sa.Connection, atoms: Iterable[Any]) -> None:
    now = timeutils.utcnow()
    for atom in atoms:
        row = atom.to_dict()
        _update_atom.run(c, {**row, 'b_uuid': row['uuid'], 'updated_at': now})


def save_flow(c: sa.Connection, operation_id: str, state: str | None, meta: dict[str, Any]) -> None:
    _update_flow.run(c, {'b_uuid': operation_id, 'state': state, 'meta': meta, 'updated_at': timeutils.utcnow()})
