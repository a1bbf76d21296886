"""Servers of the service user made straight by Nova's API, for tests of the bed itself; gone when the test is over."""

import base64
from collections.abc import Sequence
from typing import Any

from openstack.connection import Connection

from tests.servers.openstack.cloud import Cloud
from tests.waiting import until

SLOW = 90.0  # seconds; the machine may be busy


class Servers:
    def __init__(self, there: Cloud):
        self._there = there
        self.cloud: Connection = there.connect('dbaas')
        self.compute = self.cloud.compute
        self._servers: list[str] = []
        self._volumes: list[str] = []
        self._ports: list[str] = []
        self._groups: list[str] = []

    def volume(self, size: int, **more: Any) -> str:
        """-> its id, when it is available. size: GiB."""
        made = self.cloud.block_storage.create_volume(name='bed', size=size, volume_type='standard', **more).id
        self._volumes.append(made)
        until(lambda: self.cloud.block_storage.get_volume(made).status == 'available', SLOW, 'the volume')
        return made

    def group(self, *sources: str, port: int | None = None) -> str:
        """-> the id of a security group that lets these networks in, to one TCP port or to all."""
        made = self.cloud.network.create_security_group(name='bed').id
        self._groups.append(made)
        for source in sources:
            self.allow(made, port, remote_ip_prefix=source)
        return made

    def allow(self, group: str, port: int | None, **source: str) -> str:
        """-> the id of the rule. source: as Neutron calls it."""
        facts = {'protocol': 'tcp', 'port_range_min': port, 'port_range_max': port, **source}
        return self.cloud.network.create_security_group_rule(
            security_group_id=group, direction='ingress', ether_type='IPv4', **facts
        ).id

    def port(self, network: str = 'tenant', group: str = '') -> Any:
        """Without a group anybody reaches it."""
        groups = [group or self.group('0.0.0.0/0')]
        made = self.cloud.network.create_port(
            network_id=self._there.network(network)['id'], name='bed', security_groups=groups
        )
        self._ports.append(made.id)
        return made

    def create(
        self, image: str, *volumes: str, user_data: str = '#cloud-config\n{}\n', ports: Sequence[str] = ()
    ) -> str:
        """-> its id, when it is ACTIVE. The volumes are there from its boot on."""
        number = self._there.image(image)
        root = {'boot_index': 0, 'uuid': number, 'source_type': 'image', 'destination_type': 'local',
                'delete_on_termination': True}  # fmt: skip
        disks = [{'boot_index': -1, 'uuid': volume, 'source_type': 'volume', 'destination_type': 'volume',
                  'delete_on_termination': False} for volume in volumes]  # fmt: skip
        made = self.compute.create_server(
            name='bed', image_id=number, flavor_id='small', block_device_mapping=[root, *disks], config_drive=True,
            networks=[{'port': port} for port in ports or [self.port().id]], user_data=encoded(user_data),
        ).id  # fmt: skip
        self._servers.append(made)
        self.await_(made, 'ACTIVE')
        return made

    def shown(self, server: str) -> Any:
        return self.compute.get_server(server)

    def await_(self, server: str, status: str) -> Any:
        """Settled: no task of Nova's is under way. AssertionError with Nova's words when it becomes ERROR."""

        def there() -> Any:
            found = self.shown(server)
            assert status == 'ERROR' or found.status != 'ERROR', found.fault
            return found.status == status and not found.task_state and found

        return until(there, SLOW, f'{status} of server {server}')

    def clear(self) -> None:
        for server in self._servers:
            self.compute.delete_server(server, force=True)  # else the cloud keeps it for a while, and its volumes
        until(lambda: not {one.id for one in self.compute.servers()} & set(self._servers), SLOW, 'no servers')
        storage = self.cloud.block_storage
        there = {one.id for one in storage.volumes()} & set(self._volumes)
        for volume in there:
            until(lambda volume=volume: storage.get_volume(volume).status == 'available', SLOW, 'a detached volume')
            storage.delete_volume(volume)
        until(lambda: not {one.id for one in storage.volumes()} & there, SLOW, 'no volumes')
        for port in self._ports:
            self.cloud.network.delete_port(port)
        for group in self._groups:
            self.cloud.network.delete_security_group(group)
        self._servers, self._volumes, self._ports, self._groups = [], [], [], []


def encoded(user_data: str) -> str:
    return base64.b64encode(user_data.encode()).decode()
