"""What speaks against one more instance: quotas of the service project, and a place that the tenant may not use."""

import ipaddress
from collections.abc import Iterator, Sequence
from typing import Any

from dbaas.cloud.openstack.network import Network
from dbaas.cloud.openstack.part import Part
from dbaas.cloud.openstack.services import Services
from dbaas.cloud.openstack.tries import Row, Tries, repeated
from dbaas.cloud.protocol import Need, Nic

OUTWARD = 2  # rules of each group that Neutron makes itself
Use = tuple[str, str, int, int, int]  # service, quota, used, limit, needed


class Quotas(Part):
    """Of the service project, not of the tenant."""

    @repeated
    def shortage(self, need: Need) -> str | None:
        uses = [*self._compute(need), *self._volume(need), *self._network(need)]
        for service, quota, used, limit, needed in uses:
            if 0 <= limit < used + needed:
                return (
                    f"{service}'s quota of {quota} is too small: {used} of {limit} are used, {needed} more needed; "
                    f'raise it for project {self.services.project}'
                )
        return None

    def _compute(self, need: Need) -> Iterator[Use]:
        found = self.services.compute.find('/limits', 'limits') or {'absolute': {}}
        absolute = found['absolute']
        for quota, used, limit, needed in (
            ('instances', 'totalInstancesUsed', 'maxTotalInstances', 1),
            ('cores', 'totalCoresUsed', 'maxTotalCores', need.flavor.vcpus),
            ('ram (MiB)', 'totalRAMUsed', 'maxTotalRAMSize', need.flavor.ram),
            ('server groups', 'totalServerGroupsUsed', 'maxServerGroups', int(need.grouped)),
        ):
            if needed:
                yield 'Nova', quota, absolute.get(used, 0), absolute.get(limit, -1), needed

    def _volume(self, need: Need) -> Iterator[Use]:
        path = f'/os-quota-sets/{self.services.project}'
        quotas = self.services.volume.find(path, 'quota_set', usage='true') or {}
        type = self._volume_type(need.volume_type or self.options.volume_type)
        needs = {'volumes': 1, 'gigabytes': need.size, f'volumes_{type}': 1, f'gigabytes_{type}': need.size}
        for quota, needed in needs.items():
            yield from _use('Cinder', quota, quotas.get(quota), 'in_use', needed)
        largest = quotas.get('per_volume_gigabytes') or {'limit': -1}
        yield 'Cinder', 'per_volume_gigabytes', 0, largest['limit'], need.size

    def _volume_type(self, given: str | None) -> str:
        """Its name, by which quotas are kept; of the cloud's default one if none is given. '' when there is none."""
        if not given:
            found = self.services.volume.find('/types/default', 'volume_type')
            return found['name'] if found else ''
        rows = self.services.volume.list('/types', 'volume_types')
        return next((row['name'] for row in rows if row['id'] == given), given)

    def _network(self, need: Need) -> Iterator[Use]:
        path = f'/quotas/{self.services.project}/details.json'
        quotas = self.services.network.find(path, 'quota') or {}
        floating = 1 if need.public and self.options.floating_network else 0
        ports = 2 if self.options.management_network else 1
        rules = OUTWARD + need.rules
        needs = {'port': ports, 'security_group': 1, 'security_group_rule': rules, 'floatingip': floating}
        for quota, needed in needs.items():
            yield from _use('Neutron', quota, quotas.get(quota), 'used', needed)


def _use(service: str, quota: str, row: Row | None, used: str, needed: int) -> Iterator[Use]:
    if row is not None and needed:
        yield service, quota, row[used] + row.get('reserved', 0), row['limit'], needed


class Refusals(Part):
    """Of the wish of one tenant. `project` is the tenant's."""

    def __init__(self, services: Services, options: Any, tries: Tries, network: Network):
        super().__init__(services, options, tries)
        self._network = network

    @repeated
    def refusal(
        self, project: str, nics: Sequence[Nic], zone: str, volume_type: str, public: bool = False
    ) -> str | None:
        if public and not self.options.floating_network:
            return 'This cloud has no public addresses: leave out is_public.'
        for nic in nics or [Nic()]:
            if (why := self._nic(project, nic)) is not None:
                return why
        if zone and zone not in self._zones():
            return f'There is no availability zone {zone}.'
        if volume_type and volume_type not in self._volume_types():
            return f'There is no volume type {volume_type}.'
        return None

    def _nic(self, project: str, nic: Nic) -> str | None:
        if not (nic.network or nic.subnet or self.options.default_network):
            return 'A network has to be named: this cloud has no default network.'
        id = self._network.network_of(nic)
        found = self.services.network.list('/networks', 'networks', id=id) if id else []
        if not found or not self._may_use(project, found[0]):
            return f'There is no network {nic.network or nic.subnet} that project {project} may use.'
        network = found[0]
        subnets = self.services.network.list('/subnets', 'subnets', network_id=network['id'])
        return _no_place(nic, network, subnets)

    def _may_use(self, project: str, network: Row) -> bool:
        """`shared` tells whether *we* may use it: a tenant that shares its network with us does so with no other."""
        if project == network['project_id'] or self._is_default(network):
            return True
        given = {'object_type': 'network', 'object_id': network['id'], 'action': 'access_as_shared'}
        policies = self.services.network.list('/rbac-policies', 'rbac_policies', **given)
        return any(policy['target_tenant'] in ('*', project) for policy in policies)

    def _is_default(self, network: Row) -> bool:
        given = self.options.default_network
        return bool(given) and network['id'] == self._network.network_id(given)

    def _zones(self) -> set[str]:
        rows = self.services.compute.list('/os-availability-zone', 'availabilityZoneInfo')
        return {row['zoneName'] for row in rows if row['zoneState']['available']}

    def _volume_types(self) -> set[str]:
        rows = self.services.volume.list('/types', 'volume_types')
        return {row[field] for row in rows for field in ('id', 'name')}


def _no_place(nic: Nic, network: Row, subnets: list[Row]) -> str | None:
    usable = [s for s in subnets if nic.subnet in ('', s['id'])]
    if nic.subnet and not usable:
        return f'Subnet {nic.subnet} does not belong to network {network["id"]}.'
    if not usable:
        return f'Network {network["id"]} has no subnet, so no addresses.'
    if nic.address and not any(_within(nic.address, subnet['cidr']) for subnet in usable):
        return f'Address {nic.address} lies in none of {", ".join(s["cidr"] for s in usable)}.'
    return None


def _within(address: str, cidr: str) -> bool:
    try:
        return ipaddress.ip_address(address) in ipaddress.ip_network(cidr)
    except ValueError:
        return False
