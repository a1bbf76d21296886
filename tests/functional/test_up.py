"""`dbaas up --demo` and `dbaas down` as their users meet them: real processes, a real MariaDB."""

import json
import os
import signal
import stat
import subprocess
import time

import pytest
import yaml

from dbaas.cloud.local import places
from guestagent.contract import processes
from tests.functional import lateness
from tests.functional.deployment import PATIENCE, Deployment
from tests.servers.ports import lasting_port
from tests.waiting import until

pytestmark = pytest.mark.slow

SECRET_FILES = ('openrc', 'clouds.yaml', 'password', 'token', 'identity.yaml', 'demo.cnf', 'demo.json', 'keys.yaml')
ONE_OF_EACH = {'agents': 1, 'servers': 1, 'volumes': 1, 'addresses': 1}


def detach(deployment: Deployment) -> str:
    """`dbaas up --demo --detach` -> what it has said."""
    return deployment.run(*deployment.arguments('--demo', '--detach')).stdout


def kill(deployment: Deployment) -> None:
    """kill -9 of whatever `dbaas up` holds the state directory."""
    fd = processes.pidfd_of(str(deployment.state / 'up.pid'))
    assert fd is not None
    signal.pidfd_send_signal(fd, signal.SIGKILL)
    assert processes.gone(fd, 10)
    os.close(fd)


def query(deployment: Deployment, statement: str) -> str:
    return deployment.sql(deployment.state / 'demo.cnf', statement)


def demo(deployment: Deployment) -> str:
    """Its id; there is one only."""
    (instance,) = deployment.call('GET', '/instances').json()['instances']
    assert instance['name'] == 'demo'
    return instance['id']


def operations(deployment: Deployment) -> list[dict[str, str]]:
    return json.loads(deployment.flow('list', '-o', 'json').stdout)


def test_first_light(deployment: Deployment) -> None:
    said = detach(deployment)
    for line in (f'mariadb --defaults-file={deployment.state}/demo.cnf', 'database instance list', 'dbaas-flow list'):
        assert line in said
    assert deployment.ready()
    assert query(deployment, 'select current_user(), database()') == 'demo@%\tdemo'
    assert query(deployment, 'create table t (a int); insert into t values (7); select a from t') == '7'
    assert [o['state'] for o in operations(deployment)] == ['SUCCEEDED']
    (listed,) = json.loads(deployment.openstack('database', 'instance', 'list', '-f', 'json'))
    assert (listed['Name'], listed['Status']) == ('demo', 'ACTIVE')
    for name in SECRET_FILES:
        assert stat.S_IMODE(os.stat(deployment.state / name).st_mode) == 0o600, name
    instance = demo(deployment)
    assert deployment.traces.census(instance) == ONE_OF_EACH
    again_after_a_kill(deployment, instance)
    again_after_down(deployment, instance)
    deployment.gone(instance)
    assert deployment.traces.left(instance) == {}


def again_after_a_kill(deployment: Deployment, instance: str) -> None:
    """The agent and the database go on, and are taken over; no second demo is made."""
    before = deployment.traces.agents(instance), deployment.traces.servers(instance)
    kill(deployment)
    assert query(deployment, 'select a from t') == '7'
    detach(deployment)
    assert (deployment.traces.agents(instance), deployment.traces.servers(instance)) == before
    assert demo(deployment) == instance
    assert len(operations(deployment)) == 1


def again_after_down(deployment: Deployment, instance: str) -> None:
    """Down ends the control plane, too; the data and the address stay."""
    assert '1 instance' in deployment.down().stdout
    assert not deployment.ready()
    assert deployment.traces.running() == {}
    address = deployment.traces.address_files(instance)
    deployment.down()
    places.remove_tree(str(deployment.traces.runtime))  # as a reboot does
    places.remove_tree(str(deployment.traces.addresses))
    detach(deployment)
    assert query(deployment, 'select a from t') == '7'
    assert deployment.traces.address_files(instance) == address
    assert demo(deployment) == instance


def test_demo_that_is_held_continues_with_the_mended_option(deployment: Deployment) -> None:
    deployment.configure(mariadb={'server_binary': '/nowhere/mariadbd'})
    deployment.up('--demo')
    until(lambda: 'Ctrl-C' in deployment.said(), PATIENCE, 'all is said')
    (operation,) = operations(deployment)
    assert operation['state'] == 'HELD'
    assert f'dbaas-flow resume {operation["id"]}' in deployment.said()
    assert not (deployment.state / 'demo.cnf').exists()
    agents = deployment.traces.agents(demo(deployment))
    assert deployment.end(signal.SIGTERM) == 0
    deployment.configure()
    deployment.up('--demo')
    until(lambda: 'is HELD' in deployment.said(), PATIENCE, 'it says that it is still held')
    deployment.flow('resume', operation['id'], '--reason', 'installed', '--yes')
    until((deployment.state / 'demo.cnf').exists, PATIENCE, 'demo.cnf')
    assert query(deployment, 'select 1') == '1'
    assert deployment.traces.agents(demo(deployment)) == agents
    assert len(operations(deployment)) == 1


def test_killed_while_the_demo_is_made(deployment: Deployment) -> None:
    """The next start continues the same demo, with the same password."""
    deployment.start('--demo')
    until((deployment.state / 'demo.json').exists, PATIENCE, 'the demo is asked for')
    deployment.end()
    password = json.loads((deployment.state / 'demo.json').read_text())['password']
    deployment.up('--demo')
    until((deployment.state / 'demo.cnf').exists, PATIENCE, 'demo.cnf')
    assert password in (deployment.state / 'demo.cnf').read_text()
    assert query(deployment, 'select 1') == '1'
    assert len(operations(deployment)) == 1
    assert deployment.traces.census(demo(deployment)) == ONE_OF_EACH


@pytest.mark.skipif(os.geteuid() != 0, reason='about root without its rights')
def test_root_that_may_not_mount(deployment: Deployment) -> None:
    """As in most containers: volumes are folders, and it says so."""
    without = ['setpriv', '--bounding-set=-sys_admin', '--inh-caps=-sys_admin']
    said = deployment.run(*without, *deployment.arguments('--demo', '--detach')).stdout
    assert said.count('volumes are folders') == 1
    assert query(deployment, 'select 1') == '1'
    instance = demo(deployment)
    assert deployment.traces.census(instance) == ONE_OF_EACH
    deployment.gone(instance)
    assert deployment.traces.left(instance) == {}


def test_deleted_demo_is_made_anew(deployment: Deployment) -> None:
    detach(deployment)
    first = demo(deployment)
    deployment.gone(first)
    kill(deployment)
    detach(deployment)
    assert demo(deployment) != first
    assert query(deployment, 'select 1') == '1'


def test_signals_end_it_within_a_second_or_so(deployment: Deployment) -> None:
    for number in (signal.SIGINT, signal.SIGTERM):
        deployment.up()
        with lateness.measured() as machine:
            began = time.monotonic()
            assert deployment.end(number) == 0
            took = time.monotonic() - began
        assert took < 1 + 2 * machine.slowness, f'slowness {machine.slowness:.1f}'
        assert 'stopped' in deployment.said()


def test_ctrl_c_names_make_down(deployment: Deployment) -> None:
    deployment.up('--demo')
    until(lambda: 'Ctrl-C' in deployment.said(), PATIENCE, 'all is said')
    assert deployment.end(signal.SIGINT) == 0
    assert 'one database still runs' in deployment.said()
    assert 'make down' in deployment.said()
    assert query(deployment, 'select 1') == '1'


def test_identities_and_environment(deployment: Deployment) -> None:
    deployment.up()
    people = yaml.safe_load((deployment.state / 'identity.yaml').read_text())
    assert [(p['user_name'], p['project_name'], 'admin' in p['roles']) for p in people] == [
        ('admin', 'demo', True),
        ('member', 'demo', False),
    ]
    assert (deployment.state / 'token').read_text().strip() == people[0]['token']
    deployment.end(signal.SIGTERM)
    before = (deployment.state / 'identity.yaml').read_text()
    deployment.port = lasting_port()
    deployment.up()
    assert (deployment.state / 'identity.yaml').read_text() == before
    assert f':{deployment.port}/v1.0/{people[0]["project_id"]}' in (deployment.state / 'openrc').read_text()


def test_openrc_unsets_what_would_be_in_the_way(deployment: Deployment) -> None:
    """Values with newlines and quotes, too; in a strict shell."""
    deployment.up()
    in_the_way = {'OS_CLOUD': 'x', 'OS_PROJECT_NAME': 'a b', 'OS_PASSWORD': 'it is\nhere; "$(false)"'}
    command = ['sh', '-euc', f'. {deployment.state}/openrc; env']
    seen = subprocess.run(command, env=os.environ | in_the_way, capture_output=True, text=True, check=True).stdout
    names = {line.partition('=')[0] for line in seen.splitlines() if line.startswith('OS_')}
    assert names == {'OS_AUTH_TYPE', 'OS_ENDPOINT', 'OS_TOKEN'}
