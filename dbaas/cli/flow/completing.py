"""What a shell may complete from the deployment itself: ids, types, steps. Quick, and silent when it cannot."""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from dbaas.cli.flow.session import Session

TIMEOUT = 1.0  # seconds; who presses Tab does not wait longer
NEWEST = 200  # operations that are looked at

Found = Iterable[tuple[str, str]]  # word, what it is


def _quick(find: Callable[['Session', click.Context], Found]) -> Callable[..., 'list[CompletionItem]']:
    """A click shell_complete callback."""

    def complete(context: click.Context, _: click.Parameter, incomplete: str) -> 'list[CompletionItem]':
        from click.shell_completion import CompletionItem

        from dbaas.cli.flow import auth, session

        try:
            made = session.prepare(context)
            made.timeout, made.quiet = TIMEOUT, True
            quick = made.db is not None or auth.is_static(made.options)
            found = list(find(made, context)) if quick else []
        except Exception:  # noqa: BLE001 - a shell that completes nothing beats a traceback in the prompt
            return []
        return [CompletionItem(word, help=what) for word, what in found if word.startswith(incomplete)]

    return complete


def _operations(session: 'Session') -> list[dict[str, Any]]:
    return session.api.get('operations', limit=NEWEST)['operations']


def _ids(session: 'Session', _: click.Context) -> Found:
    return ((o['id'], f'{o["type"]} {o["state"]}') for o in _operations(session))


def _types(session: 'Session', _: click.Context) -> Found:
    return ((type_, '') for type_ in sorted({o['type'] for o in _operations(session)}))


def _steps(session: 'Session', context: click.Context) -> Found:
    from dbaas.cli.flow import lookup

    typed = [context.params.get('id_'), *context.args]  # an option without its value yet leaves ID among the rest
    operation_id = lookup.operation(session.api, next((word for word in typed if word), ''))
    steps = session.api.get('operations', operation_id)['operation']['steps']
    return ((step['name'], step['state']) for step in steps)


def _instances(session: 'Session', _: click.Context) -> Found:
    return ((row['id'], row.get('name') or '') for row in session.api.pages('instances'))


operation_id = _quick(_ids)
operation_type = _quick(_types)
step_name = _quick(_steps)
instance = _quick(_instances)


def state(_: click.Context, __: click.Parameter, incomplete: str) -> list[str]:
    """As they are written; typed in lower case they are found, too."""
    from dbaas.cli.flow.list import STATES

    return [word for word in STATES if word.startswith(incomplete.upper())]
