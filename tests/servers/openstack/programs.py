"""The processes of the control plane: one for each service, the fault proxy among them."""

import os
import pathlib

from dbaas.cli.cluster.process import Process
from tests.servers.openstack import place

PUBLIC = 'public_'
SERVERS = ('keystone', 'placement', 'neutron', 'glance', 'nova', 'cinder', 'swift')
ALL = ('proxy', *SERVERS)
PORTS = (
    *SERVERS, *(f'{PUBLIC}{name}' for name in SERVERS), 'swift_account', 'swift_container', 'swift_object', 'sql',
    'faults',
)  # fmt: skip
_WSGI = {'keystone': 'keystone.wsgi.api', 'placement': 'placement.wsgi.api', 'neutron': 'neutron.wsgi.api',
         'glance': 'glance.wsgi.api'}  # fmt: skip


def process(state: pathlib.Path, name: str) -> Process:
    return Process(str(state), name)


def start(state: pathlib.Path, name: str, ports: dict[str, int]) -> Process:
    """Returns at once; it runs already, or will."""
    command = [str(place.services() / 'bin' / 'python'), '-m', *_module(state, name, ports)]
    started = process(state, name)
    started.start(command, environment(state))
    return started


def _module(state: pathlib.Path, name: str, ports: dict[str, int]) -> list[str]:
    folder, etc = str(state), str(state / 'etc')
    if name == 'swift':
        inner = [str(ports[f'swift_{kind}']) for kind in ('account', 'container', 'object')]
        return ['bed.swift', folder, f'{etc}/swift', str(ports['swift']), *inner]
    if name == 'proxy':
        lines = [f'{one}:{ports[PUBLIC + one]}:{ports[one]}' for one in SERVERS]
        return ['bed.proxy', folder, str(ports['faults']), *lines]
    if name in _WSGI:
        return ['bed.wsgi', folder, _WSGI[name], str(ports[name])]
    needed = [str(ports['keystone']), str(ports['placement'])] if name == 'nova' else []
    return [f'bed.{name}', folder, str(ports[name]), f'{etc}/{name}.conf', *needed]


def environment(state: pathlib.Path) -> dict[str, str]:
    """What a service finds its configuration by, and the hypervisor its machines'."""
    etc = str(state / 'etc')
    return {
        'PATH': os.pathsep.join([str(place.services() / 'bin'), '/usr/sbin', '/usr/bin', '/sbin', '/bin']),
        'HOME': str(state),
        'LANG': 'C.UTF-8',
        'PYTHONPATH': str(place.PLUGINS),
        'PYTHONWARNINGS': 'ignore',
        'OS_KEYSTONE_CONFIG_FILES': f'{etc}/keystone.conf',
        'OS_PLACEMENT_CONFIG_DIR': etc,
        'OS_GLANCE_CONFIG_DIR': etc,
        'OS_NEUTRON_CONFIG_DIR': etc,
        'OS_NEUTRON_CONFIG_FILES': 'neutron.conf',
        'OS_NOVA_CONFIG_DIR': etc,
        'BED_STATE': str(state),
        'BED_ROOTFS': str(place.rootfs()),
    }
