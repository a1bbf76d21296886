"""What every test finds in the cloud: networks, flavors, images, types of volumes. Found or made by name."""

from typing import Any

from openstack.connection import Connection

from tests.servers.openstack import people
from tests.servers.openstack.plugins.bed import wiring

NETWORKS = {'management': people.SERVICE_PROJECT, 'tenant': 'demo', 'other': 'other', 'external': 'admin'}  # of whom
FLAVORS = {'tiny': (1, 384), 'small': (1, 512), 'medium': (2, 1024), 'large': (2, 2048)}  # cpus, MiB
IMAGES = {'hollow': 'true', 'guest': 'false'}  # whether a server of it is bookkeeping only
VOLUME_TYPES = ('standard', 'fast')
OWN_BLOCKS = 64  # networks that tests make themselves are 10.<n>.64.0/24 and up


def furnish(admin: Connection, state: str, block: int) -> dict[str, Any]:
    """block: see `blocks.claim`. -> networks: name -> id, subnet, cidr, gateway; flavors and images: name -> id."""
    projects = {project.name: project.id for project in admin.identity.projects()}
    there = {network.name: network for network in admin.network.networks()}
    networks = {
        name: _network(admin, there.get(name), name, projects[owner], f'10.{block}.{number}')
        for number, (name, owner) in enumerate(NETWORKS.items())
    }
    _router(admin, networks['external'], networks['tenant'])
    for network in networks.values():  # their gateways are here before the first machine: brokers listen there
        wiring.bridge(state, network['id'], f'{network["gateway"]}/24')
    return {
        'projects': projects, 'networks': networks, 'flavors': _flavors(admin), 'images': _images(admin),
        'volume_types': _volume_types(admin),
    }  # fmt: skip


def _network(admin: Connection, found: Any, name: str, owner: str, prefix: str) -> dict[str, str]:
    facts = {'cidr': f'{prefix}.0/24', 'gateway': f'{prefix}.1'}
    if found:
        subnet = next(admin.network.subnets(network_id=found.id))
        if subnet.cidr == facts['cidr']:
            return {'id': found.id, 'subnet': subnet.id, **facts}
        raise RuntimeError(f'network {name} is {subnet.cidr}, no longer free here: remove this state and start anew')
    made = admin.network.create_network(
        name=name, project_id=owner, is_router_external=name == 'external', is_port_security_enabled=True
    )
    subnet = admin.network.create_subnet(
        name=name, project_id=owner, network_id=made.id, ip_version=4, cidr=facts['cidr'],
        gateway_ip=facts['gateway'], is_dhcp_enabled=False,
    )  # fmt: skip
    return {'id': made.id, 'subnet': subnet.id, **facts}


def _router(admin: Connection, outside: dict[str, str], inside: dict[str, str]) -> None:
    """Floating IPs of `external` lead to addresses of `tenant`; in records only."""
    if admin.network.find_router('outward') is None:
        made = admin.network.create_router(name='outward', external_gateway_info={'network_id': outside['id']})
        admin.network.add_interface_to_router(made, subnet_id=inside['subnet'])


def _flavors(admin: Connection) -> dict[str, str]:
    found = {flavor.name: flavor.id for flavor in admin.compute.flavors()}
    for name, (cpus, memory) in FLAVORS.items():
        if name not in found:
            made = admin.compute.create_flavor(id=name, name=name, vcpus=cpus, ram=memory, disk=1, is_public=True)
            found[name] = made.id
    return found


def _images(admin: Connection) -> dict[str, str]:
    found = {image.name: image.id for image in admin.image.images()}
    for name, hollow in IMAGES.items():
        if name not in found:
            made = admin.image.create_image(
                name, disk_format='raw', container_format='bare', visibility='public', dbaas_hollow=hollow,
                data=b'what a machine of this image boots is the root file system of the bed', validate_checksum=False,
            )  # fmt: skip
            found[name] = made.id
    return found


def _volume_types(admin: Connection) -> dict[str, str]:
    found = {kind.name: kind.id for kind in admin.block_storage.types()}
    for name in VOLUME_TYPES:
        if name not in found:
            made = admin.block_storage.create_type(
                name=name, is_public=True, extra_specs={'volume_backend_name': 'files'}
            )
            found[name] = made.id
    return found
