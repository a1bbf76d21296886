"""The cloud `openstack`: its parts under the protocol of dbaas/cloud/protocol.py."""

import time
from collections.abc import Callable, Collection
from typing import Any

from dbaas.cloud.openstack.changes import Changes
from dbaas.cloud.openstack.groups import Groups
from dbaas.cloud.openstack.limits import Quotas, Refusals
from dbaas.cloud.openstack.network import Network
from dbaas.cloud.openstack.objects import SwiftObjects
from dbaas.cloud.openstack.services import Services
from dbaas.cloud.openstack.tries import Tries, repeated
from dbaas.cloud.openstack.volumes import Volumes
from dbaas.cloud.protocol import KINDS, Resource
from dbaas.exceptions import CloudError

_PAUSE = 0.2  # seconds between two looks at what is being removed


class OpenStackCloud:
    """options: the group [openstack]. Nothing is asked of the cloud until the first call. All threads may use it.

    patience: seconds for all tries of a call, and for one of them; default: what the options say of each.
    """

    name = 'openstack'

    def __init__(self, options: Any, sleep: Callable[[float], None] = time.sleep, patience: float | None = None):
        self._options, self._sleep = options, sleep
        self.tries = Tries(options.patience if patience is None else patience, sleep)
        self.services = Services(options, patience)
        parts = self.services, options, self.tries
        self.objects = SwiftObjects(*parts)
        network, volumes, servers, groups = Network(*parts), Volumes(*parts), Changes(*parts), Groups(*parts)
        self.refusal = Refusals(*parts, network).refusal
        self.shortage = Quotas(*parts).shortage
        self._offer(network, volumes, groups)
        self._offer_servers(servers)
        self._part_of: dict[str, Network | Volumes | Changes | Groups] = {
            'server': servers, 'server-group': groups, 'volume': volumes, 'snapshot': volumes,
            'port': network, 'security-group': network, 'floating-ip': network,
        }  # fmt: skip

    def _offer(self, network: Network, volumes: Volumes, groups: Groups) -> None:
        self.create_security_group = network.create_security_group
        self.set_security_rules = network.set_security_rules
        self.delete_security_group = network.delete_security_group
        self.create_port = network.create_port
        self.create_management_port = network.create_management_port
        self.port = network.port
        self.delete_port = network.delete_port
        self.create_floating_ip = network.create_floating_ip
        self.delete_floating_ip = network.delete_floating_ip
        self.create_server_group = groups.create_server_group
        self.delete_server_group = groups.delete_server_group
        self.create_volume = volumes.create_volume
        self.volume = volumes.volume
        self.extend_volume = volumes.extend_volume
        self.delete_volume = volumes.delete_volume
        self.create_snapshot = volumes.create_snapshot
        self.snapshot_by_id = volumes.snapshot_by_id
        self.delete_snapshot = volumes.delete_snapshot

    def _offer_servers(self, servers: Changes) -> None:
        self.flavors = servers.flavors
        self.create_server = servers.create_server
        self.server = servers.server
        self.server_by_id = servers.server_by_id
        self.delete_server = servers.delete_server
        self.resize_server = servers.resize_server
        self.confirm_resize = servers.confirm_resize
        self.revert_resize = servers.revert_resize
        self.reboot_server = servers.reboot_server
        self.rebuild_server = servers.rebuild_server
        self.stop_server = servers.stop_server
        self.start_server = servers.start_server

    def effect(self, kind: str) -> str:
        given = self._options
        no_management = 'nothing: [openstack] names no management network, the agent uses the address of the instance'
        no_floating = 'nothing: [openstack] names no floating network'
        return {
            'security-group': 'a security group of Neutron with a rule per network',
            'port': 'a port of Neutron in the network asked for, or the default one',
            'management-port': f'a port in {given.management_network}' if given.management_network else no_management,
            'floating-ip': f'an address of {given.floating_network}' if given.floating_network else no_floating,
            'server-group': 'a server group of Nova',
            'volume': 'a volume of Cinder',
            'snapshot': 'a snapshot of Cinder',
            'server': 'a server of Nova',
        }[kind]

    def tend(self) -> list[str]:
        """Nothing to restart: servers are Nova's."""
        return []

    @repeated
    def resources(self, instance: str | None = None, kinds: Collection[str] = KINDS) -> list[Resource]:
        found = [resource for kind in kinds for resource in self._part_of[kind].resources(kind, instance)]
        return sorted(found, key=lambda r: (KINDS.index(r.kind), r.name, r.id))

    @repeated
    def remove(self, resource: Resource) -> None:
        self._part_of[resource.kind].remove(resource.kind, resource.id)

    def forget(self, instance: str) -> None:
        """What is left of it is removed, and gone when this returns. Raises CloudError when it stays."""
        deadline = time.monotonic() + self.tries.patience
        for kind in KINDS:
            while left := self.resources(instance, [kind]):
                for resource in left:
                    self.remove(resource)
                if time.monotonic() > deadline:
                    raise CloudError(f'{kind} {left[0].id} of instance {instance} stays; look at it, then resume')
                self._sleep(_PAUSE)
