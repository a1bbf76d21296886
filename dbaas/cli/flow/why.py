"""dbaas-flow why: what an operation waits for or stopped at, and what to do."""

import click

from dbaas.cli.flow.completing import operation_id
from dbaas.cli.flow.session import Session, format_option, pass_session


@click.command(short_help='What it waits for or stopped at, and what to do.')
@click.argument('id_', metavar='ID', shell_complete=operation_id)
@format_option
@pass_session
def why(session: Session, id_: str) -> None:
    """Say why an operation is where it is: what it waits on, its last error, who holds the lock, what to do.

    \b
    Example:
      dbaas-flow why 3f2a
    """
    from dbaas.cli.flow import lookup
    from dbaas.cli.flow.render.reasons import explain

    found = lookup.operation(session.api, id_)
    answer = session.api.get('operations', found, 'why')['why']
    session.emit(answer, lambda: explain(found, answer))
