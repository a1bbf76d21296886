"""What the options and the datastores name in the OpenStack cloud: networks, types, flavors, guest images."""

from collections.abc import Iterator
from typing import Any

from dbaas.cli.manage.deployment import Deployment, ManageError
from dbaas.cli.manage.findings import Finding, failed, ok, warning

NETWORKS = ('default_network', 'management_network', 'floating_network')
CORRECT = 'correct the option'


def furnishing(deployment: Deployment, connection: Any) -> Iterator[Finding]:
    """connection: openstacksdk's, of a cloud whose services answer."""
    options = deployment.conf.openstack
    for name in NETWORKS:
        if options[name]:
            yield _network(connection, name, options[name])
    for group in options.management_security_groups or ():
        there = connection.network.find_security_group(group, ignore_missing=True)
        yield _found('security group', group, there, 'management_security_groups')
    if options.management_network and not options.management_security_groups:
        yield warning(
            'security group',
            f'guests reach each other in {options.management_network}: the default group lets them',
            'name one without rules inward in [openstack] management_security_groups',
        )
    if options.volume_type:
        there = connection.block_storage.find_type(options.volume_type, ignore_missing=True)
        yield _found('volume type', options.volume_type, there, 'volume_type')
    yield _flavors(connection)
    yield from _images(deployment, connection)


def _found(kind: str, given: str, there: Any, option: str) -> Finding:
    if there is None:
        return failed(kind, f'{given} of [openstack] {option} is not there, or not to be seen', CORRECT)
    return ok(kind, f'{there.name}, [openstack] {option}')


def _network(connection: Any, option: str, given: str) -> Finding:
    there = connection.network.find_network(given, ignore_missing=True)
    if there is not None and not _meant(connection, there, given):
        return failed('network', f"{given} of [openstack] {option} is the name of another project's", 'give its id')
    if there is not None and option == 'floating_network' and not there.is_router_external:
        remedy = f'openstack network set --external {given}, or {CORRECT}'
        return failed('network', f'{given} of [openstack] {option} is no external network', remedy)
    if there is not None and not there.subnet_ids:
        return failed(
            'network', f'{given} of [openstack] {option} has no subnet', f'openstack subnet create, or {CORRECT}'
        )
    return _found('network', given, there, option)


def _meant(connection: Any, there: Any, given: str) -> bool:
    """As the driver looks: by id, or by the name of one that is ours, shared or external."""
    ours = there.project_id == connection.current_project_id
    return there.id == given or ours or there.is_shared or there.is_router_external


def _flavors(connection: Any) -> Finding:
    found = [one.name for one in connection.compute.flavors()]
    if not found:
        return failed('flavors', 'the service project sees none', 'openstack flavor create')
    return ok('flavors', f'{len(found)}: {", ".join(sorted(found)[:5])}')


def _images(deployment: Deployment, connection: Any) -> Iterator[Finding]:
    """Of each active version of a datastore."""
    from dbaas.db import datastores, failures

    try:
        with deployment.db.read() as c:
            names = {row.id: row.name for row in datastores.all(c)}
            versions = [row for row in datastores.versions(c) if row.active]
    except (ManageError, *failures.ERRORS):
        return  # the database has a line of its own
    if not versions:
        yield warning('guest image', 'no datastore has an active version', 'dbaas-manage image register')
    for version in versions:
        yield _image(connection, f'{names[version.datastore_id]} {version.name}', version.image)


def _image(connection: Any, version: str, image: str | None) -> Finding:
    remedy = 'dbaas-manage image register'
    if not image:
        return failed('guest image', f'{version} has none', remedy)
    there = connection.image.find_image(image, ignore_missing=True)
    if there is None:
        return failed('guest image', f'{image} of {version} is not in Glance, or not to be seen', remedy)
    if there.status != 'active':
        return failed('guest image', f'{there.name} of {version} is {there.status}', f'wait for Glance, or {remedy}')
    return ok('guest image', f'{there.name} for {version}')
