"""What the options and the datastores name in the OpenStack cloud: networks, types, flavors, guest images."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from dbaas.cli.manage.checks.tried import tried
from dbaas.cli.manage.deployment import Deployment, ManageError
from dbaas.cli.manage.findings import Finding, failed, ok, warning

if TYPE_CHECKING:
    from dbaas.cloud.openstack.images import Images
    from dbaas.cloud.openstack.network import Network
    from dbaas.cloud.openstack.services import Services

NETWORKS = ('default_network', 'management_network', 'floating_network')
CORRECT = 'correct the option'
PATIENCE = 5.0  # seconds for a call: the services have just answered


def furnishing(deployment: Deployment, services: 'Services') -> Iterator[Finding]:
    """Of a cloud whose services answer. Names are looked up by the driver's own code: they mean the same to both."""
    from dbaas.cloud.openstack.network import Network
    from dbaas.cloud.openstack.tries import Tries

    options = deployment.conf.openstack
    network = Network(services, options, Tries(PATIENCE))
    for name in NETWORKS:
        if options[name]:
            yield _network(network, name, options[name])
    for given in options.management_security_groups or ():
        yield _security_group(network, given)
    if options.management_network and not options.management_security_groups:
        yield warning(
            'security group',
            f'guests reach each other in {options.management_network}: the default group lets them',
            'name one without rules inward in [openstack] management_security_groups',
        )
    if options.volume_type:
        yield _volume_type(services.connection, options.volume_type)
    yield _flavors(services.connection)
    yield from _images(deployment, services)


def _network(network: 'Network', option: str, given: str) -> Finding:
    id, reason = tried(lambda: network.network_id(given))
    if reason:
        return failed('network', f'{option}: {_short(reason)}', f"{CORRECT}; another project's: give its id")
    said = f'{given} of [openstack] {option}'
    there, reason = tried(lambda: network.services.network.find(f'/networks/{id}', 'network'))
    if there is None:
        return failed('network', f'{said}: {reason or "it is gone"}', CORRECT)
    if option == 'floating_network' and not there['router:external']:
        remedy = f'openstack network set --external {given}, or {CORRECT}'
        return failed('network', f'{said} is no external network', remedy)
    if not there['subnets']:
        return failed('network', f'{said} has no subnet', f'openstack subnet create, or {CORRECT}')
    return ok('network', f'{there["name"]}, [openstack] {option}')


def _short(reason: str) -> str:
    """Without the driver's remedy: a finding has its own."""
    return reason.partition('; ')[0]


def _security_group(network: 'Network', given: str) -> Finding:
    option = '[openstack] management_security_groups'
    _, reason = tried(lambda: network.security_group_id(given))
    if reason:
        remedy = f'{CORRECT}: groups of other projects cannot be used'
        return failed('security group', f'{option}: {_short(reason)}', remedy)
    return ok('security group', f'{given}, {option}')


def _volume_type(connection: Any, given: str) -> Finding:
    option = '[openstack] volume_type'
    there, reason = tried(lambda: connection.block_storage.find_type(given, ignore_missing=True))
    if there is None:
        return failed('volume type', f'{given} of {option}: {reason or "not there, or not to be seen"}', CORRECT)
    return ok('volume type', f'{there.name}, {option}')


def _flavors(connection: Any) -> Finding:
    found, reason = tried(lambda: sorted(one.name for one in connection.compute.flavors()))
    if not found:
        return failed('flavors', reason or 'the service project sees none', 'openstack flavor create')
    return ok('flavors', f'{len(found)}: {", ".join(found[:5])}')


def _images(deployment: Deployment, services: 'Services') -> Iterator[Finding]:
    """Of each active version of a datastore."""
    from dbaas.cloud.openstack.images import Images
    from dbaas.cloud.openstack.tries import Tries
    from dbaas.db import datastores, failures

    try:
        with deployment.db.read() as c:
            names = {row.id: row.name for row in datastores.all(c)}
            versions = [row for row in datastores.versions(c) if row.active]
    except (ManageError, *failures.ERRORS):
        return  # the database has a line of its own
    if not versions:
        yield warning('guest image', 'no datastore has an active version', 'dbaas-manage image register')
    images = Images(services, deployment.conf.openstack, Tries(PATIENCE))
    for version in versions:
        yield _image(images, f'{names[version.datastore_id]} {version.name}', version.image)


def _image(images: 'Images', version: str, image: str | None) -> Finding:
    remedy = 'dbaas-manage image register'
    if not image:
        return failed('guest image', f'{version} has none', remedy)
    there, reason = tried(lambda: images.look(image))
    if there is None:
        return failed('guest image', f'{version}: {reason}', remedy)
    name, status = there['name'], there['status']
    if status != 'active':
        return failed('guest image', f'{name} of {version} is {status}', f'wait for Glance, or {remedy}')
    return ok('guest image', f'{name} for {version}')
