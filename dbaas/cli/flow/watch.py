"""dbaas-flow watch: follow an operation until it ends or is held."""

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import click

from dbaas.cli import output
from dbaas.cli.flow import errors
from dbaas.cli.flow.completing import operation_id
from dbaas.cli.flow.session import Session, format_option, pass_session

Seen = tuple[dict[str, Any], list[dict[str, Any]]]  # the operation, what happened since the last look


@click.command(short_help='Follow an operation until it ends or is held.')
@click.argument('id_', metavar='ID', shell_complete=operation_id)
@click.option('--interval', type=click.FloatRange(min=0.05), default=0.5, show_default=True, metavar='SECONDS')
@click.option('--timeout', type=click.FloatRange(min=0), metavar='SECONDS', help='Stop watching after this long.')
@click.option(
    '--patience',
    type=click.FloatRange(min=0),
    default=60.0,
    show_default=True,
    metavar='SECONDS',
    help='How long an API that has answered before may be silent, as in a restart.',
)
@format_option
@pass_session
@click.pass_context
def watch(
    context: click.Context,
    session: Session,
    id_: str,
    interval: float,
    timeout: float | None,
    patience: float,
) -> None:
    """Follow an operation until it has ended, or is held and needs somebody.

    On a terminal the steps are shown live; else each event is one line. With -o json each line is an object:
    {"event": ...} for what happened, {"operation": ...} once, at the end. Exit codes: 0 SUCCEEDED, 10 HELD or
    ABORT_HELD, 11 ABORTED, 12 CANCELLED, 13 SUPERSEDED, 14 --timeout passed.

    \b
    Example:
      dbaas-flow watch 3f2a --timeout 600 || dbaas-flow why 3f2a
    """
    from dbaas.cli.flow import lookup

    found = lookup.operation(session.api, id_)
    session.say_source()
    changes = follow(lambda: _look(session, found), interval=interval, timeout=timeout, patience=patience)
    shown = session.format == 'table' and output.on_terminal()
    operation = live(changes) if shown else lines(changes, session.format)
    if operation['state'] not in errors.OF_STATE:
        raise errors.CliError(f'{found} is still {operation["state"]}: --timeout passed', errors.TIMED_OUT)
    context.exit(errors.OF_STATE[operation['state']])


def follow(
    look: Callable[[], Seen],
    *,
    interval: float,
    timeout: float | None,
    patience: float,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[Seen]:
    """Each look with its new events, until the operation rests or `timeout` seconds have passed.

    Once the API has answered, it may be silent for `patience` seconds. Raises errors.Unreachable after that.
    """
    begun = heard = clock()
    answered, last = False, 0
    while True:
        try:
            operation, events = look()
        except errors.Unreachable:
            if not answered or clock() - heard > patience:
                raise
        else:
            answered, heard = True, clock()
            new = [event for event in events if event['seq'] > last]
            last = max([last, *(event['seq'] for event in new)])
            yield operation, new
            if operation['state'] in errors.OF_STATE:
                return
        if timeout is not None and clock() - begun >= timeout:
            return
        sleep(interval)


def _look(session: Session, id_: str) -> Seen:
    """The operation is read first: events that come in between are shown, none is missed."""
    operation = session.api.get('operations', id_)['operation']
    return operation, session.api.get('operations', id_, 'events')['events']


def lines(changes: Iterator[Seen], format_: str) -> dict[str, Any]:
    from dbaas.cli.flow.render import operations

    operation: dict[str, Any] = {}
    for operation, events in changes:  # noqa: B007 - the last one is the answer
        for event in events:
            output.write(operations.change(event) if format_ == 'table' else _record(format_, event=event))
    output.write(operations.line(operation) if format_ == 'table' else _record(format_, operation=operation))
    return operation


def _record(format_: str, **value: Any) -> str:
    if format_ == 'json':
        return json.dumps(value)
    import yaml

    return '---\n' + yaml.safe_dump(value, sort_keys=False, allow_unicode=True).rstrip('\n')


def live(changes: Iterator[Seen]) -> dict[str, Any]:
    from rich.live import Live

    from dbaas.cli import terminal
    from dbaas.cli.flow.render import operations

    operation: dict[str, Any] = {}
    with Live(console=terminal.console(), auto_refresh=False, transient=True) as screen:
        for operation, _ in changes:
            screen.update(terminal.renderable(operations.show(operation)), refresh=True)
    output.show(operations.show(operation))
    return operation
