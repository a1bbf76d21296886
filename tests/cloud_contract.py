"""What every cloud must do: one class of tests, run on each implementation.

A test module inherits it and gives the fixture `cloud`: a Cloud with a `snapshot()`, empty at the start.
"""

import uuid

import pytest

from dbaas.cloud.protocol import Owner, Resource
from tests.waiting import until

PORT = 3306


class CloudContract:
    @pytest.fixture
    def owner(self):
        return Owner(instance=str(uuid.uuid4()), operation=str(uuid.uuid4()), project='demo')

    def make_all(self, cloud, owner):
        cloud.create_security_group(owner, 'security-group', ['10.0.0.0/8'])
        port = cloud.create_port(owner, 'port', PORT)
        volume = cloud.create_volume(owner, 'volume', 1)
        flavor = cloud.flavors()[0]
        return cloud.create_server(owner, 'server', flavor, port, volume, {'instance': owner.instance})

    def remove_all(self, cloud, owner):
        cloud.delete_server(owner, 'server')
        until(lambda: cloud.server(owner, 'server') is None, what='the server is gone')
        cloud.delete_volume(owner, 'volume')
        cloud.delete_port(owner, 'port')
        cloud.delete_security_group(owner, 'security-group')
        cloud.forget(owner.instance)

    def test_flavors_smallest_first(self, cloud):
        flavors = cloud.flavors()
        assert flavors == sorted(flavors, key=lambda f: f.ram)
        assert all(f.id.isdigit() for f in flavors)
        assert 3 * flavors[0].ram <= 2048

    @pytest.mark.parametrize('kind', ['security-group', 'port', 'volume', 'server'])
    def test_each_kind_says_its_effect(self, cloud, kind):
        assert cloud.effect(kind)

    def test_server_becomes_active(self, cloud, owner):
        server = self.make_all(cloud, owner)
        seen = until(lambda: (s := cloud.server(owner, 'server')).status == 'ACTIVE' and s, what='ACTIVE')
        assert seen.id == server.id
        self.remove_all(cloud, owner)

    def test_everything_twice_leaves_one(self, cloud, owner):
        first = self.make_all(cloud, owner)
        resources = cloud.resources(owner.instance)
        assert self.make_all(cloud, owner).id == first.id
        assert cloud.resources(owner.instance) == resources
        assert len({(r.kind, r.name) for r in resources}) == len(resources)
        self.remove_all(cloud, owner)

    def test_what_is_removed_twice_leaves_nothing(self, cloud, owner):
        before = cloud.snapshot()
        self.make_all(cloud, owner)
        assert cloud.snapshot() != before
        self.remove_all(cloud, owner)
        self.remove_all(cloud, owner)
        assert cloud.snapshot() == before

    def test_removing_what_never_was(self, cloud, owner):
        before = cloud.snapshot()
        self.remove_all(cloud, owner)
        assert cloud.snapshot() == before

    def test_another_operation_finds_and_removes(self, cloud, owner):
        """Delete asks for the resources of an instance, whatever operation made them."""
        before = cloud.snapshot()
        self.make_all(cloud, owner)
        resources = cloud.resources(owner.instance)
        assert {'server', 'volume', 'port'} <= {r.kind for r in resources}
        assert all(isinstance(r, Resource) and r.owner == owner for r in resources)
        for resource in resources:
            cloud.remove(resource)
            cloud.remove(resource)
        until(lambda: not cloud.resources(owner.instance), what='no resource is left')
        cloud.forget(owner.instance)
        assert cloud.snapshot() == before

    def test_nothing_is_left_after_the_last_resource(self, cloud, owner):
        """An undone create has nobody who calls forget."""
        before = cloud.snapshot()
        self.make_all(cloud, owner)
        cloud.delete_server(owner, 'server')
        until(lambda: cloud.server(owner, 'server') is None, what='the server is gone')
        cloud.delete_port(owner, 'port')
        cloud.delete_volume(owner, 'volume')
        cloud.delete_security_group(owner, 'security-group')
        assert cloud.snapshot() == before

    def test_forget_alone_leaves_nothing(self, cloud, owner):
        before = cloud.snapshot()
        self.make_all(cloud, owner)
        cloud.forget(owner.instance)
        assert cloud.snapshot() == before

    def test_resources_of_all_and_of_one(self, cloud, owner):
        other = Owner(instance=str(uuid.uuid4()), operation=str(uuid.uuid4()), project='demo')
        port, another = cloud.create_port(owner, 'port', PORT), cloud.create_port(other, 'port', PORT)
        assert port.address != another.address
        assert {r.owner.instance for r in cloud.resources(owner.instance)} == {owner.instance}
        assert {r.owner.instance for r in cloud.resources()} >= {owner.instance, other.instance}
        for instance in (owner.instance, other.instance):
            cloud.forget(instance)
