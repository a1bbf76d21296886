"""Every flow, on a real control plane whose services are in trouble."""

import contextlib

import pytest

from tests.flows.conftest import every_flow
from tests.servers.openstack.plugins.bed.rules import KINDS

pytestmark = pytest.mark.xdist_group('openstack')
SERVICES = ('nova', 'neutron', 'cinder', 'keystone')
METHODS = ('GET', 'POST', 'PUT', 'DELETE')
TIMES = 2  # of each method
LATE = 1.0  # seconds, of latency and of Retry-After


@pytest.mark.parametrize('name', every_flow())
@pytest.mark.parametrize('trouble', KINDS)
@pytest.mark.parametrize('services', [SERVICES, *((one,) for one in SERVICES)], ids=('all', *SERVICES))
def test_every_service_in_trouble(open_place, driver, openstack_cloud, name, trouble, services):
    """The first calls of each method go wrong, that for a token too."""
    place = open_place(name)
    driver.services.connection.session.invalidate()
    with contextlib.ExitStack() as stack:
        rules = [
            stack.enter_context(openstack_cloud.faults.rule(trouble, service, method=method, times=TIMES, seconds=LATE))
            for service in services
            for method in METHODS
        ]
        operation = place.start()
        assert place.house.go_on(operation) == 'SUCCEEDED', place.house.operation(operation).reason
        place.succeeded(operation)
        struck = [rule.hits for rule in rules]
    assert sum(struck) > 0
