"""What the tests of the bed itself use."""

from collections.abc import Iterator

import pytest

from tests.openstack.servers import Servers
from tests.servers.openstack.cloud import Cloud


@pytest.fixture
def servers(cloud: Cloud) -> Iterator[Servers]:
    made = Servers(cloud)
    yield made
    cloud.faults.clear()
    made.clear()
