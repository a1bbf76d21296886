"""What every cloud must do when things are made, found and removed: one class of tests, run on each implementation.

A test module inherits it and gives the fixture `cloud`: a Cloud with a `snapshot()`, empty at the start. What is
changed and what is stored have contracts of their own: cloud_contract_changes.py, cloud_contract_objects.py.
"""

import uuid

import pytest

from dbaas.cloud.protocol import KINDS, Machine, Need, Nic, Owner, Resource, Rule
from tests.waiting import until

PORT = 3306
RULES = [Rule(PORT, '10.0.0.0/8')]
NAMES = {
    'delete_floating_ip': 'floating-ip', 'delete_port': 'port', 'delete_volume': 'volume',
    'delete_security_group': 'security-group', 'delete_server_group': 'server-group',
}  # fmt: skip


class Making:
    """What the contracts are built of; the cloud's are `image` of the servers, patience and pace in seconds."""

    image = ''
    patience = 10
    pace = 0.01

    @pytest.fixture
    def owner(self):
        return Owner(instance=str(uuid.uuid4()), operation=str(uuid.uuid4()), project='demo')

    @pytest.fixture
    def made(self, cloud, owner):
        """The id of a server that runs, with all that belongs to it; gone after the test."""
        server = self.make_all(cloud, owner)
        self.until_server(cloud, server.id, 'ACTIVE')
        yield server.id
        cloud.forget(owner.instance)

    def until(self, condition, what):
        return until(condition, self.patience, what, self.pace)

    def until_server(self, cloud, id, *statuses):
        def reached():
            seen = cloud.server_by_id(id)
            assert seen.status == 'ERROR' or not seen.fault
            return seen if seen.status in statuses else None

        return self.until(reached, f'the server is {" or ".join(statuses)}')

    def until_volume(self, cloud, id, *statuses, size=None):
        def reached():
            seen = cloud.volume(id)
            return seen if seen.status in statuses and size in (None, seen.size) else None

        return self.until(reached, f'the volume is {" or ".join(statuses)}')

    def make_all(self, cloud, owner):
        machine = self.make_parts(cloud, owner)
        return cloud.create_server(owner, 'server', machine)

    def make_parts(self, cloud, owner):
        group = cloud.create_security_group(owner, 'security-group', RULES)
        port = cloud.create_port(owner, 'port', PORT, Nic(), group)
        management = cloud.create_management_port(owner, 'management-port')
        cloud.create_floating_ip(owner, 'floating-ip', port)
        together = cloud.create_server_group(owner, 'server-group', 'anti-affinity')
        volume = cloud.create_volume(owner, 'volume', 1)
        self.until_volume(cloud, volume.id, 'AVAILABLE', 'IN-USE')
        return Machine(
            flavor=cloud.flavors()[0],
            ports=[port, *([management] if management else [])],
            volume=volume,
            user_data={'instance': owner.instance},
            image=self.image,
            server_group=together,
        )

    def remove_all(self, cloud, owner):
        cloud.delete_server(owner, 'server')
        self.until(lambda: cloud.server(owner, 'server') is None, 'the server is gone')
        cloud.delete_port(owner, 'management-port')
        for call, name in NAMES.items():
            getattr(cloud, call)(owner, name)
        self.until(lambda: not cloud.resources(owner.instance), 'no resource is left')


class CloudContract(Making):
    def test_flavors_smallest_first(self, cloud):
        flavors = cloud.flavors()
        assert flavors == sorted(flavors, key=lambda f: f.ram)
        assert all(f.id and isinstance(f.id, str) for f in flavors)
        assert 3 * flavors[0].ram <= 2048

    @pytest.mark.parametrize('kind', [*KINDS, 'management-port'])
    def test_each_kind_says_its_effect(self, cloud, kind):
        assert cloud.effect(kind)

    def test_nothing_speaks_against_an_instance(self, cloud, owner):
        assert cloud.refusal(owner.project, [], '', '') is None
        assert cloud.refusal(owner.project, [Nic()], '', '') is None
        assert cloud.refusal(owner.project, [], '', '', public=True) is None
        assert cloud.shortage(Need(cloud.flavors()[0], 1)) is None
        assert cloud.shortage(Need(cloud.flavors()[0], 1, '', True, True)) is None

    def test_server_becomes_active(self, cloud, owner):
        server = self.make_all(cloud, owner)
        seen = self.until_server(cloud, server.id, 'ACTIVE')
        assert seen.id == server.id and seen.flavor == cloud.flavors()[0].id
        assert cloud.server(owner, 'server') == cloud.server_by_id(server.id)
        self.remove_all(cloud, owner)
        assert cloud.server_by_id(server.id) is None

    def test_what_is_made_can_be_seen(self, cloud, owner):
        machine = self.make_parts(cloud, owner)
        assert machine.ports[0].address
        assert len({p.address for p in machine.ports}) == len(machine.ports)
        volume = cloud.volume(machine.volume.id)
        assert (volume.id, volume.size, volume.status) == (machine.volume.id, 1, 'AVAILABLE')
        cloud.create_server(owner, 'server', machine)
        self.until_volume(cloud, volume.id, 'IN-USE')
        self.remove_all(cloud, owner)
        assert cloud.volume(volume.id) is None

    def test_what_never_was_cannot_be_seen(self, cloud, owner):
        nobody = str(uuid.uuid4())
        assert cloud.server(owner, 'server') is None
        assert cloud.server_by_id(nobody) is None
        assert cloud.volume(nobody) is None
        assert cloud.snapshot_by_id(nobody) is None

    def test_no_server_group_without_a_policy(self, cloud, owner):
        assert cloud.create_server_group(owner, 'server-group', None) is None
        assert cloud.resources(owner.instance) == []

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
        cloud.forget(owner.instance)
        assert cloud.snapshot() == before

    def test_removing_what_never_was(self, cloud, owner):
        before = cloud.snapshot()
        self.remove_all(cloud, owner)
        cloud.delete_snapshot(owner, 'snapshot')
        cloud.forget(owner.instance)
        assert cloud.snapshot() == before

    def test_another_operation_finds_and_removes(self, cloud, owner):
        """Delete asks for the resources of an instance, whatever operation made them."""
        before = cloud.snapshot()
        self.make_all(cloud, owner)
        resources = cloud.resources(owner.instance)
        kinds = [r.kind for r in resources]
        assert {'server', 'volume', 'port'} <= set(kinds) <= set(KINDS)
        assert kinds == sorted(kinds, key=KINDS.index)
        assert all(isinstance(r, Resource) and r.owner == owner for r in resources)
        for resource in resources:
            cloud.remove(resource)
            cloud.remove(resource)
            self.until_gone(cloud, owner, resource)
        cloud.forget(owner.instance)
        assert cloud.snapshot() == before

    def until_gone(self, cloud, owner, resource):
        self.until(lambda: resource not in cloud.resources(owner.instance), f'{resource.kind} is gone')

    def test_nothing_is_left_after_the_last_resource(self, cloud, owner):
        """An undone create has nobody who calls forget."""
        before = cloud.snapshot()
        self.make_all(cloud, owner)
        self.remove_all(cloud, owner)
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

    def test_resources_of_some_kinds(self, cloud, owner):
        self.make_parts(cloud, owner)
        found = cloud.resources(owner.instance)
        for kinds in ([], ['port'], ['volume', 'port'], KINDS):
            assert cloud.resources(owner.instance, kinds) == [r for r in found if r.kind in kinds]
        ports = [r for r in cloud.resources(kinds=['port']) if r.owner == owner]
        assert ports == [r for r in found if r.kind == 'port']
        cloud.forget(owner.instance)
