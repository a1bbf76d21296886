"""The plan of an operation that was just accepted in a transaction about to be rolled back."""

from typing import Any

import sqlalchemy as sa

from dbaas.db import history, operations, quotas
from dbaas.db.tables import RESERVATIONS
from flows import registry


def plan(c: sa.Connection, operation_id: str, cloud: Any) -> dict[str, Any]:
    """The exact graph with each step's effect, undo or point of no return, expected seconds, and the quota effect."""
    op = operations.get(c, operation_id)
    assert op is not None
    graph, past = registry.graph(op), history.steps(c, op.type)
    expected = {name: past[name, False].p50 for name in graph.places if (name, False) in past}
    slow = {name: past[name, False].p95 for name in expected}
    steps = [
        {
            'name': name,
            'effect': place.step.describe(cloud, op.inputs),
            'undo': place.step.undo_effect or None,
            'irreversible': place.step.irreversible,
            'disrupts': place.step.disrupts,
            'restores': place.step.restores,
            'depth': place.depth,
            'group': place.group,
            'after': list(place.after),
            'expected': expected.get(name),
            'slow': slow.get(name),
        }
        for name, place in graph.places.items()
    ]
    # a run does one step at a time, also in an unordered block: the sum, not the longest way through
    known = [seconds for seconds in expected.values() if seconds is not None]
    return {
        'type': op.type,
        'version': op.version,
        'state': op.state,
        'policy': op.policy,
        'steps': steps,
        'point_of_no_return': next((s['name'] for s in steps if s['irreversible']), None),
        'quota': _quota(c, op),
        'expected_duration': round(sum(known), 3) if known else None,
        'slow_duration': history.whole(c, op.type).p95,
    }


def _quota(c: sa.Connection, op: Any) -> dict[str, dict[str, int]]:
    holder = op.resource_id or op.id
    held = {
        row.resource: row.amount
        for row in c.execute(sa.select(RESERVATIONS).where(RESERVATIONS.c.resource_id == holder))
    }
    frees = -1 if op.type.endswith('.delete') else 1
    rows = quotas.of(c, op.project_id)
    return {
        name: {'adds': frees * amount, 'used': rows[name].used - max(frees * amount, 0), 'limit': rows[name].limit}
        for name, amount in held.items()
    }
