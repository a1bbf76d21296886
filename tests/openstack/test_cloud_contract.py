"""The contracts of every cloud, on real Nova, Cinder, Neutron and Swift."""

import uuid

import pytest

from dbaas.cloud.protocol import Owner
from tests.cloud_contract import CloudContract
from tests.cloud_contract_changes import ChangesContract
from tests.cloud_contract_objects import ObjectsContract

pytestmark = pytest.mark.xdist_group('openstack')


@pytest.fixture
def cloud(driver):
    return driver


class Patient:
    patience = 60
    pace = 0.2  # each look costs Nova 30 ms

    @pytest.fixture(autouse=True)
    def _hollow(self, hollow):
        self.image = hollow


class TestContract(Patient, CloudContract):
    """Things are made, found and removed."""


class Lent:
    """A server for one test after the other: to make one takes ten times as long as to see that it is as it was."""

    def __init__(self, cloud, project):
        self._cloud, self._project = cloud, project
        self.owner = self.server = self._before = None

    def settle(self, making):
        if self.owner is not None and self._look() == self._before:
            return
        self.clear()
        self.owner = Owner(str(uuid.uuid4()), str(uuid.uuid4()), self._project)
        self.server = making.make_all(self._cloud, self.owner).id
        making.until_server(self._cloud, self.server, 'ACTIVE')
        making.until_volume(self._cloud, making.volume_of(self._cloud, self.owner), 'IN-USE')
        self._before = self._look()

    def _look(self):
        found = self._cloud.resources(self.owner.instance)
        return (
            self._cloud.server_by_id(self.server),
            found,
            [self._cloud.volume(r.id) for r in found if r.kind == 'volume'],
        )

    def clear(self):
        if self.owner is not None:
            self._cloud.forget(self.owner.instance)


@pytest.fixture(scope='class')
def lent(driver, openstack_cloud):
    openstack_cloud.faults.clear()
    made = Lent(driver, openstack_cloud.project('demo'))
    yield made
    made.clear()


class TestChanges(Patient, ChangesContract):
    """What is there is changed."""

    @pytest.fixture
    def owner(self, lent):
        lent.settle(self)
        return lent.owner

    @pytest.fixture
    def made(self, lent, owner):
        return lent.server

    def seen_rules(self, cloud, security_group):
        path = '/security-group-rules'
        given = {'security_group_id': security_group, 'direction': 'ingress'}
        rows = cloud.services.network.list(path, 'security_group_rules', **given)
        return {(row['port_range_min'], row['remote_ip_prefix']) for row in rows}


class TestObjects(ObjectsContract):
    """Large objects."""
