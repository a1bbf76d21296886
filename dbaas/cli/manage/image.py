"""dbaas-manage image: what the machines of instances boot from, in Glance."""

import importlib.metadata
from typing import TYPE_CHECKING, Any

import click

from dbaas.cli import output
from dbaas.cli.manage.deployment import Deployment, ManageError, explained, pass_deployment
from dbaas.cli.text import Table

if TYPE_CHECKING:
    from dbaas.cloud.openstack.images import Images

AGENT = 'dbaas_agent_version'
# tools/guest-image gives its disk this label; the console is what `openstack console log show` shows
COMMAND_LINE = 'root=LABEL=dbaas-guest rw console=tty0 console=ttyS0'
FILE = click.Path(exists=True, dir_okay=False)
of_datastore = click.option('--datastore', metavar='NAME', help='Whose new instances boot from it.')
of_version = click.option('--version', metavar='NAME', help='Of the datastore; default: its default version.')


@click.group()
def image() -> None:
    """Register and choose the images that instances boot from, with the deployment's own credentials."""


@image.command('list')
@pass_deployment
@explained
def list_(deployment: Deployment) -> None:
    """List registered images, and which versions of datastores use them.

    \b
    Example:
      dbaas-manage --config-file /etc/dbaas/dbaas.conf image list
    """
    rows = [_row(found, _users(deployment, found['id'])) for found in _images(deployment).ours()]
    output.say('source: Glance, and the versions of datastores')
    headings = ('ID', 'NAME', 'STATUS', 'MIB', 'AGENT', 'USED BY')
    output.emit(deployment.format, rows, lambda: [Table(headings, [list(row.values()) for row in rows])])


@image.command()
@click.argument('name', default='dbaas-guest')
@click.option('--disk', type=FILE, required=True, help='The disk, as tools/guest-image makes it.')
@click.option('--disk-format', type=click.Choice(['raw', 'qcow2']), default='raw', show_default=True)
@click.option('--kernel', type=FILE, help='Boots the disk directly, without a boot loader of its own.')
@click.option('--ramdisk', type=FILE, help='For the kernel.')
@click.option('--command-line', default=COMMAND_LINE, show_default=True, help='For the kernel.')
@click.option('--property', 'properties', multiple=True, metavar='KEY=VALUE', help='Of the image; repeatable.')
@of_datastore
@of_version
@pass_deployment
@explained
def register(
    deployment: Deployment, name: str, disk: str, disk_format: str, kernel: str | None, ramdisk: str | None,
    command_line: str, properties: tuple[str, ...], datastore: str | None, version: str | None,
) -> None:  # fmt: skip
    """Upload an image, unless it is there already, and let a datastore's version use it. Repeatable.

    \b
    Example:
      dbaas-manage --config-file /etc/dbaas/dbaas.conf image register --disk .openstack/guest/disk.raw \\
          --kernel .openstack/guest/vmlinuz --ramdisk .openstack/guest/initrd --datastore mariadb
    """
    given = {
        'os_type': 'linux', 'os_distro': 'debian', 'hw_disk_bus': 'virtio', 'hw_vif_model': 'virtio',
        AGENT: importlib.metadata.version('dbaas'), **_pairs(properties),
    }  # fmt: skip
    images = _images(deployment)
    if bool(kernel) != bool(ramdisk):
        raise ManageError('--kernel and --ramdisk go together')
    if kernel and ramdisk:
        given['kernel_id'] = _register(images, f'{name}-kernel', kernel, 'aki', {})
        given['ramdisk_id'] = _register(images, f'{name}-ramdisk', ramdisk, 'ari', {})
        given['os_command_line'] = command_line
    made = _register(images, name, disk, disk_format, given)
    if datastore:
        _use(deployment, made, datastore, version)


@image.command()
@click.argument('name')
@click.option('--datastore', metavar='NAME', required=True, help='Whose new instances boot from it.')
@of_version
@pass_deployment
@explained
def use(deployment: Deployment, name: str, datastore: str, version: str | None) -> None:
    """Let a datastore's version use an image that Glance has, by name or id. Instances that exist keep theirs.

    \b
    Example:
      dbaas-manage --config-file /etc/dbaas/dbaas.conf image use dbaas-guest --datastore mariadb --version 10.11
    """
    _use(deployment, _images(deployment).find(name)['id'], datastore, version)


def _register(images: 'Images', name: str, path: str, format: str, properties: dict[str, str]) -> str:
    """-> its id."""
    found, new = images.register(name, path, format, properties)
    output.write(f'{name}: {found["id"]}{"" if new else ", there already"}')
    return str(found['id'])


def _use(deployment: Deployment, image_id: str, datastore: str, version: str | None) -> None:
    from dbaas.services import datastores

    found = deployment.db.run(lambda c: datastores.set_image(c, datastore, version, image_id))
    output.write(f'{datastore} {found.name}: new instances boot from {image_id}')


def _images(deployment: Deployment) -> 'Images':
    """Raises ManageError where the cloud has no Glance."""
    if deployment.conf.cloud.driver != 'openstack':
        raise ManageError(f'[cloud] driver is {deployment.conf.cloud.driver}: only the driver openstack has images')
    from dbaas.cloud.openstack.images import Images
    from dbaas.cloud.openstack.services import Services
    from dbaas.cloud.openstack.tries import Tries

    options = deployment.conf.openstack
    return Images(Services(options), options, Tries(options.patience))


def _users(deployment: Deployment, image_id: str) -> list[str]:
    """'mariadb 10.11' of the versions with this image."""
    from dbaas.db import datastores

    with deployment.db.read() as c:
        names = {row.id: row.name for row in datastores.all(c)}
        return [f'{names[v.datastore_id]} {v.name}' for v in datastores.versions(c) if v.image == image_id]


def _row(found: dict[str, Any], users: list[str]) -> dict[str, Any]:
    return {
        'id': found['id'],
        'name': found['name'],
        'status': found['status'],
        'mib': (found.get('size') or 0) >> 20,
        'agent': found.get(AGENT, ''),
        'used by': ', '.join(users),
    }


def _pairs(given: tuple[str, ...]) -> dict[str, str]:
    """Raises ManageError for what is no KEY=VALUE."""
    for one in given:
        if '=' not in one:
            raise ManageError(f'--property {one} is not KEY=VALUE')
    return dict(one.split('=', 1) for one in given)
