"""The fingerprint of a flow version: what must never change once it is shipped, because logbooks hold it.

`python -m tests.flows.fingerprints` writes fingerprints.json anew: only for a version that no release has shipped.
"""

import hashlib
import json
import pathlib
from typing import Any

from flows import registry
from flows.graph import Graph

FILE = pathlib.Path(__file__).with_name('fingerprints.json')


def shape(name: str, version: int) -> list[dict[str, Any]]:
    """Per step: its name, place, what it needs and gives, and what the engine decides by."""
    graph = Graph(registry.build(name, version))
    return [
        {
            'name': step.name, 'after': list(graph.places[step.name].after), 'gives': sorted(step.provides),
            'needs': sorted(step.rebind.values()), 'undo needs': sorted(step.revert_rebind.values()),
            'irreversible': bool(step.irreversible), 'disrupts': step.disrupts, 'restores': step.restores,
            'awaits': list(step.awaits),
        }
        for step in graph.steps.values()
    ]  # fmt: skip


def fingerprint(name: str, version: int) -> str:
    return hashlib.sha256(json.dumps(shape(name, version)).encode()).hexdigest()[:32]


def current() -> dict[str, str]:
    return {f'{name} {version}': fingerprint(name, version) for name, version in sorted(registry.OPERATIONS)}


def pinned() -> dict[str, str]:
    return json.loads(FILE.read_text())


if __name__ == '__main__':
    FILE.write_text(json.dumps(current(), indent=1) + '\n')
