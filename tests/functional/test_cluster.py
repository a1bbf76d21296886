"""`dbaas cluster up` and `down` as their users meet them: real servers, two conductors, a real MariaDB as instance."""

import contextlib
import json
import os
import pathlib
import signal
import socket
import stat
import subprocess
import time
from collections.abc import Iterator

import pytest

from tests.checked import checked
from tests.functional import lateness
from tests.functional.cluster import CONDUCTORS, MEMBERS, Cluster
from tests.functional.deployment import PATIENCE, Deployment
from tests.waiting import until

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group('cluster')]

SECRET_FILES = (
    'openrc',
    'clouds.yaml',
    'token',
    'identity.yaml',
    'demo.cnf',
    'keys.yaml',
    *(f'conf/{n}.conf' for n in MEMBERS[3:]),
)


@pytest.fixture(scope='module')
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    made = Cluster(tmp_path_factory.mktemp('cluster'))
    try:
        made.up('--demo')
        query(made, 'create table t (a int); insert into t values (7)')
        yield made
    finally:
        made.close()


def query(cluster: Cluster, statement: str) -> str:
    return cluster.sql(cluster.state / 'demo.cnf', statement)


def answers(cluster: Cluster) -> bool:
    try:
        return query(cluster, 'select 1') == '1'
    except AssertionError:
        return False


def demo(cluster: Cluster) -> str:
    """Its id; there is one only."""
    (instance,) = [one for one in cluster.call('GET', '/instances').json()['instances'] if one['name'] == 'demo']
    return instance['id']


def at_work(cluster: Cluster, operation: str) -> list[str]:
    """The conductors of its running steps."""
    shown = json.loads(cluster.flow('show', operation, '-o', 'json').stdout)
    return [step['conductor'] for step in shown['steps'] if step['state'] == 'RUNNING']


def works(cluster: Cluster) -> None:
    """Something is created and deleted."""
    made, operation = cluster.create('probe')
    cluster.reach(operation, 'SUCCEEDED')
    cluster.gone(made)
    assert cluster.traces.left(made) == {}


def test_all_is_ready_when_the_command_returns(cluster: Cluster) -> None:
    assert f'mariadb --defaults-file={cluster.state}/demo.cnf' in cluster.said()
    assert cluster.ready()
    assert all(cluster.lives(name) for name in MEMBERS)
    assert query(cluster, 'select a from t') == '7'
    (listed,) = json.loads(cluster.openstack('database', 'instance', 'list', '-f', 'json'))
    assert (listed['Name'], listed['Status']) == ('demo', 'ACTIVE')
    instance = demo(cluster)
    assert cluster.traces.agents(instance) == [cluster.pid(f'agent-{instance}')]
    assert cluster.traces.census(instance) == cluster.traces.once
    for name in SECRET_FILES:
        assert stat.S_IMODE(os.stat(cluster.state / name).st_mode) == 0o600, name


def test_create_and_delete_by_the_real_client(cluster: Cluster) -> None:
    account = ['--databases', 'shop', '--users', 'seller:pass-of-the-seller']
    kind = ['--datastore', 'mariadb', '--datastore-version', '10.11', '--flavor', '1', '--size', '1']
    said = cluster.openstack('database', 'instance', 'create', 'shop', *kind, *account, '-f', 'json')
    made = json.loads(said)['id']
    (operation,) = json.loads(cluster.flow('list', '--instance', made, '-o', 'json').stdout)
    assert cluster.flow('watch', operation['id']).returncode == 0
    assert cluster.sql(cluster.login(made, 'seller', 'pass-of-the-seller'), 'SELECT CURRENT_USER()') == 'seller@%'
    shown = json.loads(cluster.flow('show', operation['id'], '-o', 'json').stdout)
    assert {step['conductor'] for step in shown['steps']} <= set(CONDUCTORS)
    cluster.openstack('database', 'instance', 'delete', 'shop')
    until(lambda: cluster.traces.left(made) == {}, PATIENCE, 'nothing is left')


def test_a_running_step_names_its_conductor(cluster: Cluster) -> None:
    """Its agent is frozen: the step that ends it has to be patient."""
    made, operation = cluster.create('frozen')
    cluster.reach(operation, 'SUCCEEDED')
    os.kill(cluster.pid(f'agent-{made}'), signal.SIGSTOP)
    deleting = cluster.delete(made)

    (name,) = until(lambda: at_work(cluster, deleting), PATIENCE, 'a running step')
    assert name in CONDUCTORS
    cluster.reach(deleting, 'SUCCEEDED')
    assert cluster.traces.left(made) == {}


def test_a_second_up_changes_nothing(cluster: Cluster) -> None:
    before = cluster.pids(), demo(cluster), cluster.traces.agents(demo(cluster))
    cluster.up('--demo')
    assert (cluster.pids(), demo(cluster), cluster.traces.agents(demo(cluster))) == before


@pytest.mark.parametrize('name', MEMBERS)
def test_up_starts_what_was_killed(cluster: Cluster, name: str) -> None:
    before, instance = cluster.pids(), demo(cluster)
    cluster.kill(name)
    assert query(cluster, 'select a from t') == '7'
    cluster.up('--demo')
    after = cluster.pids()
    assert [one for one in MEMBERS if before[one] != after[one]] == [name]
    assert cluster.lives(name)
    assert demo(cluster) == instance
    works(cluster)


def test_check_asks_the_api(cluster: Cluster) -> None:
    state, config = str(cluster.state), str(cluster.state / 'conf' / 'api.conf')
    (finding,) = checked(state, config)['API']
    assert finding['result'] == 'ok' and f':{cluster.port} ' in finding['what']
    cluster.kill('api')
    (finding,) = checked(state, str(cluster.config), code=1)['API']
    assert finding['result'] == 'FAILED' and f'dbaas cluster up --state {state}' in finding['remedy']
    cluster.up('--demo')


def test_a_killed_agent_comes_back_by_itself(cluster: Cluster) -> None:
    instance = demo(cluster)
    agent = cluster.pid(f'agent-{instance}')
    os.kill(agent, signal.SIGKILL)
    until(lambda: set(cluster.traces.agents(instance)) - {agent}, PATIENCE, 'a new agent')
    until(lambda: cluster.traces.agents(instance) == [cluster.pid(f'agent-{instance}')], PATIENCE, 'its pid file')


def ended_within_a_second(program: subprocess.Popen) -> bool:
    """By SIGTERM, with code 0; a second of a machine that is idle, and one for what this machine does besides."""
    with lateness.measured() as machine:
        began = time.monotonic()
        program.send_signal(signal.SIGTERM)
        assert program.wait(PATIENCE) == 0
        took = time.monotonic() - began
    return took < 1 + machine.slowness


@pytest.mark.parametrize('name', MEMBERS[3:])
def test_sigterm_ends_a_program_with_code_0(cluster: Cluster, name: str) -> None:
    cluster.kill(name, signal.SIGTERM)
    program = cluster.program(name)
    assert ended_within_a_second(program)
    cluster.up()
    assert cluster.lives(name)


def test_sigterm_leaves_a_hanging_step_to_the_other_conductor(cluster: Cluster) -> None:
    for name in CONDUCTORS:
        cluster.kill(name, signal.SIGTERM)
    programs = {name: cluster.program(name) for name in CONDUCTORS}
    try:
        made, operation = cluster.create('left')
        cluster.reach(operation, 'SUCCEEDED')
        os.kill(cluster.pid(f'agent-{made}'), signal.SIGSTOP)
        deleting = cluster.delete(made)
        (first,) = until(lambda: at_work(cluster, deleting), PATIENCE, 'a running step')
        assert ended_within_a_second(programs[first])
        cluster.reach(deleting, 'SUCCEEDED')
        assert cluster.traces.left(made) == {}
    finally:
        for program in programs.values():
            program.kill()
            program.wait()
    cluster.up()


def test_the_other_kind_is_refused(cluster: Cluster) -> None:
    embedded = Deployment.arguments(cluster, '--detach')
    assert 'cluster runs' in cluster.run(*embedded, code=1).stderr
    assert cluster.ready()


def test_down_leaves_nothing_and_up_continues(cluster: Cluster) -> None:
    instance = demo(cluster)
    address, before = cluster.traces.address_files(instance), cluster.pids()
    assert '1 instance' in cluster.down().stdout
    assert cluster.traces.running() == {}
    assert not list((cluster.state / 'run').glob('*.pid'))
    assert 'holds an instance of `dbaas cluster up`' in cluster.run(*Deployment.arguments(cluster), code=1).stderr
    ports = ports_of(cluster)
    taken = {'zookeeper', 'rabbitmq', 'epmd', 'dist'}
    with contextlib.ExitStack() as strangers:
        for name in taken:
            strangers.enter_context(socket.create_server(('127.0.0.1', ports[name])))
        cluster.up('--demo')
    again = ports_of(cluster)
    assert {name for name in ports if again[name] != ports[name]} == taken
    assert f'@127.0.0.1:{again["rabbitmq"]}/' in (cluster.traces.record(instance) / 'agent.json').read_text()
    assert not set(cluster.pids().values()) & set(before.values())
    until(lambda: answers(cluster), PATIENCE, 'the demo answers')
    assert query(cluster, 'select a from t') == '7'
    assert cluster.traces.address_files(instance) == address
    works(cluster)


def ports_of(cluster: Cluster) -> dict[str, int]:
    """Also those that only the broker itself has to know."""
    of_the_broker = json.loads((cluster.state / 'rabbitmq' / 'ports.json').read_text())
    known = json.loads((cluster.state / 'ports.json').read_text())
    return known | {name: of_the_broker[name] for name in ('epmd', 'dist')}


def test_a_killed_up_is_continued(tmp_path: pathlib.Path) -> None:
    """Whatever it had started is known to the next one, and to `down`."""
    with contextlib.closing(Cluster(tmp_path)) as young:
        young.start()
        until(lambda: young.lives('sql'), PATIENCE, 'a server runs')
        young.process.kill()
        young.process.wait()
        young.process = None
        young.up()
        assert all(young.lives(name) for name in MEMBERS)
        young.down()
        assert young.traces.running() == {}
