"""What a person is asked before an order is given. Pure."""

import collections
from typing import Any

from dbaas.cli.flow.render.operations import line
from dbaas.cli.text import clean

_SHOWN = 5
_MAY_HAVE_DONE = ('SUCCESS', 'FAILURE', 'RUNNING', 'WAITING', 'SKIPPED')


def question(operation: dict[str, Any], verb: str, step: str | None) -> str:
    """The operation as it stands, what the verb means here, and the question."""
    return '\n'.join([line(operation), *_meaning(operation, verb, step), f'{verb} it?'])


def _meaning(operation: dict[str, Any], verb: str, step: str | None) -> list[str]:
    steps = operation.get('steps') or []
    if verb == 'skip':
        return [f'You attest that {clean(step)} was done by hand.']
    if verb == 'abort' and not operation.get('undo'):
        done = [s['name'] for s in reversed(steps) if s.get('state') in _MAY_HAVE_DONE]
        return [f'To be undone, in this order: {", ".join(done) or "nothing"}.']
    if verb == 'pause':
        return ['It stops after the step that runs now; if service is away then, after it is back.']
    return []


def question_of_many(operations: list[dict[str, Any]], verb: str) -> str:
    """How many of which type, the first of them, and the question."""
    kinds = collections.Counter((o['type'], o['state']) for o in operations)
    lines = [f'{count} {type_} {state}' for (type_, state), count in sorted(kinds.items())]
    shown = [line(operation) for operation in operations[:_SHOWN]]
    more = [f'and {len(operations) - _SHOWN} more'] if len(operations) > _SHOWN else []
    return '\n'.join([*lines, *shown, *more, f'{verb} all {len(operations)}?'])
