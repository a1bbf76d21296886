"""The world of a House on the test cloud: servers are bookkeeping only and guests simulated, all else is real."""

import time

from dbaas.cloud.openstack import names
from dbaas.cloud.simulated.guests import new_guest
from dbaas.cloud.simulated.things import DISK
from dbaas.cloud.simulated.world import World
from tests.waiting import until

PACE = 0.3  # seconds between two looks: real things take real time, and more looks only keep the services from work
PATIENCE = 60  # seconds until what was removed is gone
LABELS = {'floating-ip': 'description'}  # where a thing's name stands, if not in its name


class HollowWorld(World):
    """driver: the cloud openstack, with rows(); furniture: ids of what is there from the start."""

    def __init__(self, *given, driver, furniture, **options):
        super().__init__(*given, **options)
        self.cloud, self._driver, self._furniture = HollowCloud(driver, self.state), driver, furniture

    def settle(self):
        super().settle()
        time.sleep(PACE)

    def snapshot(self):
        """As of a simulated world; with everything that anybody has left in the service project."""
        return super().snapshot() | {'resources': sorted(self._things())}

    def _things(self):
        for kind, rows in self._driver.rows().items():
            for row in rows:
                if row['id'] not in self._furniture:
                    label = row[LABELS.get(kind, 'name')]
                    owner, name = names.read(label) or (None, label)
                    yield kind, name, owner and owner.instance, owner and owner.operation


class HollowCloud:
    """The cloud, with a guest for each instance that has a server; what it wrote stays while the volume does."""

    def __init__(self, cloud, state):
        self._cloud, self._state = cloud, state
        self._servers, self._disks = {}, {}  # by instance: names of servers and their operations, what guests wrote

    def __getattr__(self, name):
        return getattr(self._cloud, name)

    def create_server(self, owner, name, machine):
        made = self._cloud.create_server(owner, name, machine)
        self._servers.setdefault(owner.instance, set()).add((owner.operation, name))
        with self._state.change() as document:
            if owner.instance not in document['guests']:
                self._state.put('guests', owner.instance, new_guest() | self._disks.get(owner.instance, {}))
        return made

    def delete_server(self, owner, name):
        self._cloud.delete_server(owner, name)
        self._off(owner, name)

    def delete_volume(self, owner, name):
        self._cloud.delete_volume(owner, name)
        self._erase(owner, name)

    def remove(self, resource):
        self._cloud.remove(resource)
        if resource.kind == 'server':
            self._off(resource.owner, resource.name)
        if resource.kind == 'volume':
            self._erase(resource.owner, resource.name)

    def forget(self, instance):
        self._cloud.forget(instance)
        self._servers.pop(instance, None)
        self._disks.pop(instance, None)
        with self._state.change():
            self._state.drop('guests', instance)

    def lose(self, instance, name):
        """As if an administrator had removed it."""
        for resource in self.resources(instance):
            if resource.name == name:
                self.remove(resource)
                until(lambda: resource not in self.resources(instance, [resource.kind]), PATIENCE, f'{name} is lost')  # noqa: B023 - called at once

    def _off(self, owner, name):
        """With its last server the guest goes."""
        left = self._servers.get(owner.instance, set())
        left.discard((owner.operation, name))
        if not left:
            with self._state.change():
                guest = self._state.drop('guests', owner.instance)
            if guest is not None:
                self._disks[owner.instance] = {part: guest[part] for part in DISK}

    def _erase(self, owner, name):
        if name == 'volume':
            self._disks.pop(owner.instance, None)
