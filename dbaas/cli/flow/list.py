"""dbaas-flow list: operations, newest first."""

import datetime
import itertools
import re

import click

from dbaas.cli import output
from dbaas.cli.flow import completing
from dbaas.cli.flow.session import Session, format_option, pass_session

_AGO = re.compile(r'(\d+)([smhd])')
_UNIT = {'s': 'seconds', 'm': 'minutes', 'h': 'hours', 'd': 'days'}
STATES = (
    'ACCEPTED', 'QUEUED', 'RUNNING', 'WAITING', 'HELD', 'PAUSED', 'ABORTING', 'ABORT_HELD',
    'SUCCEEDED', 'ABORTED', 'CANCELLED', 'SUPERSEDED',
)  # fmt: skip


class Since(click.ParamType):
    """A time (ISO 8601, UTC when it names no zone) or how long ago: 90s, 30m, 2h, 7d. -> ISO, UTC."""

    name = 'TIME|AGO'

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        ago = _AGO.fullmatch(value)
        now = datetime.datetime.now(datetime.UTC)
        try:
            if ago:
                moment = now - datetime.timedelta(**{_UNIT[ago[2]]: int(ago[1])})
            else:
                moment = datetime.datetime.fromisoformat(value)
        except (ValueError, OverflowError):
            self.fail(f'{value!r} is neither a time (2026-01-31T12:00) nor how long ago (30m, 2h, 7d)', param, ctx)
        if moment.tzinfo is not None:
            moment = moment.astimezone(datetime.UTC).replace(tzinfo=None)
        return moment.isoformat(timespec='milliseconds')


@click.command('list', short_help='Operations, newest first.')
@click.option(
    '--state',
    type=click.Choice(STATES, case_sensitive=False),
    shell_complete=completing.state,
    help='Only operations in this state.',
)
@click.option(
    '--type',
    'type_',
    metavar='TYPE',
    shell_complete=completing.operation_type,
    help='Only this type, such as instance.create.',
)
@click.option(
    '--instance',
    metavar='INSTANCE',
    shell_complete=completing.instance,
    help='Only of this instance: id, name or prefix; of a deleted one the id.',
)
@click.option('--since', type=Since(), help='Only accepted since then: 2026-01-31T12:00, or 30m, 2h, 7d ago.')
@click.option('--limit', type=click.IntRange(min=0), default=100, show_default=True, help='Most rows; 0: all.')
@click.option('--project', metavar='PROJECT_ID', help='Only of this project (an administrator sees all).')
@format_option
@pass_session
def list_(
    session: Session,
    state: str | None,
    type_: str | None,
    instance: str | None,
    since: str | None,
    limit: int,
    project: str | None,
) -> None:
    """List operations, newest first; without options those of all states.

    \b
    Examples:
      dbaas-flow list --state HELD
      dbaas-flow list --type instance.create --since 2h
      dbaas-flow list -o json --limit 0 | jq -r '.[] | select(.state == "HELD") | .id'
    """
    from dbaas.cli.flow import lookup
    from dbaas.cli.flow.render.operations import listing

    rows = session.api.pages(
        'operations',
        state=state,
        type=type_,
        instance=instance and lookup.instance(session.api, instance),
        since=since,
        project_id=project,
        limit=limit or None,
    )
    found = list(itertools.islice(rows, limit or None))
    session.emit(found, lambda: [listing(found, short=output.on_terminal())])
    if limit and next(rows, None) is not None:
        output.say(f'there are more than these {limit}: --limit N, 0 for all')
