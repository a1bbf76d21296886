"""A cloud in memory with the protocol of the real ones; see faults.py, guests.py and world.py."""

import copy
from collections.abc import Mapping, Sequence

from dbaas.cloud.protocol import (
    Flavor,
    FloatingIp,
    Machine,
    Need,
    Nic,
    Owner,
    Port,
    Rule,
    Server,
    Snapshot,
    Volume,
)
from dbaas.cloud.simulated.changes import Changes
from dbaas.cloud.simulated.faults import BEFORE, Faults
from dbaas.cloud.simulated.objects import SimulatedObjects
from dbaas.cloud.simulated.state import Document, State, number_of
from dbaas.cloud.simulated.things import Latency

FLAVORS = (
    Flavor('1', 'tiny', ram=512, vcpus=1, disk=1),
    Flavor('2', 'small', ram=1024, vcpus=1, disk=5),
    Flavor('3', 'medium', ram=4096, vcpus=2, disk=20),
)
NETWORK = 'simulated'


class SimulatedCloud(Changes):
    """offers: what may be asked for by name, {'network': […], 'zone': […], 'volume type': […]}.

    quota: {'servers', 'ram', 'volumes', 'gigabytes'} -> the most there may be, as far as there is a limit.
    """

    name = 'simulated'

    def __init__(
        self,
        state: State,
        faults: Faults,
        latency: Latency | None = None,
        flavors: Sequence[Flavor] = FLAVORS,
    ):
        super().__init__(state, faults, latency)
        self.objects = SimulatedObjects(state, faults)
        self._flavors = list(flavors)
        self.offers: Mapping[str, Sequence[str]] = {
            'network': (NETWORK,), 'zone': ('one', 'two'), 'volume type': ('slow', 'fast'), 'public address': ('any',),
        }  # fmt: skip
        self.quota: dict[str, int] = {}

    def effect(self, kind: str) -> str:
        return f'a {kind.replace("-", " ")} in memory'

    def snapshot(self) -> Document:
        """Comparable: what exists, without ids and times."""
        return self.state.snapshot()

    def tend(self) -> list[str]:
        """Nothing to restart."""
        return []

    # -- asked before anything is made
    def flavors(self) -> list[Flavor]:
        self.faults.hit('flavors', BEFORE)
        return sorted(self._flavors, key=lambda f: f.ram)

    def refusal(
        self, project: str, nics: Sequence[Nic], zone: str, volume_type: str, public: bool = False
    ) -> str | None:
        self.faults.hit('refusal', BEFORE)
        asked = [*(('network', nic.network) for nic in nics), ('zone', zone), ('volume type', volume_type)]
        for what, name in asked:
            if name and name not in self.offers[what]:
                return f'{what} {name} is not known here; there is {", ".join(self.offers[what])}'
        return 'there are no public addresses here' if public and not self.offers['public address'] else None

    def shortage(self, need: Need) -> str | None:
        self.faults.hit('shortage', BEFORE)
        more = {'servers': 1, 'ram': need.flavor.ram, 'volumes': 1, 'gigabytes': need.size}
        with self.state.look():
            used = self._used()
        for what, limit in self.quota.items():
            if used[what] + more[what] > limit:
                return f'{what}: {used[what]} of {limit} are used, {more[what]} more are needed'
        return None

    def _used(self) -> dict[str, int]:
        rows, ram = self.state.document['resources'].values(), {f.id: f.ram for f in self._flavors}
        servers = [r for r in rows if r['kind'] == 'server']
        sizes = [r['size'] for r in rows if r['kind'] == 'volume']
        return {
            'servers': len(servers), 'ram': sum(ram.get(r['flavor'], 0) for r in servers),
            'volumes': len(sizes), 'gigabytes': sum(sizes),
        }  # fmt: skip

    # -- made
    def create_security_group(self, owner: Owner, name: str, rules: Sequence[Rule]) -> str | None:
        facts = {'rules': [[rule.port, rule.cidr] for rule in rules]}
        return self._make('create_security_group', 'security-group', owner, name, **facts)[0]

    def create_server_group(self, owner: Owner, name: str, policy: str | None) -> str | None:
        if policy is None:
            return None
        return self._make('create_server_group', 'server-group', owner, name, policy=policy)[0]

    def create_port(
        self, owner: Owner, name: str, service_port: int, nic: Nic | None = None, security_group: str | None = None
    ) -> Port:
        wanted = nic or Nic()
        facts = {'network': wanted.network or NETWORK, 'address': wanted.address, 'security_group': security_group}
        return _port(*self._make('create_port', 'port', owner, name, service_port=service_port, **facts))

    def create_management_port(self, owner: Owner, name: str) -> Port | None:
        facts = {'network': 'management', 'address': '', 'security_group': None}
        return _port(*self._make('create_management_port', 'port', owner, name, **facts))

    def create_floating_ip(self, owner: Owner, name: str, port: Port) -> FloatingIp | None:
        id, _ = self._make('create_floating_ip', 'floating-ip', owner, name, port=port.id)
        return FloatingIp(id, f'203.0.113.{number_of(id) & 255}')

    def create_volume(
        self, owner: Owner, name: str, size: int, type: str = '', zone: str = '', snapshot: str = ''
    ) -> Volume:
        source = self._there('snapshot', snapshot) if snapshot else {}
        facts = {'size': size, 'type': type, 'zone': zone, 'ready_at': self.state.clock() + self.latency.volume}
        content = copy.deepcopy(source.get('content', {}))
        return self._volume(*self._make('create_volume', 'volume', owner, name, **facts, content=content))

    def create_snapshot(self, owner: Owner, name: str, volume_id: str) -> Snapshot:
        volume = self._there('volume', volume_id)
        with self.state.look() as document:
            content = document['guests'].get(volume['instance']) or volume.get('content', {})
            inside = {'inside': copy.deepcopy(content['inside'])} if 'inside' in content else {}
        facts = {'size': volume['size'], 'ready_at': self.state.clock() + self.latency.volume, 'content': inside}
        return self._snapshot(*self._make('create_snapshot', 'snapshot', owner, name, volume=volume_id, **facts))

    def create_server(self, owner: Owner, name: str, machine: Machine) -> Server:
        """One found in ERROR is replaced."""
        self._drop_broken(owner, name)
        active = self.state.clock() + self.latency.active
        facts = {
            'flavor': machine.flavor.id, 'ports': [port.id for port in machine.ports], 'volume': machine.volume.id,
            'image': machine.image, 'server_group': machine.server_group, 'zone': machine.zone,
            'fault': '', 'status': 'ACTIVE', 'active_at': active, 'up_at': active + self.latency.boot,
        }  # fmt: skip
        return self._server(*self._make('create_server', 'server', owner, name, **facts))

    # -- seen
    def server(self, owner: Owner, name: str) -> Server | None:
        self.faults.hit('server', BEFORE, instance=owner.instance, name=name)
        with self.state.look():
            found = self._find(owner, 'server', name)
            return self._server(*found) if found else None

    def server_by_id(self, server_id: str) -> Server | None:
        self.faults.hit('server_by_id', BEFORE)
        row = self._seen('server', server_id)
        return None if row is None else self._server(server_id, row)

    def volume(self, volume_id: str) -> Volume | None:
        self.faults.hit('volume', BEFORE)
        row = self._seen('volume', volume_id)
        return None if row is None else self._volume(volume_id, row)

    def port(self, port_id: str) -> Port | None:
        self.faults.hit('port', BEFORE)
        row = self._seen('port', port_id)
        return None if row is None else _port(port_id, row)

    def snapshot_by_id(self, snapshot_id: str) -> Snapshot | None:
        self.faults.hit('snapshot_by_id', BEFORE)
        row = self._seen('snapshot', snapshot_id)
        return None if row is None else self._snapshot(snapshot_id, row)

    def _server(self, id: str, row: Document) -> Server:
        if row['fault']:
            return Server(id, 'ERROR', row['fault'], row['flavor'])
        if row['active_at'] > self.state.clock():
            return Server(id, 'BUILD', flavor=row['flavor'])
        return Server(id, 'CHANGING' if self._busy(row) else row['status'], flavor=row['flavor'])

    def _volume(self, id: str, row: Document) -> Volume:
        used = any(id == r['volume'] for r in self._servers(row['instance']))
        status = 'IN-USE' if used else 'AVAILABLE'
        if self._busy(row):
            status = 'CHANGING' if used else 'BUILD'
        return Volume(id, row['size'], row['type'], status)

    def _snapshot(self, id: str, row: Document) -> Snapshot:
        return Snapshot(id, row['size'], 'BUILD' if self._busy(row) else 'AVAILABLE')

    # -- disturbed and removed
    def break_server(self, instance: str, fault: str) -> None:
        """On demand: its server is in ERROR from now on and its guest answers no more."""
        with self.state.change():
            for id, row in self.state.resources_of(instance).items():
                if row['kind'] == 'server':
                    row['fault'] = fault
                    self.state.touch('resources', id)
                    self._unplug(row)

    def lose(self, instance: str, name: str) -> None:
        """On demand: what has this name is gone, as if an administrator had removed it, whatever used it."""
        with self.state.change():
            for id, row in self.state.resources_of(instance).items():
                if row['name'] == name:
                    self._erase(id)

    def _drop_broken(self, owner: Owner, name: str) -> None:
        with self.state.change():
            found = self._find(owner, 'server', name)
            if found is not None and found[1]['fault']:
                self.state.drop('resources', found[0])

    def delete_server(self, owner: Owner, name: str) -> None:
        self._delete('delete_server', 'server', owner, name)

    def delete_floating_ip(self, owner: Owner, name: str) -> None:
        self._delete('delete_floating_ip', 'floating-ip', owner, name)

    def delete_port(self, owner: Owner, name: str) -> None:
        self._delete('delete_port', 'port', owner, name)

    def delete_snapshot(self, owner: Owner, name: str) -> None:
        self._delete('delete_snapshot', 'snapshot', owner, name)

    def delete_volume(self, owner: Owner, name: str) -> None:
        self._delete('delete_volume', 'volume', owner, name)

    def delete_security_group(self, owner: Owner, name: str) -> None:
        self._delete('delete_security_group', 'security-group', owner, name)

    def delete_server_group(self, owner: Owner, name: str) -> None:
        self._delete('delete_server_group', 'server-group', owner, name)


def _port(id: str, row: Document) -> Port:
    number = number_of(id)
    address = row['address'] or f'10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}'
    return Port(id, address, row['network'])
