"""A cloud in memory with the protocol of the real ones; see faults.py, guests.py and world.py."""

import dataclasses
from collections.abc import Sequence
from typing import Any

from dbaas.cloud.protocol import Flavor, Owner, Port, Resource, Server, Volume
from dbaas.cloud.simulated.faults import AFTER, BEFORE, Faults
from dbaas.cloud.simulated.guests import new_guest
from dbaas.cloud.simulated.state import Document, State, number_of
from dbaas.exceptions import CloudError

FLAVORS = (
    Flavor('1', 'tiny', ram=512, vcpus=1, disk=1),
    Flavor('2', 'small', ram=1024, vcpus=1, disk=5),
    Flavor('3', 'medium', ram=4096, vcpus=2, disk=20),
)


@dataclasses.dataclass
class Latency:
    """Seconds that pass after the call has returned."""

    active: float = 0.0  # create_server -> ACTIVE
    boot: float = 0.0  # ACTIVE -> the guest answers
    gone: float = 0.0  # delete_server -> gone


class SimulatedCloud:
    """Names are not unique, as in real clouds: calls that look before one has made leave several things."""

    name = 'simulated'

    def __init__(
        self,
        state: State,
        faults: Faults,
        latency: Latency | None = None,
        flavors: Sequence[Flavor] = FLAVORS,
    ):
        self.state, self.faults, self.latency = state, faults, latency or Latency()
        self._flavors = list(flavors)

    def flavors(self) -> list[Flavor]:
        return sorted(self._flavors, key=lambda f: f.ram)

    def effect(self, kind: str) -> str:
        return f'a {kind.replace("-", " ")} in memory'

    def snapshot(self) -> Document:
        """Comparable: what exists, without ids and times."""
        return self.state.snapshot()

    def tend(self) -> list[str]:
        """Nothing to restart."""
        return []

    # -- make
    def create_security_group(self, owner: Owner, name: str, cidrs: list[str]) -> str | None:
        return self._make('create_security_group', 'security-group', owner, name, cidrs=cidrs)[0]

    def create_port(self, owner: Owner, name: str, service_port: int, public: bool = False) -> Port:
        id, _ = self._make('create_port', 'port', owner, name, service_port=service_port, public=public)
        number = number_of(id)
        return Port(id, f'10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}', 'simulated')

    def create_volume(self, owner: Owner, name: str, size: int, type: str = '') -> Volume:
        id, row = self._make('create_volume', 'volume', owner, name, size=size, type=type)
        return Volume(id, row['size'], row['type'])

    def create_server(
        self, owner: Owner, name: str, flavor: Flavor, port: Port, volume: Volume, user_data: dict[str, Any]
    ) -> Server:
        """One found in ERROR is replaced."""
        self._drop_broken(owner, name)
        active = self.state.clock() + self.latency.active
        times = {'active_at': active, 'up_at': active + self.latency.boot}
        used = {'flavor': flavor.id, 'port': port.id, 'volume': volume.id, 'fault': ''}
        id, row = self._make('create_server', 'server', owner, name, **used, **times)
        return self._server(id, row)

    def _make(self, call: str, kind: str, owner: Owner, name: str, **facts: Any) -> tuple[str, Document]:
        with self.state.look():
            found = self._find(owner, kind, name)
        if found is not None:
            return found
        self.faults.hit(call, BEFORE, instance=owner.instance, name=name)
        with self.state.change() as document:
            id = self.state.new_id(kind)
            row = {'kind': kind, 'name': name, **dataclasses.asdict(owner), **facts}
            self.state.put('resources', id, row)
            self.state.record(call, id, name=name, **dataclasses.asdict(owner))
            if kind == 'server' and owner.instance not in document['guests']:
                self.state.put('guests', owner.instance, new_guest())
        self.faults.hit(call, AFTER, instance=owner.instance, name=name)
        return id, row

    def _find(self, owner: Owner, kind: str, name: str) -> tuple[str, Document] | None:
        self._bury(owner.instance)
        return next(iter(self._all_of(owner, kind, name).items()), None)

    def _all_of(self, owner: Owner, kind: str, name: str) -> dict[str, Document]:
        wanted = {'kind': kind, 'name': name, 'operation': owner.operation}
        return {i: r for i, r in self.state.resources_of(owner.instance).items() if wanted.items() <= r.items()}

    # -- servers
    def server(self, owner: Owner, name: str) -> Server | None:
        self.faults.hit('server', BEFORE, instance=owner.instance, name=name)
        with self.state.look():
            found = self._find(owner, 'server', name)
            return self._server(*found) if found else None

    def _server(self, id: str, row: Document) -> Server:
        if row['fault']:
            return Server(id, 'ERROR', row['fault'])
        return Server(id, 'ACTIVE' if row['active_at'] <= self.state.clock() else 'BUILD')

    def break_server(self, instance: str, fault: str) -> None:
        """On demand: its server is in ERROR from now on and its guest answers no more."""
        with self.state.change():
            for id, row in self.state.resources_of(instance).items():
                if row['kind'] == 'server':
                    row['fault'] = fault
                    self.state.touch('resources', id)
            self.state.drop('guests', instance)

    def _drop_broken(self, owner: Owner, name: str) -> None:
        with self.state.change():
            found = self._find(owner, 'server', name)
            if found is not None and found[1]['fault']:
                self.state.drop('resources', found[0])

    def _bury(self, instance: str | None = None) -> None:
        """Servers whose time has come are gone, and their guests with them."""
        now = self.state.clock()
        with self.state.look():
            rows = self._rows(instance).items()
            dead = [i for i, r in rows if r.get('gone_at') is not None and r['gone_at'] <= now]
        for id in dead:
            self._erase(id)

    def _rows(self, instance: str | None) -> dict[str, Document]:
        return self.state.document['resources'] if instance is None else self.state.resources_of(instance)

    def _erase(self, id: str) -> None:
        with self.state.change():
            row = self.state.drop('resources', id)
            if row is None:
                return
            self.state.record('gone', id, name=row['name'], instance=row['instance'], operation=row['operation'])
            if row['kind'] == 'server' and not self._servers(row['instance']):
                self.state.drop('guests', row['instance'])

    def _servers(self, instance: str) -> list[Document]:
        return [r for r in self.state.resources_of(instance).values() if r['kind'] == 'server']

    # -- remove
    def delete_server(self, owner: Owner, name: str) -> None:
        self._delete('delete_server', 'server', owner, name)

    def delete_volume(self, owner: Owner, name: str) -> None:
        self._delete('delete_volume', 'volume', owner, name)

    def delete_port(self, owner: Owner, name: str) -> None:
        self._delete('delete_port', 'port', owner, name)

    def delete_security_group(self, owner: Owner, name: str) -> None:
        self._delete('delete_security_group', 'security-group', owner, name)

    def _delete(self, call: str, kind: str, owner: Owner, name: str) -> None:
        """All of that name: a late call may have made a second one."""
        self.faults.hit(call, BEFORE, instance=owner.instance, name=name)
        with self.state.change():
            for id in self._all_of(owner, kind, name):
                self._remove(id)
        self.faults.hit(call, AFTER, instance=owner.instance, name=name)

    def _remove(self, id: str) -> None:
        """Refuses what real clouds refuse: a port or volume that a server uses."""
        with self.state.change() as document:
            row = document['resources'][id]
            if any(id in (r['port'], r['volume']) for r in self._servers(row['instance'])):
                raise CloudError(f'{row["kind"]} {id} is in use by a server')
            if row['kind'] == 'server' and self.latency.gone:
                row.setdefault('gone_at', self.state.clock() + self.latency.gone)
                self.state.touch('resources', id)
            else:
                self._erase(id)

    def resources(self, instance: str | None = None) -> list[Resource]:
        """In an order in which they can be removed: servers first."""
        self.faults.hit('resources', BEFORE, instance=instance)
        with self.state.change():
            self._bury(instance)
            found = [self._resource(id, row) for id, row in self._rows(instance).items()]
        return sorted(found, key=lambda r: (r.kind != 'server', r.kind, r.name, r.id))

    @staticmethod
    def _resource(id: str, row: Document) -> Resource:
        owner = Owner(row['instance'], row['operation'], row['project'])
        return Resource(row['kind'], id, row['name'], owner)

    def remove(self, resource: Resource) -> None:
        facts = {'instance': resource.owner.instance, 'name': resource.name, 'kind': resource.kind}
        self.faults.hit('remove', BEFORE, **facts)
        with self.state.change() as document:
            if resource.id in document['resources']:
                self._remove(resource.id)
        self.faults.hit('remove', AFTER, **facts)

    def forget(self, instance: str) -> None:
        self.faults.hit('forget', BEFORE, instance=instance)
        with self.state.change():
            for id in self.state.resources_of(instance):
                self._erase(id)
            self.state.drop('guests', instance)
        self.faults.hit('forget', AFTER, instance=instance)
