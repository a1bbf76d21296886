"""The plan of an operation that was just accepted in a transaction about to be rolled back."""

import dataclasses
from typing import Any

import sqlalchemy as sa

from dbaas.db import history, operations, quotas
from dbaas.db.tables import RESERVATIONS
from flows import registry
from flows.graph import Graph


@dataclasses.dataclass(frozen=True)
class Draft:
    """A plan whose effects are not told yet: that may ask the cloud, and no transaction waits for a cloud."""

    document: dict[str, Any]
    graph: Graph
    inputs: dict[str, Any]

    def told(self, cloud: Any) -> dict[str, Any]:
        for row in self.document['steps']:
            row['effect'] = self.graph.steps[row['name']].describe(cloud, self.inputs)
        return self.document


def plan(c: sa.Connection, operation_id: str) -> Draft:
    """The exact graph with each step's undo or point of no return, expected seconds, and the quota effect."""
    op = operations.get(c, operation_id)
    assert op is not None
    graph, past = registry.graph(op), history.steps(c, op.type)
    expected = {name: past[name, False].p50 for name in graph.places if (name, False) in past}
    slow = {name: past[name, False].p95 for name in expected}
    steps = [
        {
            'name': name,
            'effect': '',
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
    document = {
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
    return Draft(document, graph, op.inputs)


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
