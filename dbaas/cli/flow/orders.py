"""An order to one operation: nobody gives one without a yes, a person's or --yes."""

import dataclasses
import sys
from typing import TYPE_CHECKING, Any

import click

from dbaas.cli.flow.errors import USAGE, CliError

if TYPE_CHECKING:
    from dbaas.cli.flow.api import Api
    from dbaas.cli.flow.records import Records
    from dbaas.cli.flow.session import Session

UNDOABLE = ('pause', 'resume', 'retry-now')  # where nobody can be asked, these need no --yes


@dataclasses.dataclass(frozen=True)
class Confirmed:
    """What `order` demands: made by `confirm` and `confirm_all` only."""

    operation_id: str
    verb: str


def confirm(session: 'Session', operation_id: str, verb: str, yes: bool, step: str | None = None) -> Confirmed:
    """Ask a person; where there is none, abort and skip need --yes. Raises click.Abort on a no."""
    if asks(verb, yes):
        from dbaas.cli.flow.render.questions import question

        operation = session.api.get('operations', operation_id)['operation']
        session.say_source()
        click.confirm(question(operation, verb, step), abort=True, err=True)
    return Confirmed(operation_id, verb)


def confirm_all(operations: list[dict[str, Any]], verb: str, yes: bool) -> list[Confirmed]:
    """The same for many at once: one question."""
    if asks(verb, yes):
        from dbaas.cli.flow.render.questions import question_of_many

        click.confirm(question_of_many(operations, verb), abort=True, err=True)
    return [Confirmed(operation['id'], verb) for operation in operations]


def asks(verb: str, yes: bool) -> bool:
    """Whether a person is to be asked. Raises CliError where there is none and the verb cannot be taken back."""
    if yes:
        return False
    if sys.stdin.isatty():
        return True
    if verb not in UNDOABLE:
        raise CliError(f'{verb} cannot be taken back and there is no terminal to ask on: add --yes', USAGE)
    return False


def order(api: 'Api | Records', confirmed: Confirmed, body: dict[str, Any]) -> dict[str, Any]:
    """The operation as the API answers it."""
    given = {name: value for name, value in body.items() if value is not None}
    return api.post('operations', confirmed.operation_id, confirmed.verb, body=given)['operation']
