"""The root file system that machines boot: ours, complete, and without anything that is secret or of one machine."""

import importlib.metadata
import os
import pathlib
import re
import subprocess

import pytest

import dbaas
from tests.servers.openstack import place

SECRET = re.compile(rb'-----BEGIN [A-Z ]*PRIVATE KEY-----|application_credential_secret|rabbit://[^/\s]+:[^/\s]+@')
READ = ('etc', 'root', 'home', 'srv', 'var/lib/cloud', 'var/lib/dbaas', 'var/log', 'usr/local', 'tmp')
WANTS = 'etc/systemd/system/multi-user.target.wants'
VERSIONS = """
from importlib.metadata import entry_points, version
print(version('dbaas-guestagent'))
for group in 'dbaas.datastores', 'oslo.messaging.drivers':
    print(*(point.name for point in entry_points(group=group) if point.value.startswith('guestagent.')))
"""


@pytest.fixture(scope='module')
def rootfs() -> pathlib.Path:
    found = place.rootfs()
    if not found.is_dir():
        pytest.fail(f'{found} is missing: build it with tools/guest-image rootfs')
    return found


def test_no_key_and_no_credential_is_in_it(rootfs: pathlib.Path) -> None:
    found = [
        path for part in READ for path in (rootfs / part).rglob('*')
        if path.is_file() and not path.is_symlink() and SECRET.search(path.read_bytes())
    ]  # fmt: skip
    assert found == []
    assert not list((rootfs / 'etc').glob('ssh/ssh_host_*'))
    assert not (rootfs / 'etc/dbaas').exists()
    for line in (rootfs / 'etc/shadow').read_text().splitlines():
        assert line.split(':')[1] in ('*', '!', '!*'), f'{line.split(":")[0]} has a password'


def test_nothing_of_the_machine_that_built_it_is_in_it(rootfs: pathlib.Path) -> None:
    assert (rootfs / 'etc/machine-id').read_text() == ''
    assert not (rootfs / 'etc/hostname').exists()
    assert os.readlink(rootfs / 'etc/resolv.conf').startswith('/run/')
    assert not list((rootfs / 'var/lib/cloud').glob('instances/*'))
    checkout = str(pathlib.Path(dbaas.__file__).parents[1]).encode()
    assert not [path for path in (rootfs / 'opt/dbaas').rglob('*') if path.is_file() and checkout in path.read_bytes()]


def test_the_agent_is_ours_and_starts_at_boot(rootfs: pathlib.Path) -> None:
    assert (rootfs / WANTS / 'dbaas-guestagent.service').is_symlink()
    said = subprocess.run(
        ['chroot', rootfs, '/opt/dbaas/bin/python', '-P', '-c', VERSIONS], capture_output=True, text=True, check=True
    ).stdout.split()
    assert said == [importlib.metadata.version('dbaas'), 'mariadb', 'unix']
    assert re.search('^dbaas:x:890:890:', (rootfs / 'etc/passwd').read_text(), re.MULTILINE)
    assert list((rootfs / 'var/lib/dbaas/templates').glob('mariadb-*/data/mysql'))
