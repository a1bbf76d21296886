"""The answer of `why` as text. Pure."""

from typing import Any

from dbaas.cli.text import Block, clean, fields


def explain(operation_id: str, why: dict[str, Any]) -> list[Block]:
    lines = fields(
        [
            ('operation', operation_id),
            ('state', why['state']),
            ('summary', why['summary']),
            ('step', why.get('step')),
            ('since', why.get('since')),
            *(('waits for', _wait(wait)) for wait in why.get('waiting_on') or []),
            ('last error', _error(why['last_error']) if why.get('last_error') else None),
            ('behind', '{type} {operation} ({state})'.format_map(why['lock']) if why.get('lock') else None),
            ('conductor', why.get('conductor')),
        ]
    )
    advice = [f'  {number}. {clean(line)}' for number, line in enumerate(why.get('advice') or [], 1)]
    return [lines, *(['', 'What to do:', *advice] if advice else [])]


def _wait(wait: dict[str, Any]) -> str:
    times = (('since', 'since'), ('looks_again', 'looks again'), ('deadline', 'gives up'))
    return ', '.join([wait['key'], *(f'{word} {wait[key]}' for key, word in times if wait.get(key))])


def _error(error: dict[str, Any]) -> str:
    return f'{error["step"]}, attempt {error.get("attempt") or 1}, {error["at"]}: {error["error"]}'
