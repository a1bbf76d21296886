"""dbaas-flow stats: how long operations and their steps take."""

import click

from dbaas.cli.flow.completing import operation_type
from dbaas.cli.flow.session import Session, format_option, pass_session


@click.command(short_help='How long operations and their steps take.')
@click.option(
    '--type', 'type_', metavar='TYPE', shell_complete=operation_type, help='Only this type, such as instance.create.'
)
@click.option(
    '--days', type=click.IntRange(1, 3650), default=30, show_default=True, help='Only operations accepted since then.'
)
@click.option(
    '--samples',
    type=click.IntRange(1, 10_000),
    default=500,
    show_default=True,
    help='Only the newest so many operations of each type.',
)
@format_option
@pass_session
def stats(session: Session, type_: str | None, days: int, samples: int) -> None:
    """Show p50 and p95 of operations and of each of their steps, from history: what `plan` and `why` go by.

    A step counts from its start, or from its first look when it waits. A whole operation counts from its first claim
    to its end, if it succeeded without having been held or paused.

    \b
    Examples:
      dbaas-flow stats
      dbaas-flow stats --type instance.create --days 7
    """
    from dbaas.cli.flow.render.numbers import table

    found = session.api.get('operations', 'stats', type=type_, days=days, samples=samples)['stats']
    session.emit(found, lambda: [table(found)])
