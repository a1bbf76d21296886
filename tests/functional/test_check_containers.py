"""dbaas-manage check where a version runs in containers on this machine: the daemon, the image, its archive."""

import contextlib
import os
from pathlib import Path

import pytest
from click.testing import CliRunner

from dbaas.cli.manage.main import NAME, cli
from tests.checked import Findings, checked
from tests.servers.dockerd import ARCHIVE, Dockerd

pytestmark = [
    pytest.mark.xdist_group('docker'),
    pytest.mark.skipif(os.geteuid() != 0, reason='only root starts a dockerd'),
]
IMAGE = 'dbaas-test/looked-for:1'


@pytest.fixture
def state(tmp_path: Path) -> str:
    """A deployment whose MariaDB 11.8, and no other version, runs in containers."""
    folder = str(tmp_path / 'var')
    container = ['--runtime', 'container', '--container-image', IMAGE, '--container-archive', ARCHIVE]
    for words in (['db', 'upgrade'], ['datastore', 'register', 'mariadb'],
                  ['datastore', 'set', 'mariadb', '11.8', *container]):  # fmt: skip
        done = CliRunner().invoke(cli, ['--state', folder, *words], prog_name=NAME)
        assert done.exit_code == 0, done.output
    return folder


def looked(state: str, socket: str, archives: Path, code: int) -> Findings:
    config = Path(state).with_name('dbaas.conf')
    config.write_text(
        f'[local]\naddress_dir = {config.parent}/addresses\n[container]\nsocket = {socket}\narchives = {archives}\n'
    )
    return checked(state, str(config), code)


def test_the_archive_is_there_then_the_image(state: str, dockerd: Dockerd) -> None:
    (finding,) = looked(state, dockerd.socket, dockerd.archives, 0)[f'container {IMAGE}']
    assert finding['what'] == f'it comes from {dockerd.archives}/{ARCHIVE}, {dockerd.socket}'
    with contextlib.closing(dockerd.client()) as client:
        assert not client.images.list(IMAGE), 'a look brings nothing'
        client.api.import_image_from_data(bytes(10240), *IMAGE.split(':'))
        try:
            (finding,) = looked(state, dockerd.socket, dockerd.archives, 0)[f'container {IMAGE}']
        finally:
            client.images.remove(IMAGE)
    assert finding['what'] == f'the daemon has it, {dockerd.socket}'


def test_neither_is_there(state: str, dockerd: Dockerd, tmp_path: Path) -> None:
    (finding,) = looked(state, dockerd.socket, tmp_path, 1)[f'container {IMAGE}']
    assert f'{tmp_path}/{ARCHIVE} of image {IMAGE} cannot be read (No such file or directory)' in finding['what']
    assert '[container] archives' in finding['remedy']


def test_no_daemon_answers(state: str, dockerd: Dockerd, tmp_path: Path) -> None:
    (finding,) = looked(state, f'{tmp_path}/nobody', dockerd.archives, 1)[f'container {IMAGE}']
    assert f'does not answer at {tmp_path}/nobody (No such file or directory)' in finding['what']
    assert finding['remedy'].startswith('start it (systemctl start docker)')


def test_nothing_is_asked_where_no_version_needs_it(state: str, tmp_path: Path) -> None:
    done = CliRunner().invoke(cli, ['--state', state, 'datastore', 'set', 'mariadb', '11.8', '--runtime', 'process'])
    assert done.exit_code == 0, done.output
    assert not [name for name in looked(state, f'{tmp_path}/nobody', tmp_path, 0) if name.startswith('container')]
