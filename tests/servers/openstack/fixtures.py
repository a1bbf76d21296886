"""The test cloud, for all tests of a run. Whoever uses it is of the xdist group `openstack`: there is one cloud."""

import os
import pathlib
import subprocess
import sys
import tempfile
from collections.abc import Iterator

import pytest

from tests.servers.openstack import place
from tests.servers.openstack.bed import Bed
from tests.servers.openstack.cloud import Cloud

RUNNING = 'DBAAS_OPENSTACK_CLOUD'  # the folder of a bed that runs already, for people who try things


@pytest.fixture(scope='session')
def openstack_cloud() -> Iterator[Cloud]:
    """Started by the first test that asks for it; gone with everything in it at the end, also of a killed run."""
    if os.environ.get(RUNNING):
        yield Cloud(Bed(pathlib.Path(os.environ[RUNNING]).absolute()))
        return
    if os.geteuid() != 0:
        pytest.fail('the machines of the test cloud need root: run it as root')
    place.services()
    bed = Bed(pathlib.Path(tempfile.mkdtemp(prefix='dbaas-openstack-')))
    mourner = _mourner(bed.state)
    try:
        bed.up()
        yield Cloud(bed)
    finally:
        bed.wipe()
        mourner.communicate()


@pytest.fixture
def cloud(openstack_cloud: Cloud) -> Iterator[Cloud]:
    """The same, without a rule at the fault proxy before and after."""
    openstack_cloud.faults.clear()
    yield openstack_cloud
    openstack_cloud.faults.clear()


def _mourner(state: pathlib.Path) -> subprocess.Popen[bytes]:
    """Removes the bed when this process is gone, however it died."""
    script = 'cat > /dev/null; test ! -e "$0" || exec "$@" --state "$0"'
    wipe = [sys.executable, '-m', 'tests.servers.openstack', 'wipe']
    return subprocess.Popen(
        ['sh', '-c', script, str(state), *wipe], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, cwd=place.CHECKOUT,
        start_new_session=True,
    )  # fmt: skip
