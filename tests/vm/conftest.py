"""dbaas on a cloud whose servers are virtual machines of our own guest image."""

import os
import pathlib
import shutil
import tempfile
from collections.abc import Iterator
from typing import Any

import pytest

from tests.openstack.deployment import Deployment
from tests.servers.openstack import place
from tests.servers.openstack.cloud import Cloud
from tests.servers.openstack.fixtures import RUNNING
from tests.vm.bed import VmBed

NEEDED = {'qemu-system-x86_64': 'qemu-system-x86', 'qemu-img': 'qemu-utils', 'genisoimage': 'genisoimage',
          'libvirtd': 'libvirt-daemon-system', 'virsh': 'libvirt-clients'}  # fmt: skip
DEADLINE = 1200  # seconds for a machine to boot: emulated, on few cores


def pytest_ignore_collect(config: pytest.Config) -> bool | None:
    """These take minutes: they run when they are named, as by `make test-vm`."""
    here = pathlib.Path(__file__).parent
    named = (pathlib.Path(argument.partition('::')[0]).resolve() for argument in config.args)
    return None if any(path.is_relative_to(here) for path in named) else True


class VmDeployment(Deployment):
    def _options(self) -> dict[str, dict[str, Any]]:
        patient = dict.fromkeys(('server_deadline', 'guest_deadline', 'database_deadline'), DEADLINE)
        return {**super()._options(), 'flows': patient}


@pytest.fixture(scope='session')
def bed() -> Iterator[VmBed]:
    if missing := [package for program, package in NEEDED.items() if not shutil.which(program)]:
        pytest.fail(f'packages are missing, run tools/install-vm: {", ".join(missing)}')
    if os.environ.get(RUNNING):
        yield VmBed(pathlib.Path(os.environ[RUNNING]).absolute())
        return
    made = VmBed(pathlib.Path(tempfile.mkdtemp(prefix='dbaas-vm-')))
    try:
        made.up()
        yield made
    finally:
        made.wipe()


@pytest.fixture
def deployment(bed: VmBed, tmp_path: pathlib.Path) -> Iterator[VmDeployment]:
    """New instances of MariaDB boot our image."""
    made = VmDeployment(tmp_path, Cloud(bed))
    try:
        made.up()
        guest = place.home() / 'guest'
        files = [f'--{word}={guest / name}' for word, name in (
            ('disk', 'disk.raw'), ('kernel', 'vmlinuz'), ('ramdisk', 'initrd'))]  # fmt: skip
        made.manage('image', 'register', 'dbaas-guest', *files, '--datastore', 'mariadb')
        yield made
    finally:
        made.close()
