"""Security groups on the test cloud: who connects to a machine is who Neutron says may."""

import contextlib
import socket
from collections.abc import Iterator

import pytest

from tests.openstack.servers import SLOW, Servers, encoded
from tests.servers.openstack.cloud import Cloud
from tests.waiting import until

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group('openstack')]

OPEN, SHUT = 8000, 8001
USER_DATA = f"""\
#cloud-config
bootcmd:
- [systemd-run, --no-block, python3, -m, http.server, '{OPEN}']
- [systemd-run, --no-block, python3, -m, http.server, '{SHUT}']
"""
CLOSED = 1.0  # seconds after which a connection that is not answered never will be: all of it is on this machine
CONNECT = 'import socket, sys; socket.create_connection((sys.argv[1], sys.argv[2]), timeout=1)'


def reaches(source: str, address: str, port: int = OPEN) -> bool:
    """Whether someone at that address of this machine can connect."""
    with contextlib.suppress(OSError), socket.create_connection((address, port), CLOSED, (source, 0)):
        return True
    return False


class Guarded:
    """A machine and its port; near is an address of the gateway of its network, far one of another network's."""

    def __init__(self, cloud: Cloud):
        self.cloud, self.servers = cloud, Servers(cloud)
        self.near, self.far = (cloud.network(name)['gateway'] for name in ('tenant', 'other'))
        self.port = self.servers.port(group=self.servers.group())
        self.address = self.port.fixed_ips[0]['ip_address']
        self.server = self.servers.create('guest', ports=[self.port.id], user_data=USER_DATA)
        self.group = ''

    def guard(self) -> None:
        """By a new group, which lets `near` in."""
        self.group = self.servers.group(f'{self.near}/32', port=OPEN)
        self.servers.cloud.network.update_port(self.port, security_groups=[self.group])
        until(lambda: self.listens(OPEN) and self.listens(SHUT), SLOW, 'it listens on both of its ports')

    def listens(self, port: int) -> bool:
        return connects(self.cloud, self.server, '127.0.0.1', port)

    def reached(self) -> list[str]:
        return [source for source in (self.near, self.far) if reaches(source, self.address)]


def connects(cloud: Cloud, server: str, address: str, port: int) -> bool:
    """From inside that machine."""
    return cloud.inside(server, 'python3', '-c', CONNECT, address, str(port)).returncode == 0


@pytest.fixture(scope='module')
def machine(openstack_cloud: Cloud) -> Iterator[Guarded]:
    assert openstack_cloud.boots, 'there is nothing that a machine can boot: run tools/guest-image rootfs'
    made = Guarded(openstack_cloud)
    yield made
    made.servers.clear()


@pytest.fixture
def guarded(machine: Guarded, cloud: Cloud) -> Guarded:
    machine.guard()
    return machine


def test_only_what_a_rule_allows_comes_in(guarded: Guarded) -> None:
    assert guarded.reached() == [guarded.near]
    assert not reaches(guarded.near, guarded.address, SHUT)


def test_rules_come_and_go_while_it_runs(guarded: Guarded) -> None:
    network = guarded.servers.cloud.network
    guarded.servers.allow(guarded.group, OPEN, remote_ip_prefix=f'{guarded.far}/32')
    assert guarded.reached() == [guarded.near, guarded.far]
    (first,) = network.security_group_rules(security_group_id=guarded.group, remote_ip_prefix=f'{guarded.near}/32')
    network.delete_security_group_rule(first)
    assert guarded.reached() == [guarded.far]


def test_they_hold_when_it_is_made_anew(guarded: Guarded) -> None:
    image, servers = guarded.cloud.image('guest'), guarded.servers
    servers.compute.rebuild_server(guarded.server, image=image, user_data=encoded(USER_DATA))
    servers.await_(guarded.server, 'ACTIVE')
    until(lambda: reaches(guarded.near, guarded.address), SLOW, 'it listens again')
    assert guarded.reached() == [guarded.near]


def test_a_port_changes_its_groups(guarded: Guarded) -> None:
    network = guarded.servers.cloud.network
    network.update_port(guarded.port, security_groups=[guarded.servers.group(f'{guarded.far}/32', port=OPEN)])
    assert guarded.reached() == [guarded.far]
    network.update_port(guarded.port, security_groups=[])
    assert guarded.reached() == []
    network.update_port(guarded.port, is_port_security_enabled=False)
    assert guarded.reached() == [guarded.near, guarded.far]
    network.update_port(guarded.port, is_port_security_enabled=True)


def test_a_group_allows_its_members(guarded: Guarded, servers: Servers) -> None:
    """Also one that comes to it later."""
    friends = guarded.servers.group()
    guarded.servers.allow(guarded.group, SHUT, remote_group_id=friends)
    port = servers.port(group=servers.group())
    other = servers.create('guest', ports=[port.id])
    until(lambda: guarded.cloud.inside(other, 'true').returncode == 0, SLOW, 'the other machine')
    assert not connects(guarded.cloud, other, guarded.address, SHUT)
    servers.cloud.network.update_port(port, security_groups=[friends])
    assert connects(guarded.cloud, other, guarded.address, SHUT)
