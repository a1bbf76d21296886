"""A plan as text: the do/undo table of the steps, quota, time, point of no return. Pure."""

from typing import Any

from dbaas.cli.flow.render import tree
from dbaas.cli.text import Block, Table, fields, seconds


def outline(plan: dict[str, Any]) -> list[Block]:
    head = fields(
        [
            ('plan of', f'{plan["type"]} v{plan["version"]}; nothing was changed'),
            ('duration', _duration(plan)),
            ('no return', _brink(plan)),
            *(('quota', _quota(name, row)) for name, row in (plan.get('quota') or {}).items()),
        ]
    )
    return [head, '', effects(plan['steps'])]


def _duration(plan: dict[str, Any]) -> str:
    usual, slow = plan.get('expected_duration'), plan.get('slow_duration')
    if usual is None:
        return 'not known: no history'
    return f'about {seconds(usual)}' + (f', 95 of 100 within {seconds(slow)}' if slow is not None else '')


def effects(steps: list[dict[str, Any]]) -> Table:
    """One row a step: what it does, how that is undone, what is to be known about it."""
    timed = any('expected' in step for step in steps)
    headings = ('STEP', 'DO', 'UNDO', *(('EXPECTED', 'P95') if timed else ()), 'NOTE')
    rows: list[tuple[Any, ...]] = []
    for prefix, step in tree.branches(steps):
        if step is None:
            rows.append((prefix, *[''] * (len(headings) - 1)))
            continue
        expected = (seconds(step.get('expected')), seconds(step.get('slow'))) if timed else ()
        undo = f'irreversible: {step["irreversible"]}' if step.get('irreversible') else step.get('undo')
        rows.append((prefix + step['name'], step.get('effect'), undo, *expected, _note(step)))
    return Table(headings, rows, wide=('DO', 'UNDO', 'NOTE'))


def _note(step: dict[str, Any]) -> str:
    notes = (('disrupts', 'takes service away'), ('restores', 'gives service back'))
    return '; '.join(text for key, text in notes if step.get(key))


def _brink(plan: dict[str, Any]) -> str:
    name = plan.get('point_of_no_return')
    return f'from {name} on it cannot be aborted' if name else 'it can be aborted until it has ended'


def _quota(name: str, row: dict[str, Any]) -> str:
    limit = row.get('limit')
    of = 'no limit' if limit is None or limit < 0 else f'limit {limit}'
    return f'{name} {row["adds"]:+d} to {row["used"]} used, {of}'
