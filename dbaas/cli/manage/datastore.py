"""dbaas-manage datastore: what instances can be made of."""

import importlib.metadata
import importlib.util
import os
from typing import Any

import click

from dbaas.cli import output
from dbaas.cli.manage.deployment import Deployment, ManageError, explained, pass_deployment
from dbaas.cli.text import Table

ENTRY_POINTS = 'dbaas.datastores'


@click.group()
def datastore() -> None:
    """List and register datastores: the engines and versions that instances can be made of."""


@datastore.command('list')
@pass_deployment
@explained
def list_(deployment: Deployment) -> None:
    """List registered datastores and their versions.

    \b
    Example:
      dbaas-manage --state var datastore list
    """
    with deployment.db.read() as c:
        rows = _rows(c)
    output.say(f'source: {deployment.source}')
    headings = ('DATASTORE', 'VERSION', 'NUMBER', 'MANAGER', 'ACTIVE', 'DEFAULT', 'ID')
    output.emit(deployment.format, rows, lambda: [Table(headings, [list(row.values()) for row in rows])])


def _rows(c: Any) -> list[dict[str, Any]]:
    from dbaas.db import datastores

    owners = {row.id: row for row in datastores.all(c)}
    return [
        {
            'datastore': owners[v.datastore_id].name,
            'version': v.name,
            'number': v.version,
            'manager': v.manager,
            'active': v.active,
            'default': owners[v.datastore_id].default_version_id == v.id,
            'id': v.id,
        }
        for v in datastores.versions(c)
    ]
