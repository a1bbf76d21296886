"""Why an operation is where it is: what it waits for and since when, what failed, who holds it, what to do."""

import dataclasses
from typing import Any

import sqlalchemy as sa
from oslo_config import cfg

from dbaas import exceptions
from dbaas.db import events, history, locks, operations, waits
from dbaas.db.logbook import book
from dbaas.db.words import TERMINAL
from flows import awaited, pace, registry
from flows.graph import Graph
from flows.progress import stamp


@dataclasses.dataclass(frozen=True)
class Case:
    """One operation and what its explanation needs; graph: None of a flow that this program does not know."""

    c: sa.Connection
    op: Any
    settings: cfg.ConfigOpts
    now: float
    graph: Graph | None
    ahead: list[Any]  # locks of those whose turn comes first
    asked: list[Any]  # verbs that wait for the next step boundary

    def verb(self, verb: str, more: str = '') -> str:
        """A command line to paste."""
        return f"dbaas-flow {verb} {self.op.id}{more} --reason '...'"

    def ago(self, moment: float) -> str:
        return seconds(max(self.now - moment, 0.0))


def seconds(value: float) -> str:
    """'12 s', '3 min 20 s', '2 h 05 min'."""
    whole = round(value)
    if whole < 60:
        return f'{whole} s'
    minutes, rest = divmod(whole, 60)
    return f'{minutes} min {rest:02d} s' if minutes < 60 else f'{minutes // 60} h {minutes % 60:02d} min'


def why(c: sa.Connection, operation_id: str, settings: cfg.ConfigOpts, now: float) -> dict[str, Any]:
    """{summary, state, step, since, ...}; now: seconds since the epoch. Raises NotFound."""
    op = operations.get(c, operation_id)
    if op is None:
        raise exceptions.NotFound(f'Operation {operation_id} not found.')
    graph = _graph(op)
    asked = operations.requests(c, operation_id, new_only=True)
    case = Case(c, op, settings, now, graph, _ahead(c, op), asked)
    told = events.of(c, operation_id)
    speed = pace.of(c, op, graph, told, settings, now)
    summary, advice = _explain(case)
    return {
        'summary': summary + _slow(speed),
        'state': 'PAUSING' if any(r.verb == 'pause' for r in asked) and op.state not in TERMINAL else op.state,
        'step': op.step,
        'since': stamp(op.updated),
        'waiting_on': _waiting_on(case),
        'pace': speed,
        'last_error': _last_error(told),
        'lock': None if not case.ahead else _holder(case.ahead[0]),
        'behind': [_holder(h) for h in _behind(c, op)],
        'conductor': op.conductor,
        'beat': stamp(op.beat) if op.conductor else None,
        'requests': [{'verb': r.verb, 'actor': r.actor, 'reason': r.reason, 'at': stamp(r.at)} for r in asked],
        'advice': advice,
    }


def _graph(op: Any) -> Graph | None:
    try:
        return registry.graph(op)
    except LookupError:
        return None


def _waiting_on(case: Case) -> list[dict[str, Any]]:
    if case.op.state != 'WAITING':
        return []
    return [
        {'key': w.key, 'what': awaited.words(case.c, case.op, w), 'step': w.step, 'since': stamp(w.since),
         'looks_again': stamp(w.wake_at), 'deadline': stamp(w.deadline)}
        for w in waits.of(case.c, case.op.id)
    ]  # fmt: skip


def _last_error(told: list[Any]) -> dict[str, Any] | None:
    failed = [e for e in told if e.error and not e.kind.endswith('-refused')]
    if not failed:
        return None
    last = failed[-1]
    return {'step': last.step, 'at': stamp(last.at), 'attempt': last.attempt, 'error': last.error}


# -- locks -----------------------------------------------------------------------------------------------------------
def _ahead(c: sa.Connection, op: Any) -> list[Any]:
    """Locks that keep it in line, the first first."""
    if op.resource_id is None or op.state != 'ACCEPTED':
        return []
    present = locks.holders(c, op.resource_id)
    mine = next((h.seq for h in present if h.operation_id == op.id), None)
    return [h for h in present if h.operation_id != op.id and (mine is None or h.seq < mine)]


def _behind(c: sa.Connection, op: Any) -> list[Any]:
    """Those that wait for this one to end."""
    present = locks.holders(c, op.resource_id) if op.resource_id is not None else []
    mine = next((h.seq for h in present if h.operation_id == op.id), None)
    return [h for h in present if mine is not None and h.seq > mine and h.state == 'ACCEPTED']


def _holder(lock: Any) -> dict[str, Any]:
    return {'operation': lock.operation_id, 'type': lock.type, 'state': lock.state}


# -- words -----------------------------------------------------------------------------------------------------------
def _slow(speed: dict[str, Any] | None) -> str:
    if speed is None or not speed['slower']:
        return ''
    usual, slow = seconds(speed['p50']), seconds(speed['p95'])
    return f' Slower than usual: {seconds(speed["ran"])}, usually {usual} (p95 {slow}).'


def _explain(case: Case) -> tuple[str, list[str]]:
    """A sentence or two, and commands that fit."""
    op = case.op
    if op.state in TERMINAL:
        return f'It has ended: {op.state}' + (f' ({op.reason}).' if op.reason else '.'), []
    if case.graph is None:
        return _unknown_flow(case)
    explain = {
        'ACCEPTED': _in_line, 'QUEUED': _queued, 'RUNNING': _running, 'ABORTING': _running, 'WAITING': _waiting,
        'PAUSED': _paused, 'HELD': _held, 'ABORT_HELD': _held,
    }[op.state]  # fmt: skip
    summary, advice = explain(case)
    return summary + ''.join(_asked(case, row) for row in case.asked), advice


def _unknown_flow(case: Case) -> tuple[str, list[str]]:
    op = case.op
    return (
        f'It is {op.state} and needs flow {op.type} version {op.version}, which this program does not know: only a '
        'conductor of a release that knows it runs it, and only an API of that release takes orders for it.',
        ['Start a conductor of the release that accepted it; this one leaves it alone.'],
    )


def _asked(case: Case, row: Any) -> str:
    """What a verb that was left for the next boundary waits for."""
    when = 'after the step that runs now'
    if row.verb == 'pause':
        when += ', or once service is restored'
    return f' {row.actor} asked {case.ago(row.at)} ago to {row.verb} it: that takes effect {when}.'


def _in_line(case: Case) -> tuple[str, list[str]]:
    if not case.ahead:
        return 'Its turn has come; the next commit of its resource makes it runnable.', []
    first = case.ahead[0]
    more = f' and {len(case.ahead) - 1} more' if len(case.ahead) > 1 else ''
    what = f'operation {first.operation_id} ({first.type}, {first.state}){more}'
    return (
        f'It has waited {case.ago(case.op.created)} for its turn behind {what}, which holds {case.op.resource_id}.',
        [f'See what that one does: dbaas-flow why {first.operation_id}'],
    )


def _queued(case: Case) -> tuple[str, list[str]]:
    working = history.conductors(case.c)
    silent = case.now - case.settings.conductor.claim_timeout
    alive = [f'{row.name} ({row.running})' for row in working if row.beat >= silent]
    who = f'Working now: {", ".join(alive)}.' if alive else 'No conductor is seen to run anything.'
    waited = case.ago(case.op.updated)
    return f'It can run and waits for a free conductor: none has claimed it for {waited}. {who}', [
        'If this lasts: is a conductor running, and does it reach board and database? See the log of dbaas-conductor.',
        'All busy? More of them, or more [conductor] workers: dbaas-flow top',
    ]


def _running(case: Case) -> tuple[str, list[str]]:
    op, limit = case.op, case.settings.conductor.claim_timeout
    doing = 'undoing' if op.undo else 'running'
    if op.conductor is None:
        return f'It waits for a free conductor that goes on {doing} it, for {case.ago(op.updated)}.', [
            'If this lasts: is a conductor running, and does it reach board and database?'
        ]
    if case.now - op.beat > limit / 2:  # a live one gives four signs within the limit
        return (
            f'{op.conductor} claimed it and has given no sign of life for {case.ago(op.beat)} (since {stamp(op.beat)}).'
            f' Another conductor goes on with it once that claim is lost, after {seconds(limit)} at the latest.',
            [f'Is {op.conductor} dead or frozen? Start it again, or see that another conductor runs.'],
        )
    return f'{op.conductor} is {doing} it; the last step it showed is {op.step or "none yet"}.', []


def _waiting(case: Case) -> tuple[str, list[str]]:
    found = waits.of(case.c, case.op.id)
    what = '; '.join(awaited.words(case.c, case.op, w) for w in found) or 'something outside'
    since = min((w.since for w in found), default=case.op.updated)
    ends = [w.deadline for w in found if w.deadline is not None]
    until = f', and gives up at {stamp(min(ends))}' if ends else ''
    undo = 'The undo of step' if case.op.undo else 'Step'
    return f'{undo} {case.op.step} has waited {case.ago(since)} for {what}{until}. No thread is held.', [
        'Look at once: ' + case.verb('retry-now'),
        *awaited.advice(case.op, found),
    ]


def _paused(case: Case) -> tuple[str, list[str]]:
    said = f': {case.op.reason}' if case.op.reason else ''
    return f'It has been paused for {case.ago(case.op.updated)}{said}.', [
        'Go on: ' + case.verb('resume'),
        *_abort(case),
    ]


def _held(case: Case) -> tuple[str, list[str]]:
    op, reason = case.op, case.op.reason or 'no reason was recorded'
    advice = ['Mend the cause, then: ' + case.verb('resume')]
    if op.step is None:
        summary = f'It is held between two steps: {reason}'
    else:
        summary = f'It is held at {"the undo of step" if op.undo else "step"} {op.step}: {reason}'
        advice.append('Done by hand: ' + case.verb('skip', f' --step {op.step}'))
    return summary, [*advice, *_abort(case)]


def _abort(case: Case) -> list[str]:
    if case.op.undo:
        return []
    if case.graph is not None and case.graph.past_return(book.atoms_of(case.c, case.op.id)):
        return ['It is past the point of no return: it cannot be aborted.']
    return ['Undo everything: ' + case.verb('abort')]
