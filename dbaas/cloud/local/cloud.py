"""The local cloud: instances are processes of this machine, with an address and a volume of their own.

Every call can be repeated, and killed between any two of its effects: a record is written before a thing is
made and removed after it is gone. `recover`, `tend` and `down` are its own: see upkeep.py.
"""

from collections.abc import Sequence

from dbaas.cloud.local.changes import Changes
from dbaas.cloud.local.disks import Disks
from dbaas.cloud.local.parts import doing
from dbaas.cloud.local.records import Record
from dbaas.cloud.local.upkeep import Upkeep
from dbaas.cloud.protocol import Flavor, FloatingIp, Machine, Need, Nic, Owner, Port, Resource, Rule, Server
from dbaas.exceptions import CloudError


class LocalCloud(Disks, Changes, Upkeep):
    """dbaas.cloud.protocol.Cloud. Arguments: those of Parts."""

    name = 'local'

    # -- asked before anything is made
    def flavors(self) -> list[Flavor]:
        return list(self._flavors)

    def effect(self, kind: str) -> str:
        return {
            'security-group': f'nothing on this cloud: every user of this machine reaches {self._network}',
            'server-group': 'nothing on this cloud: it is one machine',
            'port': f'a loopback address in {self._network}',
            'management-port': "nothing on this cloud: the agent's traffic does not leave this machine",
            'floating-ip': 'nothing on this cloud: no address leads to it from outside',
            'volume': 'a folder, its size watched by the agent' if self._no_images else 'an XFS image, mounted',
            'snapshot': 'a copy of the XFS image, which stands still meanwhile',
            'server': 'an agent process on this machine',
        }[kind]

    def refusal(
        self, project: str, nics: Sequence[Nic], zone: str, volume_type: str, public: bool = False
    ) -> str | None:
        if any(nic != Nic() for nic in nics):
            return 'this cloud has no networks to choose from: each instance has a loopback address; leave out nics'
        if zone:
            return 'this cloud is one machine: leave out availability_zone'
        if volume_type:
            return "this cloud has no volume types: leave out the volume's type"
        return None

    def shortage(self, need: Need) -> str | None:
        """There is no quota on this machine: what does not fit fails when it is used."""
        return None

    # -- what there is none of here: see `effect`
    def create_security_group(self, owner: Owner, name: str, rules: Sequence[Rule]) -> None:
        """There is none."""

    def set_security_rules(self, security_group: str | None, rules: Sequence[Rule]) -> None:
        """There is none."""

    def delete_security_group(self, owner: Owner, name: str) -> None:
        """There is none."""

    def create_server_group(self, owner: Owner, name: str, policy: str | None) -> None:
        """There is none."""

    def delete_server_group(self, owner: Owner, name: str) -> None:
        """There is none."""

    def create_management_port(self, owner: Owner, name: str) -> None:
        """There is none."""

    def create_floating_ip(self, owner: Owner, name: str, port: Port) -> FloatingIp | None:
        """There is none."""

    def delete_floating_ip(self, owner: Owner, name: str) -> None:
        """There is none."""

    # -- addresses
    def create_port(
        self, owner: Owner, name: str, service_port: int, nic: Nic | None = None, security_group: str | None = None
    ) -> Port:
        folder = self._places.record(owner.instance)
        with doing(f'taking an address for {owner.instance}'), self._addresses.locked():
            record = self._records.get(owner.instance, 'port', name)
            if record is None or not self._addresses.take(record.facts['address'], folder):
                address = self._addresses.choose(folder, service_port)
                record = Record('port', name, owner, {'address': address, 'service_port': service_port})
                self._records.put(record)
                self._addresses.take(address, folder)
        return _port(record)

    def port(self, port_id: str) -> Port | None:
        record = self._records.by_id('port', port_id)
        return _port(record) if record else None

    def delete_port(self, owner: Owner, name: str) -> None:
        record = self._records.get(owner.instance, 'port', name)
        if record is not None:
            with doing(f'giving back the address of {owner.instance}'), self._addresses.locked():
                self._addresses.give_back(record.facts['address'], self._places.record(owner.instance))
                self._records.remove(owner.instance, 'port', name)
                self._leave(owner.instance)

    # -- servers
    def create_server(self, owner: Owner, name: str, machine: Machine) -> Server:
        with doing(f'starting the agent of {owner.instance}'):
            record = self._records.get(owner.instance, 'server', name)
            if record is None:
                names = {r.id: r.name for r in self._records.all(owner.instance)}
                port, volume = machine.ports[0].id, machine.volume.id
                if port not in names or volume not in names:
                    raise CloudError(f'the port or the volume of {owner.instance} does not exist')
                facts = {'port': names[port], 'volume': names[volume], 'flavor': machine.flavor.to_dict()}
                record = Record('server', name, owner, facts | {'wanted': True})
                self._records.put(record)
            self._machines.start(record, machine.user_data)
        return self._seen(record)

    def server(self, owner: Owner, name: str) -> Server | None:
        record = self._records.get(owner.instance, 'server', name)
        return self._seen(record) if record else None

    def server_by_id(self, server_id: str) -> Server | None:
        record = self._records.by_id('server', server_id)
        return self._seen(record) if record else None

    def delete_server(self, owner: Owner, name: str) -> None:
        record = self._records.get(owner.instance, 'server', name)
        if record is not None:
            with doing(f'removing the server of {owner.instance}'):
                self._machines.delete(record)
                self._leave(owner.instance)

    # -- all of it
    def remove(self, resource: Resource) -> None:
        delete = {
            'server': self.delete_server,
            'port': self.delete_port,
            'snapshot': self.delete_snapshot,
            'volume': self.delete_volume,
        }[resource.kind]
        delete(resource.owner, resource.name)

    def forget(self, instance: str) -> None:
        with doing(f'removing the folders of {instance}'):
            for resource in self.resources(instance):
                self.remove(resource)
            self._leave(instance)


def _port(record: Record) -> Port:
    return Port(record.id, record.facts['address'], 'local')
