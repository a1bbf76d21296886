"""Why an operation is where it is: what it waits for, what failed, who holds the lock, what to do."""

from typing import Any

import sqlalchemy as sa

from dbaas import exceptions
from dbaas.db import events, locks, operations, waits
from dbaas.db.logbook import book
from dbaas.db.words import TERMINAL
from flows import registry
from flows.progress import stamp


def why(c: sa.Connection, operation_id: str) -> dict[str, Any]:
    """{summary, state, step, since, waiting_on, last_error, lock, conductor, advice}. Raises NotFound."""
    op = operations.get(c, operation_id)
    if op is None:
        raise exceptions.NotFound(f'Operation {operation_id} not found.')
    failed = [e for e in events.of(c, operation_id) if e.error]
    holder = next((h for h in _ahead(c, op)), None)
    summary, advice = _explain(c, op, holder)
    return {
        'summary': summary,
        'state': op.state,
        'step': op.step,
        'since': stamp(op.updated),
        'waiting_on': [
            {'key': w.key, 'step': w.step, 'since': stamp(w.since), 'looks_again': stamp(w.wake_at),
             'deadline': stamp(w.deadline)}
            for w in waits.of(c, operation_id) if op.state == 'WAITING'
        ],
        'last_error': None if not failed else {
            'step': failed[-1].step, 'at': stamp(failed[-1].at), 'attempt': failed[-1].attempt,
            'error': failed[-1].error,
        },
        'lock': None if holder is None else {
            'operation': holder.operation_id, 'type': holder.type, 'state': holder.state,
        },
        'conductor': op.conductor,
        'advice': advice,
    }  # fmt: skip


def _ahead(c: sa.Connection, op: Any) -> list[Any]:
    if op.resource_id is None or op.state != 'ACCEPTED':
        return []
    return [h for h in locks.holders(c, op.resource_id) if h.operation_id != op.id]


def _explain(c: sa.Connection, op: Any, holder: Any) -> tuple[str, list[str]]:
    """One sentence, and commands that fit."""
    verb = f'dbaas-flow {{}} {op.id} --reason "..."'
    if op.state in TERMINAL:
        return f'It has ended: {op.state}' + (f' ({op.reason}).' if op.reason else '.'), []
    if op.state == 'ACCEPTED':
        name = f'{holder.type} {holder.operation_id} ({holder.state})' if holder else 'another operation'
        return f'It stands in line behind {name}.', []
    if op.state == 'QUEUED':
        return 'It can run and waits for a free conductor.', ['If this lasts, look whether a conductor is running.']
    if op.state in ('RUNNING', 'ABORTING'):
        doing = 'undoing' if op.undo else 'running'
        return f'{op.conductor} is {doing} it; the last step it showed is {op.step or "none yet"}.', []
    if op.state == 'WAITING':
        return f'Step {op.step} waits for something outside; no thread is held.', [verb.format('retry-now')]
    if op.state == 'PAUSED':
        return f'It is paused{": " + op.reason if op.reason else ""}.', [
            verb.format('resume'),
            verb.format('abort'),
        ]
    return _explain_held(c, op, verb)


def _explain_held(c: sa.Connection, op: Any, verb: str) -> tuple[str, list[str]]:
    reason = op.reason or 'no reason was recorded'
    advice = ['Mend the cause, then: ' + verb.format('resume')]
    if op.step is None:
        summary = f'It is held between two steps: {reason}'
    else:
        summary = f'It is held at {"the undo of step" if op.undo else "step"} {op.step}: {reason}'
        advice.append(f'Done by hand: dbaas-flow skip {op.id} --step {op.step} --reason "..."')
    if not op.undo:
        past = registry.graph(op).past_return(book.atoms_of(c, op.id))
        advice.append(
            'It is past the point of no return: it cannot be aborted.'
            if past
            else 'Undo everything: ' + verb.format('abort')
        )
    return summary, advice
