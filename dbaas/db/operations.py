"""Operation rows: accept, claim, state changes, ends. Every function works in the caller's transaction."""

import dataclasses
import hashlib
from collections.abc import Callable, Iterable
from typing import Any

import sqlalchemy as sa

from dbaas.db import endings, events, locks
from dbaas.db.logbook import book
from dbaas.db.statements import Family, Prepared, bound, together
from dbaas.db.tables import EVENTS, OPERATIONS, REPORTS, REQUESTS, WAITS
from dbaas.db.words import AT_REST, RUNNABLE, TERMINAL, UNDER_WAY

_o = OPERATIONS.c
_NEW = {'undo': False, 'epoch': 0, 'post_seq': 1, 'wake_seq': 0, 'priority': 5}
_inserts = Family(_o, lambda columns: sa.insert(OPERATIONS).values(bound(*columns)))
_row = sa.select(OPERATIONS).where(_o.id == sa.bindparam('of'))
_asked = sa.select(REQUESTS).where(REQUESTS.c.operation_id == sa.bindparam('of')).order_by(REQUESTS.c.id)
_asked_anew = _asked.where(REQUESTS.c.state == 'new')
_forget_waits = Prepared(sa.delete(WAITS).where(WAITS.c.operation_id == sa.bindparam('of')))
_forget_reports = Prepared(sa.delete(REPORTS).where(REPORTS.c.operation_id == sa.bindparam('of')))
_pausing = (
    sa.exists()
    .where(REQUESTS.c.operation_id == _o.id, REQUESTS.c.verb == 'pause', REQUESTS.c.state == 'new')
    .label('pausing')
)


@dataclasses.dataclass(frozen=True)
class Job:
    """What the board holds: an operation that can run now. Its name is fixed, so posting twice is harmless.

    project: a short hash of the project's id; it tells projects apart, and nobody who they are.
    """

    operation_id: str
    post_seq: int
    type: str
    version: int
    priority: int  # 0 to 99, the lowest runs first
    project: str

    @property
    def name(self) -> str:
        """Whoever lists names can put jobs into their order, and leave alone what it does not know."""
        which = f'{self.operation_id}-{self.post_seq}'
        return f'{self.priority:02d}.{self.project}.{self.type}.{self.version}.{which}'

    @classmethod
    def named(cls, name: str) -> 'Job':
        """The job of that name. Raises ValueError when it is not the name of a job."""
        priority, project, rest = name.split('.', 2)
        type, version, which = rest.rsplit('.', 2)
        operation_id, _, post_seq = which.rpartition('-')
        job = cls(operation_id, int(post_seq), type, int(version), int(priority), project)
        if job.name != name:
            raise ValueError(f'{name} is not the name of a job')
        return job


def project_hash(project_id: str) -> str:
    """8 hexadecimal digits."""
    return hashlib.blake2b(project_id.encode(), digest_size=4).hexdigest()


def get(c: sa.Connection, operation_id: str) -> sa.Row | None:
    return c.execute(_row, {'of': operation_id}).first()


def lock_row(c: sa.Connection, operation_id: str, wait: bool = True) -> sa.Row | None:
    """The row, locked until the transaction ends. wait: if not, a row that somebody has locked is None, too."""
    row = sa.select(OPERATIONS).where(_o.id == operation_id)
    return c.execute(row.with_for_update(skip_locked=not wait)).first()


def active(c: sa.Connection, resource_id: str) -> list[sa.Row]:
    """Operations of a resource that have not ended, oldest first, locked until the transaction ends."""
    return list(
        c.execute(
            sa.select(OPERATIONS)
            .where(_o.resource_id == resource_id, _o.state.not_in(TERMINAL))
            .order_by(_o.created, _o.id)
            .with_for_update()
        )
    )


def insert(c: sa.Connection, now: float, factory: dict[str, Any], actor: str, **values: Any) -> None:
    """The row, its logbook (TaskFlow's tables, loadable by stock TaskFlow) and its first event."""
    row = {**_NEW, **values, 'created': now, 'updated': now, 'beat': now}
    opened = book.opening(row['id'], row['type'], {'factory': factory})
    together(c, [(_inserts, row), *opened, events.adding(row['id'], 'accepted', now, actor=actor)])


def stand_in_line(c: sa.Connection, operation_id: str) -> None:
    """Accepted, but another operation's turn comes first: no job yet."""
    c.execute(sa.update(OPERATIONS).where(_o.id == operation_id).values(state='ACCEPTED'))


# -- jobs ----------------------------------------------------------------------------------------------------------
_unclaimed = sa.and_(sa.or_(*[_o.state == state for state in RUNNABLE]), _o.conductor.is_(None))
_facts = (_o.id, _o.post_seq, _o.type, _o.version, _o.priority, _o.project_id)


def _runnable(these: Callable[[Any], Any]) -> Any:
    """Unclaimed and runnable ones of these (a condition on ids), and of others on their resources."""
    mine = OPERATIONS.alias()
    beside = sa.select(*_facts).join(mine, mine.c.resource_id == _o.resource_id).where(these(mine.c.id), _unclaimed)
    return sa.select(*_facts).where(these(_o.id), _unclaimed).union(beside)


_jobs = Prepared(_runnable(lambda column: column == sa.bindparam('of')))


def _job(row: Any) -> Job:
    id_, post_seq, type_, version, priority, project_id = row
    return Job(id_, post_seq, type_, version, priority, project_hash(project_id))


def jobs(c: sa.Connection, *operation_ids: str) -> list[Job]:
    """What to post after the commit: these operations and others on their resources, as far as unclaimed."""
    if len(operation_ids) == 1:
        return [_job(row) for row in _jobs.rows(c, {'of': operation_ids[0]})]
    return [_job(row) for row in c.execute(_runnable(lambda column: column.in_(operation_ids)))]


def lost_jobs(c: sa.Connection, silent_since: float | None) -> list[Job]:
    """Runnable operations that are unclaimed, or whose claim gave no sign of life since; None: all runnable ones."""
    query = sa.select(*_facts).where(_o.state.in_(RUNNABLE))
    if silent_since is not None:
        query = query.where(sa.or_(_o.conductor.is_(None), _o.beat < silent_since))
    return [_job(row) for row in c.execute(query.order_by(_o.created))]


def keep_alive(c: sa.Connection, claims: Iterable[tuple[str, int]], now: float) -> None:
    """A sign of life for running claims: (operation id, epoch) pairs. A row that is locked is being given one."""
    mine = dict(claims)
    free = sa.select(_o.id, _o.epoch).where(_o.id.in_(list(mine))).with_for_update(skip_locked=True)
    found = [row.id for row in c.execute(free) if row.epoch == mine[row.id]]
    c.execute(sa.update(OPERATIONS).where(_o.id.in_(found)).values(beat=now))


# -- states --------------------------------------------------------------------------------------------------------
def set_state(
    c: sa.Connection,
    op: Any,
    state: str,
    now: float,
    *,
    actor: str | None = None,
    reason: str | None = None,
    note: str | None = None,
    runnable: bool = False,
    forget_reason: bool = False,
    **values: Any,
) -> None:
    """State and event; when it ends also lock, quota, secrets and whose turn is next. One transaction, the caller's.

    reason: kept in the row, until it is forgotten; note: what the event says instead.
    runnable: it gets a new job (post_seq moves on) and has no conductor until that is claimed.
    """
    if runnable:
        values['post_seq'] = _o.post_seq + 1
    if runnable or state in AT_REST or state in TERMINAL:
        values['conductor'] = None
    if reason is not None or forget_reason:
        values['reason'] = reason
    if state in TERMINAL:
        values['finished'] = now
    c.execute(sa.update(OPERATIONS).where(_o.id == op.id).values(state=state, updated=now, **values))
    if state in ('HELD', 'ABORT_HELD', 'PAUSED'):  # what stands still does not use up a deadline
        c.execute(sa.delete(WAITS).where(WAITS.c.operation_id == op.id))
    elif state != 'WAITING' and state not in TERMINAL:
        c.execute(sa.update(WAITS).where(WAITS.c.operation_id == op.id).values(wake_at=None))
    kind, said = state.lower().replace('_', '-'), note or reason
    events.add(c, op.id, kind, now, actor=actor, reason=said, before=op.state, after=state)
    if state in TERMINAL:
        _finish(c, op, state, now, reason)


def _finish(c: sa.Connection, op: Any, state: str, now: float, reason: str | None) -> None:
    if op.resource_id is not None:
        locks.enter(c, op.resource_id)
    _forget_waits.run(c, {'of': op.id})
    if op.resource_id is not None:  # else no guest reports to it
        _forget_reports.run(c, {'of': op.id})
    for row in requests(c, op.id, new_only=True):
        if row.verb == 'supersede':
            answer_request(c, row, 'applied', now)
        else:
            answer_request(c, row, 'refused', now, f'the operation ended: {state}', after=state)
    endings.settle(c, get(c, op.id) if endings.has(op.type, state) else op, state, now)
    if op.resource_id is not None:
        locks.release(c, op.id)
        for operation_id in locks.next_in_turn(c, op.resource_id):
            set_state(c, get(c, operation_id), 'QUEUED', now, runnable=True)


def supersede(c: sa.Connection, op: Any, actor: str, now: float, reason: str | None = None) -> None:
    """It ends because its resource is being deleted; whatever still runs of it is fenced off."""
    set_state(c, op, 'SUPERSEDED', now, actor=actor, reason=reason, epoch=_o.epoch + 1)


# -- requests ------------------------------------------------------------------------------------------------------
def request(
    c: sa.Connection, op: Any, verb: str, actor: str, now: float, reason: str | None = None, **args: Any
) -> None:
    """Leave a verb for the next step boundary of a running operation; a waiting one of the same kind serves too.

    It counts as an event: by wake_seq the run sees that it has to look.
    """
    r = REQUESTS.c
    same = sa.select(r.id).where(r.operation_id == op.id, r.verb == verb, r.state == 'new')
    if c.execute(same).first() is not None:
        return
    c.execute(
        sa.insert(REQUESTS),
        {'operation_id': op.id, 'verb': verb, 'args': args, 'actor': actor, 'reason': reason, 'at': now},
    )
    c.execute(sa.update(OPERATIONS).where(_o.id == op.id).values(wake_seq=_o.wake_seq + 1))
    state = op.state
    events.add(c, op.id, f'{verb}-requested', now, actor=actor, reason=reason, before=state, after=state)


def requests(c: sa.Connection, operation_id: str, new_only: bool = False) -> list[sa.Row]:
    return list(c.execute(_asked_anew if new_only else _asked, {'of': operation_id}))


def answer_request(
    c: sa.Connection, row: Any, state: str, now: float, answer: str | None = None, after: str | None = None
) -> None:
    """row: of requests(). A refused one is an event, too; after: the operation's state then."""
    c.execute(sa.update(REQUESTS).where(REQUESTS.c.id == row.id).values(state=state, answer=answer))
    if state == 'refused':
        said = {'actor': row.actor, 'reason': row.reason, 'error': answer}
        before = asked_in(c, row.operation_id, row.verb)
        events.add(c, row.operation_id, f'{row.verb}-refused', now, before=before, after=after, **said)


def asked_in(c: sa.Connection, operation_id: str, verb: str) -> str | None:
    """The state of the operation when this verb was left for it last."""
    e = EVENTS.c
    asked = sa.select(e.before).where(e.operation_id == operation_id, e.kind == f'{verb}-requested')
    return c.execute(asked.order_by(e.seq.desc()).limit(1)).scalar()


# -- lists ---------------------------------------------------------------------------------------------------------
def page(
    c: sa.Connection,
    *,
    limit: int,
    marker: str | None = None,
    project_id: str | None = None,
    state: str | None = None,
    type: str | None = None,
    instance_id: str | None = None,
    since: float | None = None,
) -> list[sa.Row]:
    """Newest first, with `pausing`; `limit` + 1 rows at most, so that the caller sees whether there are more."""
    query = sa.select(OPERATIONS, _pausing).order_by(_o.created.desc(), _o.id.desc()).limit(limit + 1)
    wanted = {'project_id': project_id, 'state': state, 'type': type, 'resource_id': instance_id}
    for name, value in wanted.items():
        if value is not None:
            query = query.where(_o[name] == value)
    if since is not None:
        query = query.where(_o.created >= since)
    if marker is not None:
        last = sa.select(_o.created).where(_o.id == marker).scalar_subquery()
        query = query.where(sa.or_(_o.created < last, sa.and_(_o.created == last, _o.id < marker)))
    return list(c.execute(query))


def oldest(c: sa.Connection, limit: int) -> list[sa.Row]:
    """What has not ended, the oldest first, with `pausing`."""
    query = sa.select(OPERATIONS, _pausing).where(_o.state.in_(UNDER_WAY)).order_by(_o.created, _o.id)
    return list(c.execute(query.limit(limit)))
