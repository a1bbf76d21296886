"""The answer of `why` as text. Pure."""

from typing import Any

from dbaas.cli.text import Block, clean, fields, seconds


def explain(operation_id: str, why: dict[str, Any]) -> list[Block]:
    lines = fields(
        [
            ('operation', operation_id),
            ('state', why['state']),
            ('summary', why['summary']),
            ('step', why.get('step')),
            ('since', why.get('since')),
            *(('waits for', _wait(wait)) for wait in why.get('waiting_on') or []),
            ('pace', _pace(why['pace']) if why.get('pace') else None),
            ('last error', _error(why['last_error']) if why.get('last_error') else None),
            ('behind', _holder(why['lock']) if why.get('lock') else None),
            *(('holds up', _holder(lock)) for lock in why.get('behind') or []),
            ('conductor', _conductor(why)),
            *(('asked for', _asked(row)) for row in why.get('requests') or []),
        ]
    )
    advice = [f'  {number}. {clean(line)}' for number, line in enumerate(why.get('advice') or [], 1)]
    return [lines, *(['', 'What to do:', *advice] if advice else [])]


def _wait(wait: dict[str, Any]) -> str:
    times = (('since', 'since'), ('looks_again', 'looks again'), ('deadline', 'gives up'))
    said = (f'{word} {wait[key]}' for key, word in times if wait.get(key))
    return ', '.join([wait.get('what') or wait['key'], *said])


def _error(error: dict[str, Any]) -> str:
    return f'{error["step"]}, attempt {error.get("attempt") or 1}, {error["at"]}: {error["error"]}'


def _pace(pace: dict[str, Any]) -> str:
    usual = 'no history'
    if pace.get('p50') is not None:
        usual = f'usually {seconds(pace["p50"])}, p95 {seconds(pace["p95"])}, of {pace["count"]}'
    ends = f'; gives up {pace["deadline"]}' if pace.get('deadline') else ''
    slower = ', slower than usual' if pace.get('slower') else ''
    return f'{pace["step"]} for {seconds(pace["ran"])}{slower} ({usual}){ends}'


def _holder(lock: dict[str, Any]) -> str:
    return '{type} {operation} ({state})'.format_map(lock)


def _conductor(why: dict[str, Any]) -> str | None:
    beat = f', sign of life {why["beat"]}' if why.get('beat') else ''
    return f'{why["conductor"]}{beat}' if why.get('conductor') else None


def _asked(row: dict[str, Any]) -> str:
    return '{verb} by {actor}, {at}: {reason}'.format_map(row)
