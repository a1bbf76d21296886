"""Stopping a run from outside: a step past its deadline, an engine that cannot go on. The run is fenced off."""

import sqlalchemy as sa
from taskflow import states
from taskflow.types import failure

from dbaas.db import events, operations
from dbaas.db.logbook import book
from flows import registry, verbs
from flows.base import DeadlineExceeded


def hold_run(c: sa.Connection, operation_id: str, now: float, reason: str) -> None:
    """Stop an operation whose run cannot go on; the run, if it still lives, is fenced off."""
    op = operations.lock_row(c, operation_id)
    if op is not None and op.state in ('RUNNING', 'ABORTING', 'QUEUED'):
        state = 'ABORT_HELD' if op.undo else 'HELD'
        operations.set_state(c, op, state, now, actor='conductor', reason=reason, epoch=op.epoch + 1, step=None)
        verbs.apply_requests(c, registry.graph(op), operation_id, now)


def expire(c: sa.Connection, operation_id: str, step: str, epoch: int, now: float, seconds: float) -> bool:
    """A step has run past its deadline: its run is fenced off and the step counts as failed. -> whether it did.

    It does not while somebody has the row, most likely the run, which ends the step just now; the next tick looks.
    The failure policy and waiting verbs are applied by the caller in the same transaction.
    """
    op = operations.lock_row(c, operation_id, wait=False)
    if op is None or op.epoch != epoch or op.state not in ('RUNNING', 'ABORTING'):
        return False
    atoms = book.atoms_of(c, operation_id)
    if atoms[step].state == (states.REVERTED if op.undo else states.SUCCESS):
        return False  # it has just ended
    late = failure.Failure.from_exception(DeadlineExceeded(f'{step} ran longer than {seconds:g} s'))
    if op.undo:
        atoms[step].state, atoms[step].revert_failure = states.REVERT_FAILURE, late
    else:
        atoms[step].put(states.FAILURE, late)
    book.save_atoms(c, [atoms[step]])
    reason = f'step {step} ran longer than {seconds:g} s and was given up; the call may still have an effect'
    events.add(c, operation_id, 'undo-failed' if op.undo else 'failed', now, step=step, epoch=epoch, error=reason)
    state = 'ABORT_HELD' if op.undo else 'HELD'
    operations.set_state(c, op, state, now, actor='timer', reason=reason, epoch=op.epoch + 1, step=step)
    return True
