"""dbaas-flow plan: what a request would do, step by step, without doing it."""

from typing import Any

import click

from dbaas.cli.flow import completing
from dbaas.cli.flow.session import Session, format_option, pass_session


@click.group(
    short_help='What a request would do, before it is made.',
    epilog='The API runs the real request up to its commit, with the same checks, and takes it back.',
)
def plan() -> None:
    """Show what a request would do before it is made: steps, effects, undo, point of no return, quota."""


@plan.command('create')
@click.argument('name')
@click.option('--flavor', required=True, metavar='ID|NAME', help='See `openstack database flavor list`.')
@click.option('--size', type=click.IntRange(min=1), required=True, metavar='GIB', help='Size of the volume.')
@click.option('--volume-type', metavar='TYPE')
@click.option('--datastore', metavar='NAME', help='Default: the only or default one.')
@click.option('--datastore-version', metavar='VERSION', help="Default: the datastore's default.")
@click.option('--database', 'databases', multiple=True, metavar='NAME', help='Make this database too; repeatable.')
@click.option('--is-public', is_flag=True, help='Reachable from outside.')
@click.option('--allowed-cidr', 'cidrs', multiple=True, metavar='CIDR', help='Who may connect; repeatable.')
@format_option
@pass_session
def create(session: Session, name: str, flavor: str, **given: Any) -> None:
    """Plan the create of an instance. No users: a plan needs no passwords.

    \b
    Example:
      dbaas-flow plan create db1 --flavor 1 --size 1 --datastore mariadb --database app
    """
    from dbaas.cli.flow import lookup

    body = {'instance': _instance(name, lookup.flavor(session.api, flavor), **given)}
    _plan(session, 'POST', session.api.path('instances'), body)


@plan.command('delete')
@click.argument('instance', metavar='INSTANCE', shell_complete=completing.instance)
@format_option
@pass_session
def delete(session: Session, instance: str) -> None:
    """Plan the delete of an instance, given by id, name or unique prefix.

    \b
    Example:
      dbaas-flow plan delete db1
    """
    from dbaas.cli.flow import lookup

    _plan(session, 'DELETE', session.api.path('instances', lookup.instance(session.api, instance)), None)


def _instance(
    name: str,
    flavor: str,
    *,
    size: int,
    volume_type: str | None,
    datastore: str | None,
    datastore_version: str | None,
    databases: tuple[str, ...],
    is_public: bool,
    cidrs: tuple[str, ...],
) -> dict[str, Any]:
    """The body of Trove's create."""
    made: dict[str, Any] = {'name': name, 'flavorRef': flavor, 'volume': {'size': size}}
    if volume_type:
        made['volume']['type'] = volume_type
    store = {'type': datastore, 'version': datastore_version}
    if any(store.values()):
        made['datastore'] = {key: value for key, value in store.items() if value}
    if databases:
        made['databases'] = [{'name': database} for database in databases]
    if is_public or cidrs:
        made['access'] = {'is_public': is_public, 'allowed_cidrs': list(cidrs)}
    return made


def _plan(session: Session, method: str, path: str, body: dict[str, Any] | None) -> None:
    from dbaas.cli.flow.render.plans import outline

    answer = session.api.post('operations', 'plan', body={'method': method, 'path': path, 'body': body})['plan']
    session.emit(answer, lambda: outline(answer))
