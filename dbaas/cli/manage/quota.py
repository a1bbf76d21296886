"""dbaas-manage quota: what a project may use and what it uses."""

from typing import Any

import click

from dbaas.cli import output
from dbaas.cli.manage.deployment import Deployment, explained, pass_deployment
from dbaas.cli.text import Table

RESOURCES = ('instances', 'ram', 'volumes', 'backups')


@click.group()
def quota() -> None:
    """Show and set the limits of a project. ram is in MiB, volumes in GiB; a negative limit is none."""


@quota.command()
@click.argument('project')
@pass_deployment
@explained
def show(deployment: Deployment, project: str) -> None:
    """Show the limits of PROJECT (an id) and what is used of them.

    \b
    Example:
      dbaas-manage --state var quota show demo
    """
    with deployment.db.read() as c:
        rows = _rows(deployment, c, project)
    output.say(f'source: {deployment.source}')
    cells = [(r['resource'], r['used'], 'none' if r['limit'] < 0 else r['limit'], r['from']) for r in rows]
    output.emit(deployment.format, rows, lambda: [Table(('RESOURCE', 'USED', 'LIMIT', 'FROM'), cells)])


def _rows(deployment: Deployment, c: Any, project: str) -> list[dict[str, Any]]:
    """[{resource, used, limit, from}]; from: 'project', or 'default' for one without rows of its own."""
    from dbaas.services.quotas import Quotas

    return [
        {
            'resource': name,
            'used': usage.used,
            'limit': usage.limit,
            'from': 'project' if usage.own else 'default',
        }
        for name, usage in Quotas(deployment.conf).usage(c, project).items()
    ]


@quota.command('set')
@click.argument('project')
@click.argument('resource', type=click.Choice(RESOURCES))
@click.argument('limit', type=int)
@pass_deployment
@explained
def set_(deployment: Deployment, project: str, resource: str, limit: int) -> None:
    """Set the LIMIT of RESOURCE for PROJECT (an id). What is used already stays, also above the limit.

    \b
    Examples:
      dbaas-manage --state var quota set demo instances 20
      dbaas-manage --state var quota set demo ram -- -1        # no limit
    """
    from dbaas.services.quotas import Quotas

    limits = {resource: max(limit, -1)}
    deployment.db.run(lambda c: Quotas(deployment.conf).change(c, project, limits))
    output.write(f'{resource} of {project}: {"no limit" if limit < 0 else f"limit {limit}"}')
