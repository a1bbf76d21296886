"""The clients people have, as subprocesses against the API on a free port, while a conductor works."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from conductor import service
from conductor.board.embedded import EmbeddedBoard
from conductor.reports import Reports
from tests.api.house import ADMIN, House
from tests.waiting import until

pytestmark = pytest.mark.slow
BIN = os.path.dirname(sys.executable)
SDK = """
import json, sys
import openstack
cloud = openstack.connect(load_envvars=True)
db = cloud.database
flavor = db.find_flavor('tiny')
made = db.create_instance(name='sdk', flavor=flavor.id, volume={'size': 1}, datastore={'type': 'mariadb'})
db.wait_for_status(made, 'ACTIVE', failures=['ERROR'], interval=0.1, wait=60)
db.update_instance(made, name='renamed')
found = db.find_instance('renamed')
shown = db.get_instance(found.id)
seen = [shown.name, shown.status, shown.created_at]
pages = [i.name for i in db.instances(limit=1)]
db.delete_instance(found)
db.wait_for_delete(shown, interval=0.1, wait=60)
print(json.dumps({'flavors': [f.name for f in db.flavors()], 'flavor': db.get_flavor(flavor.id).ram,
                  'shown': seen, 'pages': sorted(pages)}))
"""


@pytest.fixture
def deployment(template: str, tmp_path: Any) -> Iterator[tuple[House, dict[str, str]]]:
    """A house in real time with a conductor, and the environment of its clients."""
    house = House(template, str(tmp_path), clock=time.time)
    board = EmbeddedBoard()
    reports = Reports(house.db, board)
    house.world.receive(reports.on_report, reports.on_heartbeat)
    house.world.start()
    house.post_to(board.post)
    conductor = service.build(
        house.conf, db=house.db, board=board, cloud=house.world.cloud, guest=house.world.guests, secrets=house.secrets
    )
    conductor.start()
    with house.served() as url:
        clean = {k: v for k, v in os.environ.items() if not k.startswith('OS_')}
        yield (
            house,
            {
                **clean,
                'HOME': str(tmp_path),  # clients keep caches there
                'OS_AUTH_TYPE': 'admin_token',
                'OS_ENDPOINT': f'{url}/v1.0/demo',
                'OS_TOKEN': ADMIN['token'],
            },
        )
    conductor.stop()
    board.close()
    house.world.stop()
    house.db.close()


def _openstack(env: dict[str, str], *words: str, form: str | None = 'json') -> Any:
    command = [os.path.join(BIN, 'openstack'), *words, *(['-f', form] if form else [])]
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, f'{words}: {done.stdout}{done.stderr}'
    return json.loads(done.stdout) if form else done.stdout


def test_python_openstackclient(deployment: tuple[House, dict[str, str]]) -> None:
    house, env = deployment
    commands = [
        ('datastore', 'list'),
        ('datastore', 'show', 'mariadb'),
        ('datastore', 'version', 'list', 'mariadb'),
        ('datastore', 'version', 'show', '10.11', '--datastore', 'mariadb'),
        ('database', 'flavor', 'list'),
        ('database', 'flavor', 'show', 'tiny'),
    ]
    with ThreadPoolExecutor(2) as pool:  # most of a command's time is its start
        limits = pool.submit(_openstack, env, 'database', 'limit', 'list', form=None)
        stores, store, versions, version, flavors, flavor = pool.map(lambda words: _openstack(env, *words), commands)
    assert [d['Name'] for d in stores] == [store['name']] == ['mariadb']
    assert [v['Name'] for v in versions] == ['10.11'] and version['id'] == versions[0]['ID']
    assert [f['Name'] for f in flavors] == ['tiny', 'small', 'medium'] and flavor['ram'] == 512
    assert 'max_volumes' in limits.result() and '40' in limits.result()

    made = _openstack(
        env, 'database', 'instance', 'create', 'osc', '--flavor', 'tiny', '--size', '1', '--datastore', 'mariadb',
        '--datastore-version', '10.11', '--databases', 'shop', '--users', 'ann:Opensesame-1',
        '--allowed-cidr', '10.0.0.0/8',
    )  # fmt: skip
    assert (made['name'], made['status'], made['volume']) == ('osc', 'BUILD', 1)
    until(lambda: house.get('/instances')['instances'][0]['status'] == 'ACTIVE', 60, 'the instance to be ACTIVE')
    listed = _openstack(env, 'database', 'instance', 'list')
    assert [(i['Name'], i['Status'], i['Flavor ID'], i['Size']) for i in listed] == [('osc', 'ACTIVE', '1', 1)]
    _openstack(env, 'database', 'instance', 'update', made['id'], '--name', 'renamed', form=None)
    shown = _openstack(env, 'database', 'instance', 'show', 'renamed')
    assert (shown['id'], shown['datastore'], shown['status']) == (made['id'], 'mariadb', 'ACTIVE')
    _openstack(env, 'database', 'instance', 'delete', 'renamed', form=None)
    until(lambda: not house.get('/instances')['instances'], 60, 'the instance to be gone')


def test_force_delete_and_errors_of_the_client(deployment: tuple[House, dict[str, str]]) -> None:
    house, env = deployment
    house.world.faults.plan('create_server', times=1)
    made = house.create('stuck', ADMIN)
    until(lambda: house.get('/instances')['instances'][0]['status'] == 'ERROR', 60, 'the create to be held')
    assert 'stopped at step' in _openstack(env, 'database', 'instance', 'show', 'stuck')['fault']
    _openstack(env, 'database', 'instance', 'delete', '--force', made['id'], form=None)
    until(lambda: not house.get('/instances')['instances'], 60, 'the instance to be gone')
    with pytest.raises(AssertionError, match='larger than'):
        _openstack(env, 'database', 'instance', 'create', 'big', '--flavor', '1', '--size', '99')


def test_openstacksdk(deployment: tuple[House, dict[str, str]]) -> None:
    house, env = deployment
    house.create('other', ADMIN)
    done = subprocess.run(
        [sys.executable, '-c', SDK], env=env, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told['flavors'] == ['tiny', 'small', 'medium'] and told['flavor'] == 512
    assert told['shown'][:2] == ['renamed', 'ACTIVE'] and 'Z' not in told['shown'][2]
    assert told['pages'] == ['other', 'renamed']
