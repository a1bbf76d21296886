"""dbaas-manage datastore: what instances can be made of."""

import importlib.metadata
import importlib.resources
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
    headings = ('DATASTORE', 'VERSION', 'NUMBER', 'MANAGER', 'RUNTIME', 'ACTIVE', 'DEFAULT', 'ID')
    output.emit(deployment.format, rows, lambda: [Table(headings, [list(row.values()) for row in rows])])


@datastore.command()
@click.argument('name', required=False)
@click.option('--manifest', type=click.Path(exists=True, dir_okay=False), help='A manifest; default: that of NAME.')
@click.option('--default', metavar='VERSION', help='Make VERSION the default.')
@pass_deployment
@explained
def register(deployment: Deployment, name: str | None, manifest: str | None, default: str | None) -> None:
    """Register a datastore and its versions as its manifest says; what is registered already stays. Repeatable.

    \b
    Examples:
      dbaas-manage --state var datastore register mariadb --default 10.11
      dbaas-manage --state var datastore register --manifest manifest.yaml
    """
    said = _manifest(manifest or _installed(name))
    if default is not None and default not in said['versions']:
        raise ManageError(f'{said["name"]} has no version {default}; it has {", ".join(said["versions"])}')
    deployment.db.run(lambda c: _register(c, said, default))
    output.write(f'{said["name"]}: {", ".join(said["versions"])} registered')


@datastore.command('set')
@click.argument('name')
@click.argument('version')
@click.option('--runtime', type=click.Choice(['process', 'container']), required=True, help='What runs the server.')
@click.option('--container-image', metavar='REFERENCE', help='The image that has its programs, such as mariadb:10.11.')
@click.option(
    '--container-archive', metavar='FILE',
    help='What the image is brought from where the agent is: a saved image, or a root file system as a tar.',
)  # fmt: skip
@pass_deployment
@explained
def set_(
    deployment: Deployment, name: str, version: str, runtime: str, container_image: str | None,
    container_archive: str | None,
) -> None:  # fmt: skip
    """Say what runs the servers of a version, for instances that are created from now on.

    \b
    Examples:
      dbaas-manage --state var datastore set mariadb 10.11 --runtime container \\
          --container-image mariadb:10.11 --container-archive mariadb-10.11.tar
      dbaas-manage --state var datastore set mariadb 10.11 --runtime process
    """
    from dbaas.services import datastores

    deployment.db.run(lambda c: datastores.set_runtime(c, name, version, runtime, container_image, container_archive))
    output.write(f'{name} {version}: {container_image or runtime}')


def _register(c: Any, said: dict[str, Any], default: str | None) -> None:
    """default: replaces the one that is set; None: the manifest's, where none is set."""
    from dbaas.db import datastores as rows
    from dbaas.services import datastores

    datastores.register(
        c, said['name'], said['manager'], said['versions'], default or said.get('default_version'), said['runtimes']
    )
    if default is not None:
        owner = datastores.get(c, said['name'])
        found = {row.name: row.id for row in rows.versions(c, owner.id)}
        rows.set_default(c, owner.id, found[default])


def _installed(name: str | None) -> str:
    """The manifest beside an installed datastore, found without importing its driver."""
    plugins = {point.name: point for point in importlib.metadata.entry_points(group=ENTRY_POINTS)}
    if name is None or name not in plugins:
        known = ', '.join(sorted(plugins)) or 'none'
        raise ManageError(f'name an installed datastore ({known}), or give --manifest')
    package = plugins[name].module.rpartition('.')[0]
    return str(importlib.resources.files(package) / 'manifest.yaml')


def _manifest(path: str) -> dict[str, Any]:
    """{name, manager, versions: [names], runtimes: {name: {kind, …}}, default_version?}. Raises ManageError."""
    import yaml

    try:
        with open(path) as text:
            said = yaml.safe_load(text)
        versions = [str(version['name']) for version in said['versions']]
        runtimes = {str(version['name']): _runtime(version) for version in said['versions']}
        return {**said, 'manager': said.get('manager', said['name']), 'versions': versions, 'runtimes': runtimes}
    except (OSError, KeyError, TypeError, AttributeError, yaml.YAMLError) as error:
        raise ManageError(f'{path} is no manifest of a datastore: {error}') from error


def _runtime(version: dict[str, Any]) -> dict[str, Any]:
    kind, image = version.get('runtime', 'process'), version.get('container_image')
    return {'kind': kind, 'image': image, 'archive': version.get('container_archive')}


def _rows(c: Any) -> list[dict[str, Any]]:
    from dbaas.db import datastores

    owners = {row.id: row for row in datastores.all(c)}
    return [
        {
            'datastore': owners[v.datastore_id].name,
            'version': v.name,
            'number': v.version,
            'manager': v.manager,
            'runtime': v.container_image or v.runtime,
            'active': v.active,
            'default': owners[v.datastore_id].default_version_id == v.id,
            'id': v.id,
        }
        for v in datastores.versions(c)
    ]
