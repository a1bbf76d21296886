"""What must hold once a fleet has come to rest, whatever has happened to it."""

import collections
import contextlib
from typing import Any

from dbaas.cloud.simulated.control import twice
from dbaas.db.words import TERMINAL
from tests.functional.fleet import PROJECT, Fleet
from tests.waiting import until


def violations(fleet: Fleet, late: bool = False) -> list[str]:
    """Empty: every operation has ended or is held with a reason, and nothing is twice, orphaned, locked or miscounted.

    late: a conductor was frozen or cut off. Cloud calls cannot be fenced: what one has made late is given the time of a
    sweep to go, and only commands of guests must not have run twice.
    """
    with contextlib.suppress(AssertionError):
        until(lambda: not orphans(fleet), 60, 'no orphan is left')
    return [
        *[f'{" ".join(map(str, thing))} is nobody\'s' for thing in orphans(fleet)],
        *unfinished(fleet), *commands(fleet), *([] if late else things(fleet)), *locks(fleet), *quota(fleet),
        *repeated(fleet), *overtaken(fleet),
    ]  # fmt: skip


def unfinished(fleet: Fleet) -> list[str]:
    rows = fleet.rows('SELECT id, type, state, reason FROM operation')
    held = ('HELD', 'ABORT_HELD', 'PAUSED')
    return [
        f'{r.type} {r.id} is {r.state}: {r.reason}' for r in rows if r.state not in TERMINAL and r.state not in held
    ] + [f'{r.type} {r.id} is {r.state} without a reason' for r in rows if r.state in held and not r.reason]


def held(fleet: Fleet) -> list[str]:
    """Which operations have not succeeded, and what they say."""
    rows = fleet.rows("SELECT type, id, state, step, reason FROM operation WHERE state <> 'SUCCEEDED'")
    return [f'{r.type} {r.id} is {r.state} at {r.step}: {r.reason}' for r in rows]


def commands(fleet: Fleet) -> list[str]:
    """Those that ran twice in a guest."""
    return [f'{command} ran {n} times' for command, n in fleet.control.executed().items() if n > 1]


def things(fleet: Fleet) -> list[str]:
    return [f'{what} was made while it was there' for what in twice(fleet.control.effects())]


def repeated(fleet: Fleet) -> list[str]:
    """Steps that were finished more than once at the same attempt."""
    rows = fleet.rows("SELECT operation_id, step, attempt FROM operation_event WHERE kind = 'done'")
    return [f'{r[1]} of {r[0]} was done {n} times' for r, n in collections.Counter(map(tuple, rows)).items() if n > 1]


def overtaken(fleet: Fleet) -> list[str]:
    """What a run has written after the claim of a later one."""
    found, epochs = [], collections.Counter[str]()
    rows = fleet.rows('SELECT operation_id, kind, step, epoch FROM operation_event WHERE epoch > 0 ORDER BY seq')
    for r in rows:
        if r.epoch < epochs[r.operation_id]:
            found.append(f'{r.kind} {r.step} of {r.operation_id} was written by a run that was overtaken')
        epochs[r.operation_id] = max(r.epoch, epochs[r.operation_id])
    return found


def orphans(fleet: Fleet) -> list[Any]:
    """What is in the cloud of instances that nobody has, or twice of one instance."""
    there = instances(fleet)
    resources = [tuple(r) for r in fleet.control.snapshot()['resources']]
    doubles = [r for r in resources if resources.count(r) > 1] if len(set(resources)) < len(resources) else []
    return [r for r in resources if r[2] not in there] + doubles


def locks(fleet: Fleet) -> list[str]:
    rows = fleet.rows('SELECT l.*, o.state FROM operation_lock l LEFT JOIN operation o ON o.id = l.operation_id')
    return [f'a lock is left of {r.operation_id}, {r.state}' for r in rows if r.state is None or r.state in TERMINAL]


def quota(fleet: Fleet) -> list[str]:
    """What is counted is what is reserved, and reserved is what instances in being hold."""
    used = {
        r.resource: r.used for r in fleet.rows('SELECT resource, used FROM quotas WHERE project_id = :p', p=PROJECT)
    }
    held = fleet.rows('SELECT resource, resource_id, amount FROM quota_reservations WHERE project_id = :p', p=PROJECT)
    sums = {name: sum(r.amount for r in held if r.resource == name) for name in used}
    wrong = [f'{used[n]} {n} are counted, {sums[n]} are held' for n in used if used[n] != sums[n]]
    return wrong + [f'{i} holds quota and is no more' for i in {r.resource_id for r in held} - instances(fleet)]


def instances(fleet: Fleet) -> set[str]:
    return {row.id for row in fleet.rows('SELECT id FROM instances WHERE deleted IS NULL')}
