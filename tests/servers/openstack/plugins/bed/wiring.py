"""The networks of the machines: a bridge for each Neutron network, a cable for each port.

A bridge has the gateway's address and stands in this machine's own network, so tests reach every server directly.
"""

import contextlib
import os

from . import names
from .command import run


def bridge(state: str, network: str, gateway: str | None) -> str:
    """Found or made. gateway: address with prefix length, 10.0.0.1/24."""
    name = names.bridge(state, network)
    if not os.path.exists(f'/sys/class/net/{name}'):
        with contextlib.suppress(RuntimeError):  # another thread was quicker: the next line would say what is wrong
            run('ip', 'link', 'add', name, 'type', 'bridge')
    run('ip', 'link', 'set', name, 'up')
    if gateway:
        run('ip', 'address', 'replace', gateway, 'dev', name)
    return name


def namespace(state: str, server: str) -> str:
    """Found or made."""
    name = names.namespace(state, server)
    if not os.path.exists(f'/run/netns/{name}'):
        run('ip', 'netns', 'add', name)
        run('ip', '-n', name, 'link', 'set', 'lo', 'up')
    return name


def plug(state: str, space: str, nic: dict) -> None:
    """nic: see `hypervisor.nics`. A cable that is there from a try before is replaced."""
    outer, inner = names.wire(state, nic['port']), names.inner_wire(state, nic['port'])
    unplug(state, nic)
    on = bridge(state, nic['network'], nic['gateway'] and f'{nic["gateway"]}/{nic["prefix"]}')
    run('ip', 'link', 'add', outer, 'type', 'veth', 'peer', 'name', inner)
    run('ip', 'link', 'set', outer, 'master', on, 'up')
    run('ip', 'link', 'set', inner, 'netns', space)
    run('ip', '-n', space, 'link', 'set', inner, 'name', nic['name'], 'address', nic['mac'], 'up')
    run('ip', '-n', space, 'address', 'add', f'{nic["address"]}/{nic["prefix"]}', 'dev', nic['name'])
    if nic['default_route']:
        run('ip', '-n', space, 'route', 'replace', 'default', 'via', nic['gateway'])
    for floating in nic['floating']:
        add_floating(state, space, nic, floating)


def add_floating(state: str, space: str, nic: dict, address: str) -> None:
    """A second address of the machine, in place of a router's translation."""
    run('ip', '-n', space, 'address', 'replace', f'{address}/32', 'dev', nic['name'])
    on = names.bridge(state, nic['network'])
    run('ip', 'route', 'replace', f'{address}/32', 'dev', on)
    run('ip', 'neighbour', 'flush', 'to', address, 'dev', on, check=False)  # it may have been another machine's


def remove_floating(state: str, space: str, nic: dict, address: str) -> None:
    """What is not there is fine."""
    run('ip', '-n', space, 'address', 'delete', f'{address}/32', 'dev', nic['name'], check=False)
    run('ip', 'route', 'delete', f'{address}/32', 'dev', names.bridge(state, nic['network']), check=False)


def unplug(state: str, nic: dict) -> None:
    """What is not there is fine."""
    for floating in nic['floating']:
        run('ip', 'route', 'delete', f'{floating}/32', 'dev', names.bridge(state, nic['network']), check=False)
    run('ip', 'link', 'delete', names.wire(state, nic['port']), check=False)


def remove_namespace(state: str, server: str) -> None:
    if os.path.exists(f'/run/netns/{names.namespace(state, server)}'):
        run('ip', 'netns', 'delete', names.namespace(state, server))


def remove_bridge(state: str, network: str) -> None:
    run('ip', 'link', 'delete', names.bridge(state, network), check=False)
