"""dbaas-flow top: what is under way now, refreshed."""

import time
from typing import Any

import click

from dbaas.cli import output
from dbaas.cli.flow.session import Session, format_option, pass_session


@click.command(short_help='What is under way now, live.')
@click.option('--interval', type=click.FloatRange(min=0.2), default=2.0, show_default=True, metavar='SECONDS')
@click.option('--once', is_flag=True, help='Print one frame; so does a pipe or a file, and -o json or yaml.')
@click.option('--window', type=click.IntRange(1, 86_400), default=300, show_default=True, help='Seconds for the rates.')
@click.option('--limit', type=click.IntRange(0, 1000), default=20, show_default=True, help='Most operations to name.')
@format_option
@pass_session
def top(session: Session, interval: float, once: bool, window: int, limit: int) -> None:
    """Show operations under way by state and by conductor, rates, and the oldest ones. Ctrl-C ends it.

    \b
    Examples:
      dbaas-flow top
      dbaas-flow top --once -o json | jq .states.HELD.count
    """
    from dbaas.cli.flow.render.numbers import frame

    def look() -> dict[str, Any]:
        return session.api.get('operations', 'summary', window=window, limit=limit)['summary']

    if once or session.format != 'table' or not output.on_terminal():
        found = look()
        session.emit(found, lambda: frame(found))
        return
    session.say_source()
    _live(look, interval)


def _live(look: Any, interval: float) -> None:
    """Until Ctrl-C. An API that has answered once may be silent: the frame says so."""
    from rich.live import Live

    from dbaas.cli import terminal
    from dbaas.cli.flow.errors import Unreachable
    from dbaas.cli.flow.render.numbers import frame

    found = look()
    silent = ''
    with Live(console=terminal.console(), auto_refresh=False, screen=True) as screen:
        while True:
            screen.update(terminal.renderable([*frame(found), *([silent] if silent else [])]), refresh=True)
            time.sleep(interval)
            try:
                found, silent = look(), ''
            except Unreachable as error:
                silent = f'as it was at {found["at"]}: {error.message}'
