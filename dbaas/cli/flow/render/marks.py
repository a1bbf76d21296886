"""Marks of step states and words for the state of an operation."""

from typing import Any

OF = {
    'PENDING': '·',
    'RUNNING': '▶',
    'WAITING': '◷',
    'SUCCESS': '✔',
    'FAILURE': '✘',
    'SKIPPED': '↷',
    'REVERTING': '↶',
    'REVERTED': '↩',
    'REVERT_FAILURE': '✘',
}


def mark(step: dict[str, Any]) -> str:
    return OF.get(step.get('state') or 'PENDING', '?')


def state(operation: dict[str, Any]) -> str:
    """The state; where it does not tell the direction, whether it is being undone."""
    word = operation['state']
    return f'{word} (undo)' if operation.get('undo') and word in ('WAITING', 'PAUSED', 'PAUSING') else word
