"""The claim: an operation becomes a conductor's, and is loaded, in one transaction of few statements."""

import dataclasses
from collections.abc import Callable, Iterable
from typing import Any

import sqlalchemy as sa
from oslo_utils import uuidutils
from taskflow import states
from taskflow.persistence import models

from dbaas.db import waits
from dbaas.db.logbook import book
from dbaas.db.operations import Job
from dbaas.db.statements import Prepared, together
from dbaas.db.tables import BOOK, EVENTS, OPERATIONS, REQUESTS
from dbaas.db.words import RUNNABLE

_o, _f, _r, _e = OPERATIONS.c, BOOK.flowdetails.c, REQUESTS.c, EVENTS.c
_of = sa.bindparam('op', type_=_o.id.type)
_now = sa.bindparam('now', type_=_o.beat.type)
_claim = Prepared(
    sa.update(OPERATIONS)
    .where(_o.id == _of, _o.post_seq == sa.bindparam('post_seq'), sa.or_(*[_o.state == word for word in RUNNABLE]))
    .values(
        epoch=_o.epoch + 1,
        beat=_now,
        updated=_now,
        conductor=sa.bindparam('conductor'),
        started=sa.func.coalesce(_o.started, _now),
        state=sa.case((_o.undo, 'ABORTING'), else_='RUNNING'),
    )
)
_event = {
    _e.operation_id: _o.id,
    _e.seq: sa.select(sa.func.coalesce(sa.func.max(_e.seq), 0) + 1).where(_e.operation_id == _of).scalar_subquery(),
    _e.kind: sa.literal_column("'claimed'"),
    _e.at: _now,
    _e.conductor: _o.conductor,
    _e.epoch: _o.epoch,
}
# only after our own update: else somebody else may just be adding the event of that number
_ours = sa.and_(_o.id == _of, _o.conductor == sa.bindparam('conductor'), _o.beat == _now)
_tell = Prepared(sa.insert(EVENTS).from_select(list(_event), sa.select(*_event.values()).where(_ours)))
new_verbs = sa.and_(_r.operation_id == _o.id, _r.state == 'new')
_look = Prepared(
    sa.select(
        OPERATIONS,
        _f.name.label('flow_name'),
        _f.meta.label('flow_meta'),
        _f.state.label('flow_state'),
        _r.verb.label('new_verb'),
    )
    .join(BOOK.flowdetails, _f.uuid == _o.id)
    .outerjoin(REQUESTS, new_verbs)
    .where(_o.id == _of)
)


@dataclasses.dataclass
class Claimed:
    """An operation that is ours. op: its row; flow: its FlowDetail; verbs: those asked for meanwhile."""

    op: Any
    flow: Any
    verbs: set[str]
    waits: dict[str, float]  # step -> when it first parked


class NothingToRun(Exception):
    """An old or doubled job, or one whose operation has ended or stopped; rolls back."""


def claim(c: sa.Connection, job: Job, conductor: str, now: float, steps: Callable[[Any], Iterable[str]]) -> Claimed:
    """Raises NothingToRun.

    The first claim writes the atoms, one per name in steps(row): without atoms nothing was ever started.
    """
    mine = {'op': job.operation_id, 'post_seq': job.post_seq, 'conductor': conductor, 'now': now}
    number, _, rows = together(c, [(_claim, mine), (_tell, mine), (_look, mine)])
    if number != 1:
        raise NothingToRun
    op = rows[0]
    flow = models.FlowDetail.from_dict(
        {'name': op.flow_name, 'uuid': op.id, 'meta': op.flow_meta, 'state': op.flow_state}
    )
    parked: dict[str, float] = {}
    if op.epoch > 1:  # else nobody was here before
        book.load_atoms(c, flow)
        for wait in waits.of(c, op.id):
            parked[wait.step] = min(wait.since, parked.get(wait.step, wait.since))
    if not len(flow):
        for name in steps(op):
            flow.add(_new_atom(name))
        book.insert_atoms(c, op.id, flow)
    return Claimed(op, flow, {row.new_verb for row in rows if row.new_verb is not None}, parked)


def _new_atom(name: str) -> models.TaskDetail:
    atom = models.TaskDetail(name=name, uuid=uuidutils.generate_uuid())
    atom.state, atom.version = states.PENDING, '1.0'
    return atom
