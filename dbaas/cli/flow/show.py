"""dbaas-flow show: one operation with its steps, as a tree or as a graph to draw."""

import click

from dbaas.cli import output
from dbaas.cli.flow.completing import operation_id
from dbaas.cli.flow.session import Session, format_option, pass_session


@click.command(short_help='One operation with its steps.')
@click.argument('id_', metavar='ID', shell_complete=operation_id)
@click.option('--graph', type=click.Choice(('dot', 'mermaid')), help='Print the graph for graphviz or mermaid instead.')
@format_option
@pass_session
def show(session: Session, id_: str, graph: str | None) -> None:
    """Show an operation: its steps in running order with state, duration, attempt, conductor and error.

    \b
    Marks: ✔ done  ▶ running  ◷ waiting  · not started  ✘ failed  ↷ skipped  ↶ being undone  ↩ undone

    \b
    Examples:
      dbaas-flow show 3f2a
      dbaas-flow show 3f2a --graph dot | dot -Tsvg > flow.svg
    """
    from dbaas.cli.flow import lookup
    from dbaas.cli.flow.render import graphs, operations

    operation = session.api.get('operations', lookup.operation(session.api, id_))['operation']
    if graph:
        output.write(graphs.FORMATS[graph](operation))
    else:
        session.emit(operation, lambda: operations.show(operation))
