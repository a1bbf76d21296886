"""Parked flows: what a conductor needs for them, and how soon one goes on after the event that it waits for."""

import os
import random
import statistics
import time

import sqlalchemy as sa

from bench import loads, marks, processes
from bench.ours import Ours
from bench.results import Result
from conductor.reports import Reports
from dbaas.db.tables import OPERATIONS
from guestagent.contract.commands import Outcome

WARM, MORE, EVENTS = 200, 1000, 60


def parked(folder: str, ours: Ours) -> list[Result]:
    log, written = os.path.join(folder, 'bench.log'), os.path.join(folder, 'marks-parked')
    with processes.running(log, written, 'bench.program', 'conductor', ours.config) as process:
        _park(ours, WARM)
        before = processes.memory(process.pid)
        found = _park(ours, MORE)
        grown = processes.memory(process.pid) - before
        delays = _wake(ours, written, random.sample(found, EVENTS), process)
    return [
        Result('memory per 1000 parked', grown * 1000 / MORE, 'MiB'),
        Result('event to next step p50', statistics.median(delays), 'ms'),
    ]


def _park(ours: Ours, count: int) -> list[str]:
    """-> ids of as many operations, all parked."""
    found = [ours.accept(loads.PARKS.name, resource_id=f'place-{random.getrandbits(64):x}') for _ in range(count)]
    for start in range(0, count, 100):
        ours.post(*found[start : start + 100])
    give_up = time.monotonic() + 120
    while _waiting(ours) < count or not set(found) <= set(_waiting_ids(ours)):
        if time.monotonic() > give_up:
            raise RuntimeError(f'{_waiting(ours)} operations are parked, not all of {count} more')
        time.sleep(0.1)
    return found


def _waiting_ids(ours: Ours) -> list[str]:
    with ours.db.read() as c:
        return list(c.execute(sa.select(OPERATIONS.c.id).where(OPERATIONS.c.state == 'WAITING')).scalars())


def _waiting(ours: Ours) -> int:
    return len(_waiting_ids(ours))


def _wake(ours: Ours, written: str, keys: list[str], process) -> list[float]:
    """A guest reports, as if to this process. -> milliseconds until the step after the wait runs."""
    reports, sent = Reports(ours.db, ours.board), {}
    with ours.db.read() as c:
        rows = c.execute(sa.select(OPERATIONS.c.id, OPERATIONS.c.resource_id).where(OPERATIONS.c.id.in_(keys))).all()
    for row in rows:
        time.sleep(random.uniform(0.02, 0.08))
        sent[row.id] = time.monotonic()
        reports.on_report(row.resource_id, Outcome(f'{row.id}:await:1', 'succeeded', None, None))
    found = marks.wait_for(written, loads.NEXT, keys, lambda: processes.alive(process))
    return [(found[loads.NEXT, key].at - at) * 1000 for key, at in sent.items()]
