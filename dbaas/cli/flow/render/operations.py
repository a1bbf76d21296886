"""Operations as text: the list, one with its steps, its events, one line of it. Pure."""

import datetime
from collections.abc import Iterator
from typing import Any

from dbaas.cli.flow.render import marks, tree
from dbaas.cli.text import Block, Table, clean, fields, seconds

_SHORTEST = 8


def listing(operations: list[dict[str, Any]], short: bool = False) -> Table:
    """short: ids cut to the fewest characters, 8 or more, that tell them apart."""
    ids = shortened([o['id'] for o in operations]) if short else {}
    return Table(
        ('ID', 'TYPE', 'STATE', 'STEP', 'INSTANCE', 'CREATED', 'DURATION', 'REASON'),
        [
            (
                ids.get(o['id'], o['id']),
                o['type'],
                marks.state(o),
                o.get('step'),
                o['instance_id'][: _SHORTEST if short else None] if o.get('instance_id') else None,
                o['created'],
                seconds(o.get('duration')),
                o.get('reason') or '',
            )
            for o in operations
        ],
        wide=('REASON',),
    )


def shortened(ids: list[str]) -> dict[str, str]:
    length = _SHORTEST
    while len({i[:length] for i in ids}) < len(set(ids)):
        length += 1
    return {i: i[:length] for i in ids}


def line(operation: dict[str, Any]) -> str:
    """'<id> instance.create is HELD at start-database: reason'."""
    text = f'{operation["id"]} {operation["type"]} is {marks.state(operation)}'
    if operation.get('step') and not operation.get('finished'):
        text += f' at {operation["step"]}'
    return clean(text + (f': {operation["reason"]}' if operation.get('reason') else ''))


def show(operation: dict[str, Any]) -> list[Block]:
    blocks: list[Block] = [head(operation), '', steps(operation)]
    if operation.get('requests'):
        blocks += ['', requests(operation['requests'])]
    if operation['state'] in ('HELD', 'ABORT_HELD'):
        blocks += ['', f'What to do: dbaas-flow why {operation["id"]}']
    return blocks


def head(operation: dict[str, Any]) -> str:
    o = operation
    return fields(
        [
            ('operation', o['id']),
            ('type', f'{o["type"]} v{o["version"]}'),
            ('state', marks.state(o)),
            ('step', o.get('step') if not o.get('finished') else None),
            ('reason', o.get('reason')),
            ('instance', o.get('instance_id')),
            ('project', o.get('project_id')),
            ('user', o.get('user_id')),
            ('request', o.get('request_id')),
            ('parent', o.get('parent_id')),
            ('conductor', o.get('conductor')),
            ('created', o.get('created')),
            ('finished', o.get('finished')),
            ('duration', seconds(o['duration']) if o.get('duration') is not None else None),
        ]
    )


def steps(operation: dict[str, Any]) -> Table:
    waits: dict[str, list[dict[str, Any]]] = {}
    for wait in operation.get('waits') or []:
        waits.setdefault(wait['step'], []).append(wait)
    rows: list[tuple[Any, ...]] = []
    for prefix, step in tree.branches(operation.get('steps') or []):
        if step is None:
            rows.append((prefix, '', '', '', '', ''))
            continue
        rows.append(
            (
                f'{prefix}{marks.mark(step)} {step["name"]}',
                step.get('state') or 'PENDING',
                seconds(step.get('duration')),
                step.get('attempt'),
                step.get('conductor'),
                '; '.join(_notes(step, waits.get(step['name'], []))),
            )
        )
    return Table(('STEP', 'STATE', 'DURATION', 'ATTEMPT', 'CONDUCTOR', 'NOTE'), rows, wide=('NOTE',))


def _notes(step: dict[str, Any], waits: list[dict[str, Any]]) -> Iterator[str]:
    if step.get('error'):
        yield clean(step['error'])
    if step.get('attested_by'):
        yield f'skipped: done by hand, says {clean(step["attested_by"])}'
    for wait in waits:
        until = f', gives up {wait["deadline"]}' if wait.get('deadline') else ''
        yield f'waits for {clean(wait["key"])} since {wait["since"]}{until}'
    if step.get('irreversible'):
        yield f'irreversible: {clean(step["irreversible"])}'
    if step.get('disrupts'):
        yield 'takes service away'
    if step.get('restores'):
        yield 'gives service back'


def requests(rows: list[dict[str, Any]]) -> Table:
    return Table(
        ('ORDER', 'AT', 'BY', 'STATE', 'REASON', 'ANSWER'),
        [(r['verb'], r['at'], r['actor'], r['state'], r.get('reason'), r.get('answer') or '') for r in rows],
        wide=('REASON', 'ANSWER'),
    )


def history(events: list[dict[str, Any]]) -> Table:
    return Table(
        ('AT', 'EVENT', 'STEP', 'TOOK', 'ATTEMPT', 'EPOCH', 'CONDUCTOR', 'CHANGE', 'BY', 'WHY'),
        [
            (
                e['at'],
                e['kind'],
                e.get('step'),
                _took(e) if e.get('started') else None,
                e.get('attempt'),
                e.get('epoch'),
                e.get('conductor'),
                _change(e),
                e.get('actor'),
                _reasons(e),
            )
            for e in events
        ],
        wide=('WHY',),
    )


def _change(event: dict[str, Any]) -> str | None:
    before, after = event.get('before'), event.get('after')
    if before is None and after is None:
        return None
    return f'{before or "-"} → {after or "-"}' if before != after else f'still {after}'


def _reasons(event: dict[str, Any]) -> str:
    """Why it was ordered, and what it was refused for, or what failed."""
    return '; '.join(dict.fromkeys(text for text in (event.get('error'), event.get('reason')) if text))


def _took(event: dict[str, Any]) -> str:
    begun, over = (datetime.datetime.fromisoformat(event[key]) for key in ('started', 'at'))
    return seconds((over - begun).total_seconds())


def change(event: dict[str, Any]) -> str:
    """One event as a line of `watch`."""
    parts = [event['at'], event['kind']]
    if event.get('step'):
        parts.append(event['step'])
    if event.get('started'):
        parts.append(_took(event))
    if (event.get('attempt') or 1) > 1:
        parts.append(f'attempt {event["attempt"]}')
    if event.get('after') and event.get('after') != event.get('before'):
        parts.append(_change(event) or '')
    if event.get('actor'):
        parts.append(f'by {event["actor"]}')
    why = _reasons(event)
    return clean('  '.join(parts) + (f': {why}' if why else ''))
