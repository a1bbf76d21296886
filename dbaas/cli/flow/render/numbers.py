"""`stats` and `top` as text. Pure."""

from typing import Any

from dbaas.cli.flow.render import marks
from dbaas.cli.flow.render.operations import shortened
from dbaas.cli.text import Block, Table, fields, seconds


def table(stats: list[dict[str, Any]]) -> Table:
    """A row for each type as a whole, then its steps, then its undos."""
    return Table(
        ('TYPE', 'STEP', 'COUNT', 'FAILED', 'P50', 'P95', 'LONGEST'),
        [
            (
                row['type'],
                _what(row),
                row['count'],
                row['failures'],
                seconds(row['p50']),
                seconds(row['p95']),
                seconds(row['longest']),
            )
            for row in stats
        ],
    )


def _what(row: dict[str, Any]) -> str:
    if row['step'] is None:
        return '(all of it)'
    return f'undo of {row["step"]}' if row['undo'] else row['step']


def frame(now: dict[str, Any]) -> list[Block]:
    states = now['states']
    blocks: list[Block] = [
        fields([('at', now['at']), ('under way', _sum(states)), ('per minute', _rates(now['rates']))]),
    ]
    if states:
        rows = [(state, row['count'], row['since']) for state, row in states.items()]
        blocks += ['', Table(('STATE', 'OPERATIONS', 'UNMOVED SINCE'), rows)]
    if now['conductors']:
        working = [(row['name'], row['running'], row['beat']) for row in now['conductors']]
        blocks += ['', Table(('CONDUCTOR', 'RUNNING', 'SIGN OF LIFE'), working)]
    if now['operations']:
        blocks += ['', _oldest(now['operations'])]
    return blocks


def _sum(states: dict[str, Any]) -> str:
    return str(sum(row['count'] for row in states.values()))


def _rates(rates: dict[str, Any]) -> str:
    ended = ', '.join(f'{value:g} {state}' for state, value in rates['ended'].items())
    return f'{rates["accepted"]:g} accepted, {ended or "none ended"} (last {rates["window"]:g} s)'


def _oldest(operations: list[dict[str, Any]]) -> Table:
    ids = shortened([o['id'] for o in operations])
    return Table(
        ('OLDEST', 'TYPE', 'STATE', 'STEP', 'CONDUCTOR', 'CREATED', 'REASON'),
        [
            (
                ids[o['id']],
                o['type'],
                marks.state(o),
                o.get('step'),
                o.get('conductor'),
                o['created'],
                o.get('reason') or '',
            )
            for o in operations
        ],
        wide=('REASON',),
    )
