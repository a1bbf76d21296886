"""dbaas-flow pause, resume, retry-now, skip, abort: orders to an operation, each with a reason and a yes."""

import dataclasses
import json
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from dbaas.cli import output
from dbaas.cli.flow.errors import USAGE, CliError
from dbaas.cli.flow.session import Session, format_option, pass_session

if TYPE_CHECKING:
    from dbaas.cli.flow.api import Api

UNDOABLE = ('pause', 'resume', 'retry-now')  # where nobody can be asked, these need no --yes


@dataclasses.dataclass(frozen=True)
class Confirmed:
    """What `order` demands: made by `confirm` only."""

    operation_id: str
    verb: str


def confirm(api: 'Api', operation_id: str, verb: str, yes: bool, step: str | None = None) -> Confirmed:
    """Ask a person; where there is none, abort and skip need --yes. Raises click.Abort on a no."""
    if not yes and sys.stdin.isatty():
        from dbaas.cli.flow.render.questions import question

        operation = api.get('operations', operation_id)['operation']
        output.say(f'source: API {api.url}')
        click.confirm(question(operation, verb, step), abort=True, err=True)
    elif not yes and verb not in UNDOABLE:
        raise CliError(f'{verb} cannot be taken back and there is no terminal to ask on: add --yes', USAGE)
    return Confirmed(operation_id, verb)


def order(api: 'Api', confirmed: Confirmed, body: dict[str, Any]) -> dict[str, Any]:
    """The operation as the API answers it."""
    given = {name: value for name, value in body.items() if value is not None}
    return api.post('operations', confirmed.operation_id, confirmed.verb, body=given)['operation']


def run(session: Session, id_: str, verb: str, yes: bool, **body: Any) -> None:
    from dbaas.cli.flow import lookup
    from dbaas.cli.flow.render.operations import line

    api = session.api
    found = lookup.operation(api, id_)
    if verb == 'skip' and not body['step']:
        body['step'] = api.get('operations', found)['operation']['step']
    operation = order(api, confirm(api, found, verb, yes, body.get('step')), body)
    session.emit(operation, lambda: [f'{verb} accepted: {line(operation)}'])


def _common(function: Callable[..., None]) -> Callable[..., None]:
    for option in (
        format_option,
        click.option('--yes', '-y', is_flag=True, help='Do not ask.'),
        click.option('--reason', required=True, help='Why; kept for ever with your name.'),
        click.argument('id_', metavar='ID'),
    ):
        function = option(function)
    return function


def _plain(verb: str, short: str, text: str) -> click.Command:
    @click.command(verb, short_help=short, help=text)
    @_common
    @pass_session
    def command(session: Session, id_: str, reason: str, yes: bool) -> None:
        run(session, id_, verb, yes, reason=reason)

    return command


def _json(_: click.Context, __: click.Parameter, value: str | None) -> Any:
    if value is None:
        return None
    try:
        return json.loads(value)
    except ValueError as error:
        raise click.BadParameter(f'not JSON: {error}; a string needs its own quotes: \'"text"\'') from error


@click.command('skip', short_help='Take the step it stopped at as done by hand.')
@click.option('--step', help='The step; default: the one it stopped at.')
@click.option(
    '--output',
    callback=_json,
    metavar='JSON',
    help='What the step would have returned, if later ones need it.',
)
@_common
@pass_session
def skip(session: Session, id_: str, reason: str, yes: bool, step: str | None, output: Any) -> None:
    """Take a step as done by hand: you attest it, and the operation goes on after it.

    The attestation is shown for ever in `show` and `events`. On an undo that failed: take the undo as done.

    \b
    Example:
      dbaas-flow skip 3f2a --step create-port --output '{"id": "p1", "address": "10.0.0.7"}' \\
          --reason 'made the port by hand'
    """
    run(session, id_, 'skip', yes, reason=reason, step=step, output=output)


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
