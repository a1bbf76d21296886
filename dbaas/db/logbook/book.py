"""TaskFlow's tables as they are: load a flow with its atoms, save atoms. An unmodified TaskFlow reads what we write."""

from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa
from oslo_utils import timeutils
from taskflow.persistence import models

from dbaas.db.statements import Call, Family, Prepared, bound
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
_l = BOOK.logbooks.c
_open_book = Prepared(sa.insert(BOOK.logbooks).values(bound(_l.uuid, _l.name, _l.meta, _l.created_at)))
_open_flow = Prepared(
    sa.insert(BOOK.flowdetails).values(
        bound(_f.uuid, _f.name, _f.meta, _f.created_at, parent_uuid=sa.bindparam('uuid'))
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
    flow = models.FlowDetail('', operation_id)
    load_atoms(c, flow)
    return {atom.name: atom for atom in flow}


def opening(operation_id: str, name: str, meta: dict[str, Any]) -> list[Call]:
    """A new operation's logbook and flow, both with its id; meta: of the flow."""
    shared = {'uuid': operation_id, 'name': name, 'created_at': timeutils.utcnow()}
    return [(_open_book, {**shared, 'meta': {}}), (_open_flow, {**shared, 'meta': meta})]


def insert_atoms(c: sa.Connection, operation_id: str, atoms: Iterable[Any]) -> None:
    now = timeutils.utcnow()
    shared = {'parent_uuid': operation_id, 'created_at': now}
    rows = [{**atom.to_dict(), **shared, 'atom_type': models.atom_detail_type(atom)} for atom in atoms]
    _insert_atom.run_many(c, rows)


def save_atoms(c: sa.Connection, atoms: Iterable[Any]) -> None:
    for statement, values in saving_atoms(atoms):
        statement.run(c, values)


def saving_atoms(atoms: Iterable[Any]) -> list[Call]:
    """The same, to be run together with others."""
    now = timeutils.utcnow()
    rows = [atom.to_dict() for atom in atoms]
    return [(_update_atom, {**row, 'b_uuid': row['uuid'], 'updated_at': now}) for row in rows]


def saving_flow(flow: Any) -> Call:
    """Its state and meta."""
    values = {'b_uuid': flow.uuid, 'state': flow.state, 'meta': flow.meta, 'updated_at': timeutils.utcnow()}
    return _update_flow, values
