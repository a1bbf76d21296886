"""The operators' verbs: each an edit of the logbook and of the operation's row in the caller's one transaction.

The same functions serve the API (operation at rest), the conductor's resting commit (requests that came while it ran)
and the failure policy. This module knows rows and the flow's graph, no engine.
"""

import dataclasses
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from taskflow import states
from taskflow.types import failure

from dbaas import exceptions
from dbaas.db import events, locks, operations
from dbaas.db.logbook import book
from dbaas.db.words import AT_REST, STUCK, TERMINAL
from flows import registry
from flows.base import CommandFailed, Park
from flows.graph import Graph

RETURN_PASSED = 'it is past the point of no return: resume it, or skip the failed step'


class Aborted(Exception):
    """Planted in a step so that TaskFlow undoes it: somebody, or the policy, decided to abort."""


class Later(Exception):
    """The verb fits, but not yet: its request stays."""


@dataclasses.dataclass
class Edit:
    """One verb on one operation: its row, graph and atoms, who orders it and why."""

    c: sa.Connection
    op: Any
    graph: Graph
    atoms: dict[str, Any]
    now: float
    actor: str
    reason: str | None = None
    step: str | None = None
    output: Any = None
    after: str = ''  # the state it has then

    def state(self, state: str, **values: Any) -> None:
        self.after = state
        operations.set_state(self.c, self.op, state, self.now, actor=self.actor, reason=self.reason, **values)

    def run_on(self) -> None:
        """Runnable again, in the direction it had; what never ran stands in line again unless its turn has come."""
        if self.op.epoch == 0 and not locks.in_turn(self.c, self.op.resource_id, self.op.id):
            self.after = 'ACCEPTED'
            operations.set_state(self.c, self.op, 'ACCEPTED', self.now, actor=self.actor, note=self.reason)
            return
        self.after = 'ABORTING' if self.op.undo else 'QUEUED'
        operations.set_state(
            self.c, self.op, self.after, self.now,
            actor=self.actor, note=self.reason, runnable=True, forget_reason=not self.op.undo,
        )  # fmt: skip

    def refuse(self, why: str = '') -> exceptions.Conflict:
        return exceptions.Conflict(f'Operation {self.op.id} is {self.op.state}{": " + why if why else ""}.')


# -- atoms -----------------------------------------------------------------------------------------------------------
def is_park(found: Any) -> bool:
    return found is not None and found.check(Park) is not None


def parked(atom: Any) -> bool:
    """Whether this step waits, forward or in its undo."""
    return (atom.state == states.FAILURE and is_park(atom.failure)) or (
        atom.state == states.REVERT_FAILURE and is_park(atom.revert_failure)
    )


def planted(why: str) -> failure.Failure:
    """A failure without traceback, so that TaskFlow undoes the step."""
    return failure.Failure.from_exception(Aborted(why))


def _next_attempt(atom: Any) -> None:
    atom.meta = dict(atom.meta or {}, attempt=(atom.meta or {}).get('attempt', 1) + 1)


def _again(atom: Any) -> None:
    """Decide to do a step anew: its attempt is stored before anything is sent."""
    atom.reset(states.PENDING)
    _next_attempt(atom)


def _redo(atoms: dict[str, Any]) -> None:
    """Every failed step, and those whose command a failed wait step names."""
    for atom in list(atoms.values()):
        if atom.state != states.FAILURE:
            continue
        if atom.failure.check(CommandFailed) is not None:
            for name in atom.failure.exception_args[0]:
                _again(atoms[name])
        if is_park(atom.failure):
            atom.reset(states.PENDING)
        else:
            _again(atom)


# -- verbs -----------------------------------------------------------------------------------------------------------
def resume(e: Edit) -> None:
    if e.op.state == 'HELD':
        _redo(e.atoms)
        e.run_on()
    elif e.op.state == 'ABORT_HELD':
        for atom in e.atoms.values():
            if atom.state == states.REVERT_FAILURE:
                atom.put(states.FAILURE, planted('undo again'))
                _next_attempt(atom)
        e.run_on()
    elif e.op.state == 'PAUSED':
        e.run_on()
    elif e.op.state not in ('QUEUED', 'RUNNING', 'ABORTING'):
        raise e.refuse('nothing to resume')


def retry_now(e: Edit) -> None:
    if e.op.state == 'WAITING':
        e.run_on()
    else:
        resume(e)


def skip(e: Edit) -> None:
    """The step counts as done (or as undone), by attestation: `output` is its result."""
    atom = e.atoms.get(e.step or '')
    if atom is None:
        raise exceptions.Conflict(f'Operation {e.op.id} has no step {e.step!r} that could be skipped.')
    if e.op.state == 'ABORT_HELD' and atom.state == states.REVERT_FAILURE:
        atom.put(states.REVERTED, None)
    elif e.op.state in ('HELD', 'WAITING') and not e.op.undo and atom.state == states.FAILURE:
        atom.reset(states.PENDING)
        atom.put(states.SUCCESS, e.output)
    else:
        raise e.refuse(f'step {e.step} did not stop it, so it cannot be skipped')
    atom.meta = dict(atom.meta or {}, attested=e.actor)
    events.add(e.c, e.op.id, 'skipped', e.now, step=e.step, actor=e.actor, reason=e.reason)
    e.run_on()


def abort(e: Edit) -> None:
    e.reason = e.reason if e.actor == 'policy' else f'aborted by {e.actor}{": " + e.reason if e.reason else ""}'
    if e.op.state in ('ACCEPTED', 'QUEUED', 'PAUSED', 'HELD') and not e.atoms:
        return e.state('CANCELLED')
    if e.op.undo:
        if e.op.state in ('ABORTING', 'WAITING'):
            return None
        raise e.refuse('it is being undone already; resume continues the undo')
    if e.graph.past_return(e.atoms):
        raise e.refuse(RETURN_PASSED)
    begun = e.graph.maybe_started(e.atoms) | e.graph.ready(e.atoms)
    unfinished = {name for name in begun if e.atoms[name].state != states.SUCCESS}
    for name in unfinished or e.graph.last():  # a skip may have left nothing to do, but not ended it yet
        e.atoms[name].put(states.FAILURE, planted(e.actor))
    return e.state('ABORTING', runnable=True, undo=True)


def pause(e: Edit) -> None:
    if e.op.state == 'PAUSED':
        return
    if e.op.state not in ('QUEUED', 'ABORTING', 'WAITING', 'ACCEPTED'):
        raise e.refuse('only an operation under way can be paused')
    if e.atoms and e.graph.disrupted(e.atoms):
        raise Later  # the service is away: it takes effect once that is restored
    e.state('PAUSED')


def hold(e: Edit) -> None:
    """reset_status: held where it stands; resume, skip or abort then decide."""
    if e.op.state not in STUCK:
        stopped = any(atom.state in (states.FAILURE, states.REVERT_FAILURE) for atom in e.atoms.values())
        e.state('ABORT_HELD' if e.op.undo else 'HELD', **({} if stopped else {'step': None}))


def supersede(e: Edit) -> None:
    e.after = 'SUPERSEDED'
    operations.supersede(e.c, e.op, e.actor, e.now, e.reason)


VERBS: dict[str, Callable[[Edit], None]] = {
    'resume': resume,
    'retry-now': retry_now,
    'skip': skip,
    'abort': abort,
    'pause': pause,
    'hold': hold,
    'supersede': supersede,
}
AT_REST_ONLY = ('skip',)


# -- applying them ---------------------------------------------------------------------------------------------------
def apply(
    c: sa.Connection,
    graph: Graph,
    op: Any,
    verb: str,
    now: float,
    *,
    actor: str,
    reason: str | None = None,
    step: str | None = None,
    output: Any = None,
    before: str | None = None,
) -> None:
    """Edit rows in this transaction, and leave the verb's own event, whether or not it changed anything.

    before: the state in which it was ordered, if not the present one. Raises Conflict naming the state, or Later.
    """
    if op.state in TERMINAL:
        raise exceptions.Conflict(f'Operation {op.id} has ended: {op.state}.')
    atoms = book.atoms_of(c, op.id)
    edit = Edit(c, op, graph, atoms, now, actor, reason, step, output)
    VERBS[verb](edit)
    book.save_atoms(c, atoms.values())
    changed = {'before': before or op.state, 'after': edit.after or op.state}
    events.add(c, op.id, verb, now, step=step, actor=actor, reason=reason, **changed)


def apply_requests(c: sa.Connection, graph: Graph, operation_id: str, now: float) -> None:
    """The verbs that came while the operation ran, oldest first, as if they came now."""
    for row in operations.requests(c, operation_id, new_only=True):
        op = operations.get(c, operation_id)
        assert op is not None
        try:
            before = operations.asked_in(c, operation_id, row.verb)
            apply(c, graph, op, row.verb, now, actor=row.actor, reason=row.reason, before=before, **row.args)
        except Later:
            continue
        except exceptions.Conflict as conflict:
            operations.answer_request(c, row, 'refused', now, str(conflict), after=op.state)
        else:
            operations.answer_request(c, row, 'applied', now)


def order(
    c: sa.Connection,
    operation_id: str,
    verb: str,
    now: float,
    *,
    actor: str,
    reason: str | None = None,
    step: str | None = None,
    output: Any = None,
) -> list[operations.Job]:
    """What the API does: at rest the verb is applied here and now, on a running operation it is left as a request.

    -> jobs to post after the commit. Raises NotFound, Conflict (the message names the state).
    """
    op = operations.lock_row(c, operation_id)
    if op is None:
        raise exceptions.NotFound(f'Operation {operation_id} not found.')
    if op.state in TERMINAL:
        raise exceptions.Conflict(f'Operation {op.id} has ended: {op.state}.')
    if op.state in AT_REST:
        graph = registry.graph(op)
        try:
            apply(c, graph, op, verb, now, actor=actor, reason=reason, step=step, output=output)
        except Later:
            operations.request(c, op, verb, actor, now, reason)
    elif verb in AT_REST_ONLY:
        raise exceptions.Conflict(f'Operation {op.id} is {op.state}: {verb} needs one that has stopped.')
    elif verb == 'abort' and not op.undo:
        _refuse_late_abort(c, op)
        operations.request(c, op, verb, actor, now, reason)
    else:
        operations.request(c, op, verb, actor, now, reason)
    return operations.jobs(c, operation_id)


def _refuse_late_abort(c: sa.Connection, op: Any) -> None:
    """The point of no return is recorded before it is passed: no need to let the caller wait for the refusal."""
    atoms = book.atoms_of(c, op.id)
    graph = registry.graph(op)
    started = {event.step for event in events.of(c, op.id) if event.kind == 'started'}
    if any(graph.steps[name].irreversible for name in started if name in graph.steps) or graph.past_return(atoms):
        raise exceptions.Conflict(f'Operation {op.id} is {op.state}: {RETURN_PASSED}.')


def reset_status(c: sa.Connection, instance_id: str, actor: str, now: float) -> list[operations.Job]:
    """Force delete's first half: active operations are held at their next step boundary; else nothing changes."""
    active = operations.active(c, instance_id)
    for op in active:
        order(c, op.id, 'hold', now, actor=actor, reason=f'reset-status by {actor}')
    return operations.jobs(c, *[op.id for op in active])
