"""What finished and running operations tell about time: durations per step, counts per state, who works.

Every query is bounded: by the newest so many operations of a type, by the active ones, or by a window of time.
"""

import dataclasses
import math
from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa

from dbaas.db.tables import EVENTS, OPERATIONS
from dbaas.db.words import STUCK, TERMINAL, UNDER_WAY

SAMPLES = 500  # operations of a type, the newest ones
_FAILURES = ('failed', 'undo-failed')
_TIMED = ('done', 'undone', *_FAILURES)
_STOPS = ('held', 'abort-held', 'paused')  # then somebody's absence counts, not the work
_o, _e = OPERATIONS.c, EVENTS.c


@dataclasses.dataclass(frozen=True)
class Durations:
    """How long something took, in seconds; count: the successes these are made from."""

    count: int
    failures: int
    p50: float | None
    p95: float | None
    longest: float | None


def _durations(times: Iterable[float], failures: int) -> Durations:
    known = sorted(times)
    return Durations(
        len(known), failures, percentile(known, 50), percentile(known, 95), round(known[-1], 3) if known else None
    )


def percentile(known: list[float], percent: int) -> float | None:
    """The nearest rank of sorted values; None of none."""
    return round(known[math.ceil(len(known) * percent / 100) - 1], 3) if known else None


def _recent(type_: str, since: float, samples: int) -> Any:
    """The newest operations of a type, accepted since then."""
    query = sa.select(_o.id, _o.state, _o.started, _o.finished).where(_o.type == type_, _o.created >= since)
    return query.order_by(_o.created.desc()).limit(samples)


def steps(
    c: sa.Connection, type_: str, since: float = 0.0, samples: int = SAMPLES
) -> dict[tuple[str, bool], Durations]:
    """By (step, whether it is the undo): each attempt counts, a wait from its first park on."""
    recent = _recent(type_, since, samples).subquery()
    rows = c.execute(
        sa.select(_e.step, _e.kind, _e.started, _e.at)
        .join(recent, recent.c.id == _e.operation_id)
        .where(_e.kind.in_(_TIMED), _e.step.is_not(None))
    )
    times: dict[tuple[str, bool], list[float]] = {}
    failures: dict[tuple[str, bool], int] = {}
    for row in rows:
        key = (row.step, row.kind.startswith('undo'))
        took = times.setdefault(key, [])
        if row.kind in _FAILURES:
            failures[key] = failures.get(key, 0) + 1
        elif row.started is not None:
            took.append(max(row.at - row.started, 0.0))
    return {key: _durations(took, failures.get(key, 0)) for key, took in times.items()}


def whole(c: sa.Connection, type_: str, since: float = 0.0, samples: int = SAMPLES) -> Durations:
    """From the first claim to the end, of those that succeeded in one go; failures: held now, or aborted."""
    recent = _recent(type_, since, samples).subquery()
    stopped = sa.exists().where(_e.operation_id == recent.c.id, _e.kind.in_(_STOPS)).label('stopped')
    rows = list(c.execute(sa.select(recent, stopped)))
    took = [r.finished - r.started for r in rows if r.state == 'SUCCEEDED' and r.started is not None and not r.stopped]
    return _durations(took, sum(row.state in (*STUCK, 'ABORTED') for row in rows))


# -- now -----------------------------------------------------------------------------------------------------------
def states(c: sa.Connection) -> list[sa.Row]:
    """(state, total, since) of what has not ended; since: the one that has not moved for longest."""
    return list(
        c.execute(
            sa.select(_o.state, sa.func.count().label('total'), sa.func.min(_o.updated).label('since'))
            .where(_o.state.in_(UNDER_WAY))
            .group_by(_o.state)
        )
    )


def conductors(c: sa.Connection) -> list[sa.Row]:
    """(name, running, beat) of each that holds claims; beat: the oldest sign of life among them."""
    return list(
        c.execute(
            sa.select(_o.conductor.label('name'), sa.func.count().label('running'), sa.func.min(_o.beat).label('beat'))
            .where(_o.state.in_(('RUNNING', 'ABORTING')), _o.conductor.is_not(None))
            .group_by(_o.conductor)
            .order_by(_o.conductor)
        )
    )


def ended(c: sa.Connection, since: float) -> dict[str, int]:
    """How many ended in each terminal state since then."""
    rows = c.execute(
        sa.select(_o.state, sa.func.count())
        .where(_o.finished >= since, _o.state.in_(TERMINAL))
        .group_by(_o.state)
    )  # fmt: skip
    return {row[0]: row[1] for row in rows}


def accepted(c: sa.Connection, types: Iterable[str], since: float) -> int:
    """How many of these types were accepted since then."""
    return c.execute(
        sa.select(sa.func.count()).select_from(OPERATIONS).where(_o.type.in_(list(types)), _o.created >= since)
    ).scalar_one()


def versions(c: sa.Connection) -> dict[tuple[str, int], int]:
    """How many operations under way need which (type, version) of a flow."""
    rows = c.execute(
        sa.select(_o.type, _o.version, sa.func.count())
        .where(_o.state.in_(UNDER_WAY))
        .group_by(_o.type, _o.version)
    )  # fmt: skip
    return {(row[0], row[1]): row[2] for row in rows}
