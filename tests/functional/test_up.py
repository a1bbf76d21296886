"""`dbaas up --demo` and `dbaas down` as their users meet them: real processes, a real MariaDB."""

import json
import os
import signal
import stat
import subprocess
import time

import yaml

from dbaas.cloud.local import places
from dbaas.cloud.local.cloud import LocalCloud
from tests.servers.deployment import free_port
from tests.waiting import until

SECRET_FILES = ('openrc', 'token', 'identity.yaml', 'demo.cnf', 'demo.json', 'keys.yaml')


def snapshot(deployment):
    return LocalCloud(places.find(str(deployment.state))).snapshot()


def test_first_light(deployment):
    done = deployment.run('up', '--demo', '--detach')
    assert done.returncode == 0, done.stderr
    for pasted in (f'mariadb --defaults-file={deployment.state}/demo.cnf', 'database instance list', 'dbaas-flow list'):
        assert pasted in done.stdout
    assert deployment.healthy()
    assert deployment.query('select current_user(), database()') == 'demo@%\tdemo'
    assert deployment.query('create table t (a int); insert into t values (7); select a from t') == '7'
    assert [o['state'] for o in deployment.flow('list')] == ['SUCCEEDED']
    (listed,) = json.loads(deployment.client('openstack', 'database', 'instance', 'list', '-f', 'json'))
    assert (listed['Name'], listed['Status']) == ('demo', 'ACTIVE')
    for name in SECRET_FILES:
        assert stat.S_IMODE(os.stat(deployment.state / name).st_mode) == 0o600, name
    assert len(deployment.agents()) == len(deployment.databases()) == 1
    again_after_a_kill(deployment)
    again_after_down(deployment)
    nothing_left_after_delete(deployment)


def again_after_a_kill(deployment):
    """Databases and agents go on, and are taken over; no second demo is made."""
    before = deployment.agents(), deployment.databases()
    deployment.kill()
    assert (deployment.agents(), deployment.databases()) == before
    assert deployment.query('select a from t') == '7'
    assert deployment.run('up', '--demo', '--detach').returncode == 0
    assert (deployment.agents(), deployment.databases()) == before
    assert len(deployment.flow('list')) == 1


def again_after_down(deployment):
    """Also of the control plane; the data and the address stay."""
    down = deployment.run('down')
    assert (down.returncode, down.stderr) == (0, '')
    assert '1 instance' in down.stdout
    assert not deployment.healthy()
    left = snapshot(deployment)
    assert (left['agents'], left['databases'], left['mounts'], left['runtime']) == ([], [], [], [])
    (address,) = left['addresses']
    assert deployment.run('down').returncode == 0
    places.remove_tree(places.find(str(deployment.state)).runtime)  # as a reboot does
    assert deployment.run('up', '--demo', '--detach').returncode == 0
    assert deployment.query('select a from t') == '7'
    assert list(snapshot(deployment)['addresses']) == [address]
    assert len(deployment.flow('list')) == 1


def nothing_left_after_delete(deployment):
    deployment.client('openstack', 'database', 'instance', 'delete', 'demo')
    until(lambda: deployment.flow('list')[0]['state'] == 'SUCCEEDED', 60, 'the delete')
    left = snapshot(deployment)
    assert not any(left[kind] for kind in left), left


def test_demo_that_is_held_continues_with_the_mended_option(deployment, tmp_path):
    options = tmp_path / 'dbaas.conf'
    options.write_text('[mariadb]\nserver_binary = /nowhere/mariadbd\n')
    deployment.start('--demo', '--config-file', str(options))
    until(lambda: 'is HELD' in deployment.output, 60, 'HELD')
    (operation,) = deployment.flow('list')
    assert operation['state'] == 'HELD'
    assert 'mariadbd not found at /nowhere/mariadbd' in operation['reason']
    assert f'dbaas-flow resume {operation["id"]}' in deployment.output
    assert not (deployment.state / 'demo.cnf').exists()
    agents = deployment.agents()
    assert deployment.end() == 0
    options.write_text('')
    deployment.start('--demo', '--config-file', str(options))
    until(lambda: 'is HELD' in deployment.output, 60, 'still HELD')
    deployment.client('dbaas-flow', 'resume', operation['id'], '--reason', 'installed', '--yes')
    until((deployment.state / 'demo.cnf').exists, 60, 'demo.cnf')
    assert deployment.query('select 1') == '1'
    assert deployment.agents() == agents
    assert len(deployment.flow('list')) == 1


def test_killed_while_the_demo_is_made(deployment):
    """The next start continues the same demo, with the same password."""
    deployment.start('--demo')
    until((deployment.state / 'demo.json').exists, 30, 'the demo is asked for')
    deployment.kill()
    deployment.up.wait(10)
    password = json.loads((deployment.state / 'demo.json').read_text())['password']
    deployment.start('--demo')
    until((deployment.state / 'demo.cnf').exists, 60, 'demo.cnf')
    assert password in (deployment.state / 'demo.cnf').read_text()
    assert deployment.query('select 1') == '1'
    assert len(deployment.flow('list')) == 1
    assert len(deployment.agents()) == len(deployment.databases()) == 1


def test_signals_end_it_within_a_second_or_so(deployment):
    for number in (signal.SIGINT, signal.SIGTERM):
        deployment.start()
        began = time.monotonic()
        assert deployment.end(number) == 0
        assert time.monotonic() - began < 3  # on a busy machine
        assert 'stopped' in deployment.output


def test_ctrl_c_names_make_down(deployment):
    deployment.start('--demo')
    until((deployment.state / 'demo.cnf').exists, 60, 'demo.cnf')
    until(lambda: 'Ctrl-C' in deployment.output, 30, 'all is said')
    assert deployment.end(signal.SIGINT) == 0
    assert 'one database still runs' in deployment.output
    assert 'make down' in deployment.output
    assert deployment.query('select 1') == '1'


def test_identities_and_environment(deployment):
    deployment.start()
    people = yaml.safe_load((deployment.state / 'identity.yaml').read_text())
    assert [(p['user_name'], p['project_name'], 'admin' in p['roles']) for p in people] == [
        ('admin', 'demo', True),
        ('member', 'demo', False),
    ]
    assert (deployment.state / 'token').read_text().strip() == people[0]['token']
    deployment.end()
    before = (deployment.state / 'identity.yaml').read_text()
    deployment.port = free_port()
    deployment.start()
    assert (deployment.state / 'identity.yaml').read_text() == before
    assert f':{deployment.port}/v1.0/{people[0]["project_id"]}' in (deployment.state / 'openrc').read_text()
    in_the_way = {'OS_CLOUD': 'x', 'OS_PROJECT_NAME': 'a b', 'OS_PASSWORD': 'it is\nhere; "$(false)"'}
    command = f'. {deployment.state}/openrc; env'
    seen = subprocess.run(['sh', '-euc', command], env=os.environ | in_the_way, capture_output=True, text=True)
    names = {line.partition('=')[0] for line in seen.stdout.splitlines() if line.startswith('OS_')}
    assert names == {'OS_AUTH_TYPE', 'OS_ENDPOINT', 'OS_TOKEN'}, seen.stderr
