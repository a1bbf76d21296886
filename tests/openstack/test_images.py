"""Images of guests in a real Glance, through `dbaas-manage image`."""

import json
import os
import pathlib
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator

import pytest
from click.testing import CliRunner, Result

from dbaas.cli.manage.main import cli
from dbaas.cloud.openstack.images import Images
from dbaas.db import datastores as rows
from dbaas.db.session import Database
from dbaas.services import datastores
from tests.openstack.cloud_fixtures import Seen, options_of
from tests.servers.openstack.cloud import Cloud

pytestmark = pytest.mark.xdist_group('openstack')
Manage = Callable[..., Result]


@pytest.fixture
def manage(openstack_cloud: Cloud, db: Database, tmp_path: pathlib.Path) -> Manage:
    """`dbaas-manage image …` on a deployment that has MariaDB 10.11."""
    db.run(lambda c: datastores.register(c, 'mariadb', 'mariadb', ['10.6', '10.11'], '10.11'))
    config = tmp_path / 'dbaas.conf'
    config.write_text(
        f'[database]\nconnection = {db.engine.url}\n[cloud]\ndriver = openstack\n'
        f'[openstack]\ncloud = dbaas\nclouds_file = {openstack_cloud.clouds_yaml}\n'
    )

    def run(*words: str, code: int = 0) -> Result:
        done = CliRunner().invoke(cli, ['--config-file', str(config), '-o', 'json', 'image', *words])
        assert done.exit_code == code, done.output
        return done

    return run


@pytest.fixture
def name(openstack_cloud: Cloud) -> Iterator[str]:
    """Nothing of this name is left."""
    made = f'guest-{uuid.uuid4().hex[:8]}'
    yield made
    for image in openstack_cloud.admin.image.images():
        if image.name.startswith(made):
            openstack_cloud.admin.image.delete_image(image.id)


@pytest.fixture
def files(tmp_path: pathlib.Path) -> list[str]:
    """--disk, --kernel and --ramdisk with something in them."""
    words = []
    for part in ('disk', 'kernel', 'ramdisk'):
        (tmp_path / part).write_bytes(part.encode() * 1000)
        words += [f'--{part}', str(tmp_path / part)]
    return words


def test_register_is_repeatable_and_gives_the_image_to_a_version(
    manage: Manage, name: str, files: list[str], db: Database, openstack_cloud: Cloud
) -> None:
    words = ['register', name, *files, '--property', 'hw_rng_model=virtio', '--datastore', 'mariadb']
    manage(*words)
    again = manage(*words)
    assert again.output.count('there already') == 3

    found = [image for image in openstack_cloud.admin.image.images() if image.name.startswith(name)]
    assert sorted(image.name for image in found) == [name, f'{name}-kernel', f'{name}-ramdisk']
    disk = openstack_cloud.admin.image.get_image(_versions(db)['10.11'])
    assert (disk.name, disk.status, disk.visibility) == (name, 'active', 'private')
    assert disk.kernel_id in {image.id for image in found}
    assert 'root=LABEL=dbaas-guest' in disk.os_command_line
    assert _versions(db)['10.6'] is None


def test_another_content_is_another_image_and_the_newest_of_a_name_is_used(
    manage: Manage, name: str, tmp_path: pathlib.Path, db: Database
) -> None:
    disk = tmp_path / 'disk'
    for content in ('first', 'second'):
        disk.write_text(content)
        manage('register', name, '--disk', str(disk))
    manage('use', name, '--datastore', 'mariadb', '--version', '10.6')
    listed = [row for row in json.loads(manage('list').stdout) if row['name'] == name]
    assert [row['used by'] for row in listed] == ['', 'mariadb 10.6']
    manage('use', listed[0]['id'], '--datastore', 'mariadb', '--version', '10.6')
    assert _versions(db)['10.6'] == listed[0]['id']


def test_what_does_not_fit_is_refused_with_a_remedy(manage: Manage, name: str, files: list[str]) -> None:
    assert 'register it' in manage('use', 'nowhere', '--datastore', 'mariadb', code=1).output
    assert 'go together' in manage('register', name, *files[:4], code=1).output
    assert 'KEY=VALUE' in manage('register', name, *files, '--property', 'x', code=1).output


def test_an_upload_that_fails_leaves_no_image(
    manage: Manage, name: str, files: list[str], openstack_cloud: Cloud
) -> None:
    manage('register', name, *files, '--disk-format', 'qcow2', '--property', 'os_type=', code=1)
    assert name not in {image.name for image in openstack_cloud.admin.image.images()}


def test_make_registers_what_it_has_built(
    manage: Manage, name: str, files: list[str], tmp_path: pathlib.Path, db: Database
) -> None:
    """Nothing is built: the build has been done, as far as make knows."""
    guest = tmp_path / 'openstack' / 'guest'
    guest.mkdir(parents=True)
    for part, made in (('disk', 'disk.raw'), ('kernel', 'vmlinuz'), ('ramdisk', 'initrd')):
        (tmp_path / part).rename(guest / made)
    assert 'make guest-image CONFIG=' in _made(tmp_path)
    assert f'{name}-kernel' in _made(tmp_path, f'CONFIG={tmp_path}/dbaas.conf', f'IMAGE={name}', 'VERSION=10.6')
    (disk,) = [row for row in json.loads(manage('list').stdout) if row['name'] == name]
    assert disk['used by'] == 'mariadb 10.6' and _versions(db)['10.11'] is None


def _made(folder: pathlib.Path, *variables: str) -> str:
    """What `make guest-image` says, after its build."""
    programs, top = pathlib.Path(sys.executable).parent, pathlib.Path(__file__).parents[2]
    command = ['make', '-s', '-o', 'build-guest', 'guest-image', f'BIN={programs}', *variables]
    known = {key: value for key, value in os.environ.items() if key not in ('MAKEFLAGS', 'MAKELEVEL', 'MFLAGS')}
    environ = {**known, 'DBAAS_OPENSTACK': str(folder / 'openstack')}
    return subprocess.run(command, cwd=top, env=environ, capture_output=True, text=True, check=True).stdout


UPLOAD = {'service': 'glance', 'method': 'PUT', 'path': '/file$', 'times': 1}


@pytest.mark.parametrize(('trouble', 'uploads'), [('drop-after', 1), ('drop-before', 2), ('unavailable', 2)])
def test_content_goes_up_once_whatever_happens_to_the_answer(
    openstack_cloud: Cloud, name: str, tmp_path: pathlib.Path, trouble: str, uploads: int
) -> None:
    """Glance refuses a second upload to an image that has its content."""
    assert _uploaded(openstack_cloud, name, tmp_path, trouble) == uploads


def test_an_upload_that_takes_all_patience_is_no_loss(
    openstack_cloud: Cloud, name: str, tmp_path: pathlib.Path
) -> None:
    assert _uploaded(openstack_cloud, name, tmp_path, 'drop-after', patience=0.01) == 1


def _uploaded(cloud: Cloud, name: str, folder: pathlib.Path, trouble: str, **options: float) -> int:
    """Register a disk with this trouble at its upload; it is there in the end. -> how often it was sent."""
    disk, images = folder / 'disk', Seen(options_of(cloud, **options))
    disk.write_bytes(b'disk' * 1_000_000)
    parts = Images(images.services, options_of(cloud, **options), images.tries)
    begun = cloud.faults.serial
    with cloud.faults.rule(trouble, **UPLOAD) as rule:
        found, new = parts.register(name, str(disk), 'raw', {})
        assert (rule.hits, new) == (1, True)
    assert [image['id'] for image in parts.ours() if image['name'] == name] == [found['id']]
    assert parts.register(name, str(disk), 'raw', {}) == (parts.look(found['id']), False)
    return sum(call['path'].endswith('/file') for call in cloud.faults.calls(begun))


def _versions(db: Database) -> dict[str, str | None]:
    with db.read() as c:
        return {row.name: row.image for row in rows.versions(c)}
