"""dbaas-flow pause, resume, retry-now, skip, abort: orders to an operation, or to all that fit a filter."""

import json
from collections.abc import Callable
from typing import Any

import click
from click.core import ParameterSource

from dbaas.cli.flow import bulk, completing
from dbaas.cli.flow.completing import operation_id, operation_type, step_name
from dbaas.cli.flow.list import STATES, Since
from dbaas.cli.flow.orders import confirm, order
from dbaas.cli.flow.session import Session, format_option, pass_session


def run(session: Session, id_: str, verb: str, yes: bool, **body: Any) -> None:
    from dbaas.cli.flow import lookup
    from dbaas.cli.flow.render.operations import line

    api = session.api
    found = lookup.operation(api, id_)
    if verb == 'skip' and not body['step']:
        body['step'] = api.get('operations', found)['operation']['step']
    operation = order(api, confirm(session, found, verb, yes, body.get('step')), body)
    session.emit(operation, lambda: [f'{verb} accepted: {line(operation)}'])


def _common(function: Callable[..., None]) -> Callable[..., None]:
    for option in (
        format_option,
        click.option('--yes', '-y', is_flag=True, help='Do not ask.'),
        click.option('--reason', help='Why; kept for ever with your name. Needed, but for --dry-run.'),
    ):
        function = option(function)
    return function


def _one_or_many(function: Callable[..., None]) -> Callable[..., None]:
    """ID, or --all with filters."""
    for option in (
        click.option('--dry-run', is_flag=True, help='With --all: only list what would get the order.'),
        click.option(
            '--rate',
            type=bulk.Rate(),
            default='5/s',
            show_default=True,
            help='With --all: orders per second, or per minute: 5, 5/s, 30/m.',
        ),
        click.option('--project', metavar='PROJECT_ID', help='With --all: only of this project.'),
        click.option('--since', type=Since(), help='With --all: only accepted since then; a time, or 30m, 2h, 7d ago.'),
        click.option(
            '--type',
            'type_',
            metavar='TYPE',
            shell_complete=operation_type,
            help='With --all: only this type, such as instance.create.',
        ),
        click.option(
            '--state',
            type=click.Choice(STATES, case_sensitive=False),
            shell_complete=completing.state,
            help='With --all, and needed: in this state.',
        ),
        click.option('--all', 'all_', is_flag=True, help='Every operation that fits the filters, instead of ID.'),
        click.argument('id_', metavar='[ID]', required=False, shell_complete=operation_id),
    ):
        function = option(function)
    return function


def _plain(verb: str, short: str, text: str) -> click.Command:
    @click.command(verb, short_help=short, help=text)
    @_one_or_many
    @_common
    @pass_session
    @click.pass_context
    def command(
        context: click.Context,
        session: Session,
        id_: str | None,
        reason: str | None,
        yes: bool,
        all_: bool,
        **given: Any,
    ) -> None:
        if (id_ is None) != all_:
            raise click.UsageError('give either the ID of an operation, or --all with --state.')
        if all_:
            context.exit(bulk.run(session, verb, reason, yes, **given))
        named = [name for name in given if context.get_parameter_source(name) is ParameterSource.COMMANDLINE]
        if named:
            raise click.UsageError(f'--{named[0].strip("_").replace("_", "-")} is for --all.')
        assert id_ is not None
        run(session, id_, verb, yes, reason=given_reason(reason))

    return command


def given_reason(reason: str | None) -> str:
    if not reason:
        raise click.UsageError("Missing option '--reason': it is kept with the operation.")
    return reason


def _json(_: click.Context, __: click.Parameter, value: str | None) -> Any:
    if value is None:
        return None
    try:
        return json.loads(value)
    except ValueError as error:
        raise click.BadParameter(f'not JSON: {error}; a string needs its own quotes: \'"text"\'') from error


@click.command('skip', short_help='Take the step it stopped at as done by hand.')
@click.argument('id_', metavar='ID', shell_complete=operation_id)
@click.option('--step', shell_complete=step_name, help='The step; default: the one it stopped at.')
@click.option(
    '--output',
    callback=_json,
    metavar='JSON',
    help='What the step would have returned, if later ones need it.',
)
@_common
@pass_session
def skip(session: Session, id_: str, reason: str | None, yes: bool, step: str | None, output: Any) -> None:
    """Take a step as done by hand: you attest it, and the operation goes on after it.

    The attestation is shown for ever in `show` and `events`. On an undo that failed: take the undo as done.

    \b
    Example:
      dbaas-flow skip 3f2a --step create-port --output '{"id": "p1", "address": "10.0.0.7"}' \\
          --reason 'made the port by hand'
    """
    run(session, id_, 'skip', yes, reason=given_reason(reason), step=step, output=output)


VERBS = (
    _plain(
        'pause',
        'Stop after the current step.',
        """Stop after the current step; `resume` goes on.

        \b
        Example:
          dbaas-flow pause 3f2a --reason 'network maintenance until noon'
        """,
    ),
    _plain(
        'resume',
        'Go on where it stopped.',
        """Go on where it stopped: a HELD operation does its failed step anew, a PAUSED one its next step,
        an ABORT_HELD one the undo that failed. Finished steps are not repeated.

        \b
        Example:
          dbaas-flow resume 3f2a --reason 'installed mariadb-server-core'
          dbaas-flow resume --all --state HELD --type instance.create --rate 5/s --reason 'quota raised'
        """,
    ),
    _plain(
        'retry-now',
        'Look again at once instead of waiting.',
        """Do not wait for the timer: a WAITING or HELD operation looks again at once.

        \b
        Example:
          dbaas-flow retry-now 3f2a --reason 'the server is up, the report was lost'
        """,
    ),
    skip,
    _plain(
        'abort',
        'Undo what was done, newest step first.',
        """Undo what was done, newest step first, and end ABORTED. Refused past the point of no return.

        \b
        Example:
          dbaas-flow abort 3f2a --reason 'wrong flavor' --yes
        """,
    ),
)
