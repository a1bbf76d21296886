"""What exists in the simulated cloud: found or made by name, used by one another, gone at last."""

import dataclasses
from collections.abc import Collection
from typing import Any

from dbaas.cloud.protocol import KINDS, Owner, Resource
from dbaas.cloud.simulated.faults import AFTER, BEFORE, Faults
from dbaas.cloud.simulated.guests import new_guest
from dbaas.cloud.simulated.state import Document, State
from dbaas.exceptions import CloudError

DISK = ('inside', 'ledger', 'epochs')  # what of a guest lies on its volume


@dataclasses.dataclass
class Latency:
    """Seconds that pass after the call has returned."""

    active: float = 0.0  # create_server -> ACTIVE
    boot: float = 0.0  # ACTIVE -> the guest answers
    gone: float = 0.0  # delete_server -> gone
    volume: float = 0.0  # create_volume, create_snapshot -> AVAILABLE
    change: float = 0.0  # resize_server and the like -> its end


class Things:
    """Names are not unique, as in real clouds: calls that look before one has made leave several things."""

    def __init__(self, state: State, faults: Faults, latency: Latency | None = None):
        self.state, self.faults, self.latency = state, faults, latency or Latency()

    # -- made
    def _make(self, call: str, kind: str, owner: Owner, name: str, **facts: Any) -> tuple[str, Document]:
        with self.state.look():
            found = self._find(owner, kind, name)
        if found is not None:
            return found
        self.faults.hit(call, BEFORE, instance=owner.instance, name=name)
        with self.state.change():
            id = self.state.new_id(kind)
            row = {'kind': kind, 'name': name, **dataclasses.asdict(owner), **facts}
            self.state.put('resources', id, row)
            self.state.record(call, id, name=name, **dataclasses.asdict(owner))
            if kind == 'server':
                self._born(row)
        self.faults.hit(call, AFTER, instance=owner.instance, name=name)
        return id, row

    def _born(self, server: Document) -> None:
        """Its guest finds what an earlier one has left on the volume."""
        if server['instance'] not in self.state.document['guests']:
            volume = self.state.document['resources'].get(server['volume'], {})
            self.state.put('guests', server['instance'], new_guest() | volume.get('content', {}))

    def _find(self, owner: Owner, kind: str, name: str) -> tuple[str, Document] | None:
        self._bury(owner.instance)
        return next(iter(self._all_of(owner, kind, name).items()), None)

    def _all_of(self, owner: Owner, kind: str, name: str) -> dict[str, Document]:
        wanted = {'kind': kind, 'name': name, 'operation': owner.operation}
        return {i: r for i, r in self.state.resources_of(owner.instance).items() if wanted.items() <= r.items()}

    def _seen(self, kind: str, id: str) -> Document | None:
        with self.state.look() as document:
            row = document['resources'].get(id)
        if row is None or row['kind'] != kind:
            return None
        self._bury(row['instance'])
        return self.state.document['resources'].get(id)

    # -- gone
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
                self._unplug(row)

    def _unplug(self, server: Document) -> None:
        """Its guest is gone; what it wrote stays on the volume."""
        guest = self.state.drop('guests', server['instance'])
        volume = self.state.document['resources'].get(server['volume'])
        if guest is not None and volume is not None:
            volume['content'] = {part: guest[part] for part in DISK}
            self.state.touch('resources', server['volume'])

    def _servers(self, instance: str) -> list[Document]:
        return [r for r in self.state.resources_of(instance).values() if r['kind'] == 'server']

    def _delete(self, call: str, kind: str, owner: Owner, name: str) -> None:
        """All of that name: a late call may have made a second one."""
        self.faults.hit(call, BEFORE, instance=owner.instance, name=name)
        with self.state.change():
            for id in self._all_of(owner, kind, name):
                self._remove(id)
        self.faults.hit(call, AFTER, instance=owner.instance, name=name)

    def _remove(self, id: str) -> None:
        """Refuses what real clouds refuse: to remove what is in use."""
        with self.state.change() as document:
            row = document['resources'][id]
            users = [r['kind'] for r in self.state.resources_of(row['instance']).values() if id in used_by(r)]
            if users:
                raise CloudError(f'{row["kind"]} {id} is in use by a {users[0]}')
            if row['kind'] == 'server' and self.latency.gone:
                row.setdefault('gone_at', self.state.clock() + self.latency.gone)
                self.state.touch('resources', id)
            else:
                self._erase(id)

    # -- all of it
    def resources(self, instance: str | None = None, kinds: Collection[str] = KINDS) -> list[Resource]:
        self.faults.hit('resources', BEFORE, instance=instance)
        with self.state.change():
            self._bury(instance)
            found = [resource_of(id, row) for id, row in self._rows(instance).items() if row['kind'] in kinds]
        return sorted(found, key=lambda r: (KINDS.index(r.kind), r.name, r.id))

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


def used_by(row: Document) -> set[str]:
    """Ids of what cannot go before this: a port's security group, a snapshot's volume, a server's parts."""
    if row['kind'] == 'server':
        return {*row['ports'], row['volume']}
    used = {'port': row.get('security_group'), 'snapshot': row.get('volume')}.get(row['kind'])
    return {used} if used else set()


def resource_of(id: str, row: Document) -> Resource:
    return Resource(row['kind'], id, row['name'], Owner(row['instance'], row['operation'], row['project']))
