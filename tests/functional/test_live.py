"""One running deployment of each kind: real clients, what an instance is, kills of its agent and its server."""

import json
import os
import pathlib
import signal
import subprocess
from collections.abc import Iterator
from contextlib import closing

import pytest

from tests.functional.deployment import PATIENCE, Deployment
from tests.functional.kinds import KINDS, running
from tests.functional.machine import processes
from tests.waiting import until

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group('live')]

SDK = """
import json, openstack
database = openstack.connect().database
made = database.create_instance(name='sdk', flavor='1', volume={'size': 1}, datastore={'type': 'mariadb'})
database.wait_for_status(made, 'ACTIVE', ['ERROR'], interval=0.5, wait=120)
print(json.dumps({
    'id': made.id,
    'got': database.get_instance(made.id).name,
    'found': database.find_instance('sdk').id,
    'listed': [instance.id for instance in database.instances()],
    'flavors': [flavor.name for flavor in database.flavors()],
}))
database.delete_instance(made)
database.wait_for_delete(made, interval=0.5, wait=120)
"""


@pytest.fixture(scope='module', params=KINDS)
def deployment(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    with running(request.param, tmp_path_factory.mktemp('live')) as made:
        yield made


@pytest.fixture(scope='module')
def instance(deployment: Deployment) -> str:
    """Runs all the time: database `d`, user `u`."""
    made, operation = deployment.create('kept', password='of-the-kept')
    deployment.reach(operation, 'SUCCEEDED')
    login = deployment.login(made, 'u', 'of-the-kept')
    deployment.sql(login, 'CREATE TABLE d.t (a INT); INSERT INTO d.t VALUES (7)')
    return made


def rows(deployment: Deployment, instance: str) -> str:
    return deployment.sql(deployment.folder / f'{instance}-u.cnf', 'SELECT a FROM d.t')


def answers(deployment: Deployment, instance: str) -> bool:
    command = ['mariadb', f'--defaults-file={deployment.folder}/{instance}-u.cnf', '-e', 'SELECT 1']
    return subprocess.run(command, capture_output=True).returncode == 0


def only(found: list[int]) -> int:
    assert len(found) == 1, found
    return found[0]


def test_openstack_client_and_the_users_password(deployment: Deployment) -> None:
    account = ['--databases', 'shop', '--users', 'seller:pass-of-the-seller']
    kind = ['--datastore', 'mariadb', '--datastore-version', '10.11', '--flavor', '1', '--size', '1']
    said = deployment.openstack('database', 'instance', 'create', 'shop', *kind, *account, '-f', 'json')
    made = json.loads(said)
    (operation,) = json.loads(deployment.flow('list', '--instance', made['id'], '-o', 'json').stdout)
    assert deployment.flow('watch', operation['id']).returncode == 0
    rows_of_all = json.loads(deployment.openstack('database', 'instance', 'list', '-f', 'json'))
    (listed,) = [one for one in rows_of_all if one['ID'] == made['id']]
    assert (listed['Name'], listed['Status'], listed['Datastore']) == ('shop', 'ACTIVE', 'mariadb')

    login = deployment.login(made['id'], 'seller', 'pass-of-the-seller')
    assert deployment.sql(login, 'SELECT CURRENT_USER()') == 'seller@%'
    assert deployment.sql(login, 'CREATE TABLE shop.t (a INT); SHOW TABLES FROM shop') == 't'
    wrong = deployment.login(made['id'], 'seller', 'another')
    deployment.sql(wrong, 'SELECT 1', code=1)

    deployment.openstack('database', 'instance', 'delete', 'shop')
    until(lambda: deployment.traces.left(made['id']) == {}, PATIENCE, 'nothing is left')


def test_openstacksdk(deployment: Deployment) -> None:
    said = deployment.client('python', '-c', SDK).stdout
    seen = json.loads(said)
    assert (seen['got'], seen['found']) == ('sdk', seen['id'])
    assert seen['id'] in seen['listed']
    assert len(seen['flavors']) == 5
    assert deployment.traces.left(seen['id']) == {}


@pytest.mark.parametrize('events', [2, 8, 16])
def test_deleted_while_it_is_created(deployment: Deployment, events: int) -> None:
    made, operation = deployment.create('unwanted')
    until(lambda: deployment.book.events(operation) >= events, PATIENCE, 'it is under way')
    deployment.gone(made)
    assert deployment.book.state(operation) in ('SUPERSEDED', 'CANCELLED', 'SUCCEEDED')
    assert deployment.traces.left(made) == {}
    assert deployment.book.rows('SELECT 1 FROM quota_reservations WHERE resource_id = ?', made) == []


def test_what_an_instance_is(deployment: Deployment, instance: str) -> None:
    """One agent and one server, each with the absolute state directory in its command line."""
    assert deployment.traces.census(instance) == deployment.traces.once
    others = processes(str(deployment.state)).keys() - deployment.own()
    named = [pid for pid, line in processes('mariadbd').items() if pid in others]
    assert named == deployment.traces.servers(instance)
    assert deployment.instance(instance)['addresses'][0]['address'] in deployment.traces.address_files(instance)


def test_smallest_flavor_is_first_and_three_fit(deployment: Deployment) -> None:
    sizes = [flavor['ram'] for flavor in deployment.call('GET', '/flavors').json()['flavors']]
    assert sizes[0] == min(sizes)
    assert 3 * sizes[0] <= 2048


def test_killed_agent_comes_back(deployment: Deployment, instance: str) -> None:
    agent, server = only(deployment.traces.agents(instance)), only(deployment.traces.servers(instance))
    os.kill(agent, signal.SIGKILL)
    until(lambda: set(deployment.traces.agents(instance)) - {agent}, PATIENCE, 'a new agent')
    assert deployment.traces.servers(instance) == [server]
    assert rows(deployment, instance) == '7'


def test_killed_server_comes_back(deployment: Deployment, instance: str) -> None:
    agent, server = only(deployment.traces.agents(instance)), only(deployment.traces.servers(instance))
    os.kill(server, signal.SIGKILL)
    until(lambda: answers(deployment, instance), PATIENCE, 'the database answers')
    assert only(deployment.traces.servers(instance)) != server
    assert deployment.traces.agents(instance) == [agent]
    assert rows(deployment, instance) == '7'


def test_killed_agent_and_server_come_back(deployment: Deployment, instance: str) -> None:
    dead = [only(deployment.traces.agents(instance)), only(deployment.traces.servers(instance))]
    for pid in dead:
        os.kill(pid, signal.SIGKILL)
    until(lambda: answers(deployment, instance), PATIENCE, 'the database answers')
    alive = [only(deployment.traces.agents(instance)), only(deployment.traces.servers(instance))]
    assert not set(alive) & set(dead)
    assert rows(deployment, instance) == '7'


def test_killed_up_frees_the_port_and_readopts(deployment: Deployment, instance: str) -> None:
    before = deployment.traces.agents(instance), deployment.traces.servers(instance)
    deployment.end(signal.SIGKILL)
    assert rows(deployment, instance) == '7'
    deployment.up()  # on the same port
    assert (deployment.traces.agents(instance), deployment.traces.servers(instance)) == before
    until(lambda: deployment.instance(instance)['status'] == 'ACTIVE', PATIENCE, 'ACTIVE')
    assert deployment.instance(instance)['operating_status'] == 'HEALTHY'


def test_two_deployments_side_by_side(
    deployment: Deployment, instance: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """They share out the machine's addresses, and end one without the other."""
    other = Deployment(tmp_path_factory.mktemp('other'))
    other.traces.addresses = deployment.traces.addresses
    other.configure()
    try:
        other.up()
        second, operation = other.create('second', password='of-the-second')
        other.reach(operation, 'SUCCEEDED')
        addresses = deployment.traces.address_files() + other.traces.address_files()
        assert len(set(addresses)) == len(addresses) == 2
        assert other.sql(other.login(second, 'u', 'of-the-second'), 'SELECT COUNT(*) FROM d.t', code=1) == ''
        assert [one['id'] for one in other.call('GET', '/instances').json()['instances']] == [second]
    finally:
        other.close()
    assert other.traces.running() == {}
    assert deployment.ready()
    assert rows(deployment, instance) == '7'


def test_down_when_up_is_dead_and_up_again(deployment: Deployment, instance: str) -> None:
    """Everything stops and is unmounted; the next start has the data on the same address."""
    address = deployment.traces.address_files(instance)
    deployment.end(signal.SIGKILL)
    said = deployment.down().stdout
    assert '1 instance' in said
    assert deployment.traces.running() == {}
    assert deployment.traces.volumes(instance)
    deployment.up()
    until(lambda: answers(deployment, instance), PATIENCE, 'the database answers')
    assert rows(deployment, instance) == '7'
    assert deployment.traces.address_files(instance) == address
    assert deployment.traces.census(instance) == deployment.traces.once


def test_nothing_is_left_after_the_delete(deployment: Deployment, instance: str) -> None:
    deployment.gone(instance)
    assert deployment.traces.left(instance) == {}
    assert deployment.traces.address_files() == []


def test_delete_of_an_instance_whose_agent_is_dead(deployment: Deployment) -> None:
    """Nobody revives it before: what an agent removes at its end, the delete removes."""
    deployment.end()
    deployment.configure(conductor={'reconcile_interval': 600})
    deployment.up()
    instance, operation = deployment.create('dead')
    deployment.reach(operation, 'SUCCEEDED')
    os.kill(only(deployment.traces.agents(instance)), signal.SIGKILL)
    deployment.gone(instance)
    assert deployment.traces.left(instance) == {}


@pytest.mark.parametrize(
    'moment',
    [
        pytest.param('--datadir={state}/templates/', id='making a template'),
        pytest.param(
            '{state}/probe', id='trying to mount', marks=pytest.mark.skipif(os.geteuid() != 0, reason='root mounts')
        ),
    ],
)
def test_down_after_a_start_that_was_killed(tmp_path: pathlib.Path, moment: str) -> None:
    """It ends what the start was at, too."""
    with closing(Deployment(tmp_path)) as young:
        sign = moment.format(state=young.state)
        young.start()
        until(lambda: young.ready() or processes(sign) or mounted(sign), PATIENCE, sign)
        young.end()
        young.down()
        assert young.traces.running() == {}
        assert not (young.state / 'probe').exists()


def mounted(path: str) -> bool:
    return path in pathlib.Path('/proc/self/mounts').read_text()
