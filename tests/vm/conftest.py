"""dbaas on a cloud whose servers are virtual machines of our own guest image."""

import contextlib
import json
import os
import pathlib
import shutil
import tempfile
from collections.abc import Iterator
from typing import Any

import pymysql
import pytest

from tests.openstack.deployment import Deployment
from tests.servers.openstack import place
from tests.servers.openstack.cloud import Cloud
from tests.servers.openstack.fixtures import RUNNING
from tests.vm.bed import VmBed
from tests.waiting import until

NEEDED = {'qemu-system-x86_64': 'qemu-system-x86', 'qemu-img': 'qemu-utils', 'genisoimage': 'genisoimage',
          'libvirtd': 'libvirt-daemon-system', 'virsh': 'libvirt-clients'}  # fmt: skip
DEADLINE = 1200  # seconds for a machine to boot: emulated, on few cores
LOOK_EVERY = 5  # seconds: what looks takes its time from the machine


def pytest_ignore_collect(config: pytest.Config) -> bool | None:
    """These take minutes: they run when they are named, as by `make test-vm`."""
    here = pathlib.Path(__file__).parent
    named = (pathlib.Path(argument.partition('::')[0]).resolve() for argument in config.args)
    return None if any(path.is_relative_to(here) for path in named) else True


class VmDeployment(Deployment):
    """Its conductors have the patience that emulated machines need."""

    def _options(self) -> dict[str, dict[str, Any]]:
        patient = dict.fromkeys(('server_deadline', 'guest_deadline', 'database_deadline'), DEADLINE)
        return {**super()._options(), 'flows': patient}

    def register(self, image: str, *version: str) -> None:
        """New instances of MariaDB boot the image that lies in the folder of that name. version: --version NAME."""
        files = [f'--{word}={place.home() / image / name}' for word, name in (
            ('disk', 'disk.raw'), ('kernel', 'vmlinuz'), ('ramdisk', 'initrd'))]  # fmt: skip
        self.manage('image', 'register', f'dbaas-{image}', *files, '--datastore', 'mariadb', *version)

    def ended(self, instance: str, type: str = 'instance.create') -> None:
        """Wait until the operation has succeeded; where it has not, say what and show the machine's console."""

        def seen() -> dict[str, Any] | None:
            found = self.operation(instance, type)
            return found if found['state'] in ('SUCCEEDED', 'HELD', 'ABORTED') else None

        try:
            found = until(seen, DEADLINE, type, every=LOOK_EVERY)
            assert found and found['state'] == 'SUCCEEDED', json.dumps(found, indent=1)
        except AssertionError:
            with contextlib.suppress(AssertionError):  # no machine has one yet
                print(self.console(instance))
            raise

    def rows(self, address: str, statement: str = 'SELECT a FROM t') -> Any:
        """None: nobody answers."""
        with contextlib.suppress(pymysql.MySQLError, OSError):
            return self.sql(address, statement)
        return None

    def server(self, instance: str) -> str:
        """The id of its machine."""
        found = json.loads(self.client('server', 'list', '--name', f'dbaas-{instance}', '-f', 'json', who='dbaas'))
        assert found, f'{instance} has no machine'
        return str(found[0]['ID'])

    def console(self, instance: str) -> str:
        return self.client('console', 'log', 'show', self.server(instance), who='dbaas')


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
    """Which image instances boot is for the test to register."""
    made = VmDeployment(tmp_path, Cloud(bed))
    try:
        made.up()
        yield made
    finally:
        made.close()
