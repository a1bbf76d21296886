"""How long operations and their steps take, from history; and what is under way now, for `top`."""

import dataclasses
from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa

from dbaas.db import history, operations
from dbaas.db.words import UNDER_WAY
from flows import registry
from flows.graph import Graph
from flows.progress import stamp, summary


def known_types() -> list[str]:
    """Of the operations that this program knows."""
    return sorted({name for name, _ in registry.OPERATIONS})


def stats(c: sa.Connection, types: Iterable[str], since: float, samples: int) -> list[dict[str, Any]]:
    """A row for each type that has history (step null), then one for each of its steps, in reading order.

    {type, step, undo, count, failures, p50, p95, longest}, times in seconds; from the newest `samples` operations of
    the type that were accepted since then.
    """
    found: list[dict[str, Any]] = []
    for type_ in types:
        past = history.steps(c, type_, since, samples)
        if past:
            found.append(_row(type_, None, False, history.whole(c, type_, since, samples)))
            found += [_row(type_, *key, past[key]) for key in _in_order(type_, past)]
    return found


def _row(type_: str, step: str | None, undo: bool, durations: history.Durations) -> dict[str, Any]:
    return {'type': type_, 'step': step, 'undo': undo, **dataclasses.asdict(durations)}


def _in_order(type_: str, keys: Iterable[tuple[str, bool]]) -> list[tuple[str, bool]]:
    """As the newest flow has them; steps of older flows after these, undos last."""
    versions = [version for name, version in registry.OPERATIONS if name == type_]
    places = list(Graph(registry.build(type_, max(versions))).places) if versions else []
    place = {name: number for number, name in enumerate(places)}
    return sorted(keys, key=lambda key: (key[1], place.get(key[0], len(place)), key[0]))


# -- now -----------------------------------------------------------------------------------------------------------
def now(c: sa.Connection, at: float, window: float, limit: int) -> dict[str, Any]:
    """What is under way at `at`: counts by state, who works, the oldest `limit` operations, rates.

    window: seconds that the rates are taken over; they are per minute.
    """
    minutes = window / 60
    ended = history.ended(c, at - window)
    return {
        'at': stamp(at),
        'states': {row.state: {'count': row.total, 'since': stamp(row.since)} for row in _in_words(c)},
        'conductors': [
            {'name': row.name, 'running': row.running, 'beat': stamp(row.beat)} for row in history.conductors(c)
        ],
        'rates': {
            'window': window,
            'accepted': round(history.accepted(c, known_types(), at - window) / minutes, 2),
            'ended': {state.lower(): round(count / minutes, 2) for state, count in sorted(ended.items())},
        },
        'operations': [summary(row, row.pausing) for row in operations.oldest(c, limit)],
    }


def _in_words(c: sa.Connection) -> list[Any]:
    return sorted(history.states(c), key=lambda row: UNDER_WAY.index(row.state))
