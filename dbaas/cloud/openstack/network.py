"""Neutron: security groups, ports and floating IPs. They are ours; the network may be a tenant's."""

import ipaddress
from collections.abc import Sequence

from dbaas.cloud.openstack import names
from dbaas.cloud.openstack.part import Part, oldest, ours
from dbaas.cloud.openstack.service import Refused
from dbaas.cloud.openstack.tries import Row, repeated
from dbaas.cloud.protocol import FloatingIp, Nic, Owner, Port, Resource, Rule
from dbaas.exceptions import CloudError

# kind -> (path, what one of them is called in a document, where its name stands: floating IPs have none)
PATHS = {
    'port': ('/ports', 'port', 'name'),
    'security-group': ('/security-groups', 'security_group', 'name'),
    'floating-ip': ('/floatingips', 'floatingip', 'description'),
}


class Network(Part):
    # -- security groups
    @repeated
    def create_security_group(self, owner: Owner, name: str, rules: Sequence[Rule]) -> str:
        found = self._make('security-group', owner, name, {})
        self._set_rules(found['id'], rules)
        return str(found['id'])

    @repeated
    def set_security_rules(self, security_group: str | None, rules: Sequence[Rule]) -> None:
        if security_group is not None:
            self._set_rules(security_group, rules)

    def _set_rules(self, group: str, rules: Sequence[Rule]) -> None:
        """What leads outward stays as the cloud made it."""
        path, neutron = '/security-group-rules', self.services.network
        wanted = {(rule.port, str(ipaddress.ip_network(rule.cidr, strict=False))) for rule in rules}
        there = neutron.list(path, 'security_group_rules', security_group_id=group, direction='ingress')
        for row in there:
            known = _rule_of(row)
            if known not in wanted:
                neutron.delete(f'{path}/{row["id"]}')
            wanted.discard(known)
        for port, cidr in sorted(wanted):
            self._add_rule(group, port, cidr)

    def _add_rule(self, group: str, port: int, cidr: str) -> None:
        facts = {
            'security_group_id': group, 'direction': 'ingress', 'protocol': 'tcp', 'remote_ip_prefix': cidr,
            'port_range_min': port, 'port_range_max': port,
            'ethertype': f'IPv{ipaddress.ip_network(cidr).version}',
        }  # fmt: skip
        try:
            self.services.network.post('/security-group-rules', {'security_group_rule': facts}, about=f'{port}, {cidr}')
        except Refused as error:
            if error.code != 409 or 'already exists' not in str(error):
                raise

    # -- ports
    @repeated
    def create_port(
        self, owner: Owner, name: str, service_port: int, nic: Nic | None = None, security_group: str | None = None
    ) -> Port:
        """All ports of an address are the instance's own, `service_port` too."""
        nic = nic or Nic()
        fixed = {key: value for key, value in (('subnet_id', nic.subnet), ('ip_address', nic.address)) if value}
        facts: Row = {'network_id': self.network_of(nic)}
        facts |= {'fixed_ips': [fixed]} if fixed else {}
        facts |= {'security_groups': [security_group]} if security_group else {}
        return port_of(self._make('port', owner, name, facts))

    @repeated
    def create_management_port(self, owner: Owner, name: str) -> Port | None:
        if not self.options.management_network:
            return None
        facts: Row = {'network_id': self.network_id(self.options.management_network)}
        groups = self.options.management_security_groups
        facts |= {'security_groups': [self.security_group_id(group) for group in groups]} if groups else {}
        return port_of(self._make('port', owner, name, facts))

    @repeated
    def port(self, port_id: str) -> Port | None:
        found = self.services.network.find(f'/ports/{port_id}', 'port')
        return None if found is None else port_of(found)

    def network_of(self, nic: Nic) -> str:
        """'': there is none. What people ask for goes into a query, never into a path."""
        if nic.network:
            return nic.network
        if nic.subnet:
            found = self.services.network.list('/subnets', 'subnets', id=nic.subnet)
            return str(found[0]['network_id']) if found else ''
        if not self.options.default_network:
            raise CloudError('No network was asked for, and [openstack] names no default_network')
        return self.network_id(self.options.default_network)

    def network_id(self, given: str) -> str:
        """given: id or name, of the configuration. Tenants name theirs as they like: one of those is never meant."""
        own, external = {'project_id': self.services.project}, {'router:external': 'true'}
        places = [{'name': given, **where} for where in (own, {'shared': 'true'}, external)]
        return self._id('networks', given, [{'id': given}, *places])

    def security_group_id(self, given: str) -> str:
        """given: id or name, of the configuration; the group has to be our project's."""
        own = {'project_id': self.services.project}
        return self._id('security-groups', given, [{'id': given, **own}, {'name': given, **own}])

    def _id(self, path: str, given: str, looks: list[dict[str, str]]) -> str:
        for look in looks:
            found = self.services.network.list(f'/{path}', path.replace('-', '_'), **look)
            if len(found) == 1:
                return str(found[0]['id'])
        raise CloudError(f'Neutron: {path} of [openstack]: {given} is not there, or not once; correct the option')

    # -- floating IPs
    @repeated
    def create_floating_ip(self, owner: Owner, name: str, port: Port) -> FloatingIp | None:
        if not self.options.floating_network:
            return None
        facts = {'floating_network_id': self.network_id(self.options.floating_network), 'port_id': port.id}
        found = self._make('floating-ip', owner, name, facts)
        if found['port_id'] != port.id:  # of a port that was lost
            body = {'floatingip': {'port_id': port.id}}
            self.services.network.send('PUT', f'/floatingips/{found["id"]}', json=body)
        return FloatingIp(found['id'], found['floating_ip_address'])

    # -- all kinds
    @repeated
    def delete_floating_ip(self, owner: Owner, name: str) -> None:
        self._delete_all('floating-ip', owner, name)

    @repeated
    def delete_port(self, owner: Owner, name: str) -> None:
        self._delete_all('port', owner, name)

    @repeated
    def delete_security_group(self, owner: Owner, name: str) -> None:
        self._delete_all('security-group', owner, name)

    def resources(self, kind: str, instance: str | None) -> list[Resource]:
        marked = names.instance_tag(instance) if instance and kind != 'floating-ip' else None
        return ours(kind, self._rows(kind, description=marked), instance, PATHS[kind][2])

    def remove(self, kind: str, id: str) -> None:
        self.services.network.delete(f'{PATHS[kind][0]}/{id}')

    def _make(self, kind: str, owner: Owner, name: str, facts: Row) -> Row:
        """Neutron takes tags only afterwards; name and description are there from the first moment."""
        path, key, called = PATHS[kind]
        given, tags = names.name_of(owner, name), names.tags(owner, name)
        found = oldest(self._rows(kind, **{called: given}))
        if found is None:
            body = {'description': names.instance_tag(owner.instance)} | {called: given, **facts}
            found = self.services.network.post(path, {key: body}, key, about=given)
        if set(found.get('tags') or ()) != set(tags):
            self.services.network.send('PUT', f'{path}/{found["id"]}/tags', json={'tags': tags})
        return found

    def _delete_all(self, kind: str, owner: Owner, name: str) -> None:
        """All of that name: a late call may have made a second one."""
        for row in self._rows(kind, **{PATHS[kind][2]: names.name_of(owner, name)}):
            self.remove(kind, row['id'])

    def _rows(self, kind: str, **params: str | None) -> list[Row]:
        """Of our project: an administrator sees everybody's."""
        path, key, _ = PATHS[kind]
        return self.services.network.list(path, f'{key}s', project_id=self.services.project, **params)


def port_of(row: Row) -> Port:
    if not row['fixed_ips']:
        raise CloudError(f'Neutron: port {row["id"]} has no address: network {row["network_id"]} has no subnet')
    return Port(row['id'], row['fixed_ips'][0]['ip_address'], row['network_id'])


def _rule_of(row: Row) -> tuple[int, str] | None:
    """None: of a kind that we do not make."""
    low, high, cidr = row['port_range_min'], row['port_range_max'], row['remote_ip_prefix']
    if row['protocol'] != 'tcp' or low is None or low != high or not cidr:
        return None
    return low, str(ipaddress.ip_network(cidr, strict=False))
