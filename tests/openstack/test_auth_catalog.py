"""The catalogue entry, by dbaas-manage; and what people have: `openstack database …`, openstacksdk, with passwords."""

import json
import os
import pathlib
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from click.testing import CliRunner

from dbaas.cli.manage.main import NAME, cli
from tests.api.house import House
from tests.openstack import keystone_house
from tests.servers.openstack.cloud import Cloud

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group('openstack')]
BIN = pathlib.Path(sys.executable).parent
TYPE = 'database'
Changes = list[dict[str, str]]
Register = Callable[..., Changes]
Run = Callable[..., 'subprocess.CompletedProcess[str]']


def _forget(cloud: Cloud) -> None:
    for service in list(cloud.admin.identity.services(type=TYPE)):
        cloud.admin.identity.delete_service(service)


@pytest.fixture
def register(openstack_cloud: Cloud, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Register]:
    """-> what was done. There is no entry before and none after."""
    monkeypatch.setenv('OS_CLIENT_CONFIG_FILE', str(openstack_cloud.clouds_yaml))

    def run(*arguments: str, who: str = 'admin', code: int = 0) -> Any:
        line = ['--state', str(tmp_path), '-o', 'json', 'keystone', 'register', '--os-cloud', who, *arguments]
        result = CliRunner().invoke(cli, line, prog_name=NAME)
        assert result.exit_code == code, result.output
        return result.output if code else json.loads(result.stdout)

    _forget(openstack_cloud)
    yield run
    _forget(openstack_cloud)


def _results(changes: Changes) -> list[str]:
    return [change['result'] for change in changes]


def _endpoints(cloud: Cloud) -> dict[str, str]:
    (service,) = cloud.admin.identity.services(type=TYPE)
    return {one.interface: one.url for one in cloud.admin.identity.endpoints(service_id=service.id)}


def test_the_entry_is_made_kept_and_changed(register: Register, openstack_cloud: Cloud) -> None:
    assert _results(register('--url', 'http://192.0.2.1:8779')) == ['made'] * 4
    wanted = 'http://192.0.2.1:8779/v1.0/%(project_id)s'
    assert _endpoints(openstack_cloud) == dict.fromkeys(('public', 'internal', 'admin'), wanted)
    assert _results(register('--url', wanted)) == ['kept'] * 4
    moved = register('--url', 'https://db.example/v1.0/', '--internal-url', 'http://192.0.2.1:8779')
    assert _results(moved) == ['kept', 'changed', 'kept', 'kept']
    assert _endpoints(openstack_cloud)['public'] == 'https://db.example/v1.0/%(project_id)s'


def test_a_service_that_is_there_under_another_name_is_used(register: Register, openstack_cloud: Cloud) -> None:
    identity = openstack_cloud.admin.identity
    identity.create_service(type=TYPE, name='databases', is_enabled=False)
    assert _results(register('--url', 'http://192.0.2.1'))[0] == 'changed'
    identity.create_service(type=TYPE, name='others')
    assert 'several services' in register('--url', 'http://192.0.2.1', code=1)
    assert _results(register('--url', 'http://192.0.2.1', '--name', 'databases')) == ['kept'] * 4


def test_a_region_that_is_not_there_yet(register: Register, openstack_cloud: Cloud) -> None:
    try:
        assert _results(register('--url', 'http://192.0.2.1', '--region', 'Elsewhere')) == ['made'] * 5
    finally:
        _forget(openstack_cloud)
        openstack_cloud.admin.identity.delete_region('Elsewhere')


def test_refusals_say_what_to_do(register: Register) -> None:
    assert 'administrator' in register('--url', 'http://192.0.2.1', who='demo', code=1)
    assert 'not found' in register('--url', 'http://192.0.2.1', who='nobody', code=1)
    assert 'is no URL' in register('--url', '192.0.2.1', code=1)


# -- clients ---------------------------------------------------------------------------------------------------------
@pytest.fixture
def served(template: str, openstack_cloud: Cloud, register: Register, tmp_path: pathlib.Path) -> Iterator[House]:
    """An API in the catalogue."""
    folder = tmp_path / 'house'
    folder.mkdir()
    house = keystone_house.house(template, openstack_cloud, folder)
    with house.served() as url:
        register('--url', url)
        yield house
    house.db.close()


@pytest.fixture
def run(served: House, openstack_cloud: Cloud, tmp_path: pathlib.Path) -> Run:
    """Of a client: its environment says who he is in clouds.yaml, and nothing of the API."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith('OS_')}
    clean |= {'OS_CLIENT_CONFIG_FILE': str(openstack_cloud.clouds_yaml), 'HOME': str(tmp_path)}

    def running(who: str, *command: str) -> 'subprocess.CompletedProcess[str]':
        env = {**clean, 'OS_CLOUD': who}
        return subprocess.run(command, env=env, capture_output=True, text=True, timeout=120, check=False)

    return running


def test_python_openstackclient(served: House, run: Run) -> None:
    def client(who: str, *words: str) -> 'subprocess.CompletedProcess[str]':
        return run(who, str(BIN / 'openstack'), *words)

    made = client(
        'demo', 'database', 'instance', 'create', 'shop', '--flavor', 'tiny', '--size', '1', '--datastore', 'mariadb',
        '--datastore-version', '10.11', '-f', 'json',
    )  # fmt: skip
    assert made.returncode == 0, made.stderr
    assert json.loads(made.stdout)['name'] == 'shop'
    listed = client('reader', 'database', 'instance', 'list', '-f', 'json')
    assert [row['Name'] for row in json.loads(listed.stdout)] == ['shop'], listed.stderr
    refused = client('reader', 'database', 'instance', 'delete', 'shop')
    assert refused.returncode != 0 and 'instance:delete' in refused.stdout + refused.stderr
    assert client('demo', 'database', 'instance', 'delete', 'shop').returncode == 0


def test_openstacksdk_and_our_client(served: House, run: Run) -> None:
    script = (
        'import openstack; db = openstack.connect().database; '
        'flavor = db.find_flavor("tiny").id; '
        'made = db.create_instance(name="sdk", flavor=flavor, volume={"size": 1}, datastore={"type": "mariadb"}); '
        'print(made.status, [one.name for one in db.instances()])'
    )
    done = run('demo', sys.executable, '-W', 'ignore', '-c', script)
    assert done.stdout.strip() == "BUILD ['sdk']", done.stderr
    ours = run('reader', str(BIN / 'dbaas-flow'), 'list')
    assert ours.returncode == 0 and 'instance.create' in ours.stdout, ours.stderr
