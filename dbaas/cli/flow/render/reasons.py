"""The answer of `why` as text. Pure."""

from typing import Any

from dbaas.cli.text import Block, clean, fields


def explain(operation_id: str, why: dict[str, Any]) -> list[Block]:
    """Values of the API may be texts, or objects that are shown as 'name value' pairs."""
    waiting = [_words(item) for item in why.get('waiting_on') or []]
    lines = fields(
        [
            ('operation', operation_id),
            ('state', why.get('state')),
            ('summary', why.get('summary')),
            ('step', why.get('step')),
            ('since', why.get('since')),
            *(('waits on', item) for item in waiting),
            ('last error', why.get('last_error')),
            ('lock', _words(why.get('lock'))),
            ('conductor', why.get('conductor')),
        ]
    )
    advice = [f'  {number}. {clean(line)}' for number, line in enumerate(why.get('advice') or [], 1)]
    return [lines, *(['', 'What to do:', *advice] if advice else [])]


def _words(value: Any) -> str | None:
    if isinstance(value, dict):
        return ', '.join(f'{key} {clean(item)}' for key, item in value.items() if item not in (None, '', []))
    if isinstance(value, list):
        return '; '.join(filter(None, map(_words, value)))
    return None if value is None else str(value)
