"""An operation as people see it: its row, its steps, its events. Read from the logbook and operation_event only."""

import datetime
import itertools
from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa
from taskflow import states

from dbaas import exceptions
from dbaas.db import events, operations, waits
from dbaas.db.logbook import book
from flows import registry, verbs

_OUTCOMES = ('done', 'failed', 'parked', 'undone', 'undo-failed', 'skipped', 'started', 'running')


def stamp(seconds: float | None) -> str | None:
    """'2026-01-31T12:00:00.000', UTC."""
    if seconds is None:
        return None
    moment = datetime.datetime.fromtimestamp(seconds, datetime.UTC)
    return moment.strftime('%Y-%m-%dT%H:%M:%S.') + f'{moment.microsecond // 1000:03d}'


def summary(op: Any, pausing: bool = False) -> dict[str, Any]:
    """A list item. PAUSING is shown, not stored: a pause waits for the next step boundary."""
    end = op.finished if op.finished is not None else op.updated
    return {
        'id': op.id,
        'type': op.type,
        'version': op.version,
        'state': 'PAUSING' if pausing and op.finished is None else op.state,
        'undo': bool(op.undo),
        'step': op.step,
        'reason': op.reason,
        'instance_id': op.resource_id,
        'project_id': op.project_id,
        'user_id': op.user_id,
        'request_id': op.request_id,
        'parent_id': op.parent_id,
        'conductor': op.conductor,
        'created': stamp(op.created),
        'updated': stamp(op.updated),
        'started': stamp(op.started),
        'finished': stamp(op.finished),
        'duration': None if op.started is None else round(end - op.started, 3),
    }


def show(c: sa.Connection, operation_id: str) -> dict[str, Any]:
    """One operation with its steps, waits and requests. Raises NotFound.

    A flow version that this program does not know is shown from its atoms alone.
    """
    op = operations.get(c, operation_id)
    if op is None:
        raise exceptions.NotFound(f'Operation {operation_id} not found.')
    asked = operations.requests(c, operation_id) if op.wake_seq else []  # each one moves it
    pausing = any(r.verb == 'pause' and r.state == 'new' for r in asked)
    atoms, history = (book.atoms_of(c, operation_id), events.of(c, operation_id)) if op.epoch else ({}, [])
    return {
        **summary(op, pausing),
        'steps': steps(op, atoms, history),
        'waits': [
            {'step': w.step, 'key': w.key, 'since': stamp(w.since), 'wake_at': stamp(w.wake_at),
             'deadline': stamp(w.deadline)}
            for w in (waits.of(c, operation_id) if op.state == 'WAITING' else [])
        ],
        'requests': [
            {'verb': r.verb, 'actor': r.actor, 'reason': r.reason, 'state': r.state, 'answer': r.answer,
             'at': stamp(r.at)}
            for r in asked
        ],
    }  # fmt: skip


def steps(op: Any, atoms: dict[str, Any], history: Iterable[Any]) -> list[dict[str, Any]]:
    """Every step in reading order, with what is known of its last attempt."""
    last: dict[str, Any] = {}
    first: dict[str, float] = {}
    for event in history:
        if event.step and event.kind in _OUTCOMES:
            last[event.step] = event
            if event.kind == 'parked':
                first.setdefault(event.step, event.started or event.at)
            elif event.kind in ('failed', 'undo-failed'):
                first.pop(event.step, None)
    try:
        graph = registry.graph(op)
    except LookupError:
        return [_bare(name, _state(op, atom, last.get(name)), atom) for name, atom in atoms.items()]
    found = []
    for name, place in graph.places.items():
        atom, event = atoms.get(name), last.get(name)
        row = _bare(name, _state(op, atom, event), atom)
        if event is not None:
            row |= _times(event, first.get(name), row['state'])
        step = place.step
        row |= {
            'effect': step.effect.format_map(op.inputs), 'irreversible': step.irreversible,
            'disrupts': step.disrupts, 'restores': step.restores,
            'depth': place.depth, 'group': place.group, 'after': list(place.after),
        }  # fmt: skip
        found.append(row)
    return _with_conductor(op, found)


def _with_conductor(op: Any, found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Name who runs the steps that run. A start is not committed at once: until then the next step counts as begun."""
    if op.conductor is None or op.state not in ('RUNNING', 'ABORTING'):
        return found
    running = [row for row in found if row['state'] in ('RUNNING', 'REVERTING')]
    if not running and not op.undo:
        done = {row['name'] for row in found if row['state'] in ('SUCCESS', 'SKIPPED')}
        ready = (row for row in found if row['state'] == 'PENDING' and done.issuperset(row['after']))
        running = list(itertools.islice(ready, 1))
        for row in running:
            row['state'] = 'RUNNING'
    for row in running:
        row['conductor'] = op.conductor
    return found


def _bare(name: str, state: str, atom: Any) -> dict[str, Any]:
    meta = (atom.meta or {}) if atom is not None else {}
    return {
        'name': name, 'state': state, 'attempt': meta.get('attempt', 1), 'started': None, 'finished': None,
        'duration': None, 'conductor': None, 'error': None, 'effect': '', 'irreversible': None,
        'disrupts': False, 'restores': False, 'attested_by': meta.get('attested'),
        'depth': 0, 'group': '', 'after': [],
    }  # fmt: skip


def _state(op: Any, atom: Any, event: Any) -> str:
    if atom is None or atom.state is None:
        return 'PENDING'
    if verbs.parked(atom):
        return 'WAITING' if op.state == 'WAITING' else 'PENDING'
    if 'attested' in (atom.meta or {}) and atom.state == states.SUCCESS:
        return 'SKIPPED'
    running = event is not None and event.kind in ('started', 'running') and event.epoch == op.epoch
    if running and op.state in ('RUNNING', 'ABORTING'):
        return 'REVERTING' if op.undo else 'RUNNING'
    if atom.state == states.FAILURE and atom.failure is not None and atom.failure.check(verbs.Aborted):
        return 'REVERTING' if op.state == 'ABORTING' else 'FAILURE'
    return atom.state


def _times(event: Any, first_parked: float | None, state: str) -> dict[str, Any]:
    over = state in ('SUCCESS', 'FAILURE', 'REVERTED', 'REVERT_FAILURE', 'SKIPPED')
    started = event.started if event.started is not None else first_parked
    if state == 'WAITING':
        started = first_parked or started
    return {
        'started': stamp(started),
        'finished': stamp(event.at) if over else None,
        'duration': round(event.at - started, 3) if over and started is not None else None,
        'conductor': event.conductor,
        'error': event.error,
    }


def history(c: sa.Connection, operation_id: str) -> list[dict[str, Any]]:
    """All events, oldest first."""
    fields = (
        'seq', 'kind', 'step', 'conductor', 'epoch', 'attempt', 'actor', 'before', 'after', 'reason', 'error',
    )  # fmt: skip
    return [
        {
            **{name: getattr(event, name) for name in fields},
            'at': stamp(event.at),
            'started': stamp(event.started),
        }
        for event in events.of(c, operation_id)
    ]
