"""The contracts of every cloud, on real Nova, Cinder, Neutron and Swift."""

import pytest

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


class TestChanges(Patient, ChangesContract):
    """What is there is changed."""

    def seen_rules(self, cloud, security_group):
        path = '/security-group-rules'
        given = {'security_group_id': security_group, 'direction': 'ingress'}
        rows = cloud.services.network.list(path, 'security_group_rules', **given)
        return {(row['port_range_min'], row['remote_ip_prefix']) for row in rows}


class TestObjects(ObjectsContract):
    """Large objects."""
