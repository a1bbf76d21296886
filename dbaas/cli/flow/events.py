"""dbaas-flow events: the append-only record of an operation."""

import click

from dbaas.cli.flow.completing import operation_id
from dbaas.cli.flow.session import Session, format_option, pass_session


@click.command(short_help='Everything that happened to an operation.')
@click.argument('id_', metavar='ID', shell_complete=operation_id)
@format_option
@pass_session
def events(session: Session, id_: str) -> None:
    """List everything that happened to an operation, oldest first: who, when, which step, which attempt, why.

    \b
    Examples:
      dbaas-flow events 3f2a
      dbaas-flow events 3f2a -o json | jq '.[] | select(.actor)'      # what people did
    """
    from dbaas.cli.flow import lookup
    from dbaas.cli.flow.render.operations import history

    found = session.api.get('operations', lookup.operation(session.api, id_), 'events')['events']
    session.emit(found, lambda: [history(found)])
