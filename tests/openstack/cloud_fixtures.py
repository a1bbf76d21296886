"""The driver openstack on the control plane of the tests."""

import uuid

import pytest

import conf
from dbaas.cloud.openstack.cloud import OpenStackCloud
from dbaas.cloud.protocol import Owner

SEGMENT = 1024 * 1024  # bytes: several fit into a test


def options_of(there, **given):
    """The group [openstack] for the service project of an openstack_cloud."""
    loaded = conf.load()
    networks = there.facts['networks']
    wanted = {
        'clouds_file': str(there.clouds_yaml),
        'default_network': networks['tenant']['id'],
        'management_network': networks['management']['id'],
        'floating_network': networks['external']['id'],
        'segment_size': SEGMENT,
    }
    for name, value in {**wanted, **given}.items():
        loaded.set_override(name, value, group='openstack')
    return loaded.openstack


class Seen(OpenStackCloud):
    """With a look at everything that is in the service project, tagged or not."""

    def snapshot(self):
        """Kind -> ids."""
        return {kind: sorted(row['id'] for row in found) for kind, found in self.rows().items()}

    def rows(self):
        services = self.services
        own = {'project_id': services.project}
        return {
            'server': services.compute.list('/servers', 'servers'),
            'server-group': services.compute.list('/os-server-groups', 'server_groups'),
            'volume': services.volume.list('/volumes', 'volumes'),
            'snapshot': services.volume.list('/snapshots', 'snapshots'),
            'port': services.network.list('/ports', 'ports', **own),
            'floating-ip': services.network.list('/floatingips', 'floatingips', **own),
            'security-group': services.network.list('/security-groups', 'security_groups', **own),
        }


@pytest.fixture(scope='session')
def driver(openstack_cloud):
    return Seen(options_of(openstack_cloud))


@pytest.fixture
def hollow(openstack_cloud):
    """The image of servers that are bookkeeping only."""
    return openstack_cloud.image('hollow')


@pytest.fixture
def tenant(openstack_cloud):
    """The id of the project that owns the network `tenant`."""
    return openstack_cloud.project('demo')


@pytest.fixture
def holder(driver, openstack_cloud, tenant):
    """An owner of things; what is left of them goes with the test, and so do the rules of the fault proxy."""
    openstack_cloud.faults.clear()
    made = Owner(instance=str(uuid.uuid4()), operation=str(uuid.uuid4()), project=tenant)
    yield made
    openstack_cloud.faults.clear()
    driver.forget(made.instance)
