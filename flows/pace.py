"""Whether an operation is slower than usual: how long its present step has run, beside history."""

from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa
from oslo_config import cfg

from dbaas.db import history, waits
from flows.graph import Graph
from flows.progress import stamp

ENOUGH = 5  # successes, before anything is called slow
_OUTCOMES = ('done', 'undone', 'failed', 'undo-failed', 'parked', 'claimed', 'skipped')


def of(
    c: sa.Connection, op: Any, graph: Graph | None, told: Iterable[Any], settings: cfg.ConfigOpts, now: float
) -> dict[str, Any] | None:
    """{step, started, ran, deadline, count, p50, p95, slower}; None when no step runs or waits.

    told: its events. Times in seconds, null without history; deadline: when the step is given up.
    """
    found = _present(c, op, told)
    if found is None:
        return None
    step, started = found
    past = history.steps(c, op.type).get((step, bool(op.undo)))
    ran = round(max(now - started, 0.0), 3)
    p95 = past.p95 if past else None
    return {
        'step': step,
        'started': stamp(started),
        'ran': ran,
        'deadline': _deadline(graph, step, started, settings),
        'count': past.count if past else 0,
        'p50': past.p50 if past else None,
        'p95': p95,
        'slower': past is not None and p95 is not None and past.count >= ENOUGH and ran > p95,
    }


def _present(c: sa.Connection, op: Any, told: Iterable[Any]) -> tuple[str, float] | None:
    """The step it is at, and since when."""
    if op.state == 'WAITING':
        found = waits.of(c, op.id)
        return (found[0].step, min(w.since for w in found)) if found else None
    if op.state not in ('RUNNING', 'ABORTING') or op.conductor is None:
        return None
    running = None
    for event in told:  # the last start of this run that has no outcome yet
        if event.kind in ('running', 'started') and event.epoch == op.epoch:
            running = (event.step, event.at if event.started is None else event.started)
        elif event.kind in _OUTCOMES:
            running = None
    return running


def _deadline(graph: Graph | None, step: str, started: float, settings: cfg.ConfigOpts) -> str | None:
    if graph is None or step not in graph.steps:
        return None
    return stamp(started + settings.flows[f'{graph.steps[step].deadline}_deadline'])
