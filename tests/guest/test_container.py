"""What is so only of a server in a container; what is so of every server is tested on both (tests.guest.runtimes)."""

import contextlib
import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from guestagent.contract import states
from guestagent.contract.verifiers import mysql_native
from tests.guest.plane import AgentProcess, Plane
from tests.guest.test_mariadb import PASSWORD, query, user
from tests.guest.test_survival import healthy
from tests.servers.dockerd import IMAGE, Dockerd
from tests.waiting import until

pytestmark = [
    pytest.mark.xdist_group('docker'),
    pytest.mark.parametrize('runtime', ['container'], indirect=True),
    pytest.mark.skipif(os.geteuid() != 0, reason='only root starts a dockerd'),
]


@pytest.fixture
def running(plane: Plane) -> AgentProcess:
    """A database `shop` with the user app, told of by heartbeats."""
    plane.receive()
    agent = plane.agent()
    agent.prepare()
    agent.do('start', server_binary=None, databases=[{'name': 'shop'}], users=[user()])
    until(lambda: healthy(agent), 60, 'HEALTHY')
    return agent


@pytest.fixture
def daemon(dockerd: Dockerd) -> Iterator[Dockerd]:
    """One that a test may stop: it runs again afterwards."""
    yield dockerd
    dockerd.stop()
    dockerd.start()


def name_of(agent: AgentProcess) -> str:
    return f'dbaas-{agent.instance}'


def seen(dockerd: Dockerd, agent: AgentProcess) -> dict[str, Any]:
    """What the daemon knows of an instance's container."""
    with contextlib.closing(dockerd.client()) as client:
        return client.api.inspect_container(name_of(agent))


def test_it_has_the_machines_network_and_of_its_files_only_its_own(running: AgentProcess, dockerd: Dockerd) -> None:
    found = seen(dockerd, running)
    host = found['HostConfig']
    home = os.path.dirname(running.facts['data'])
    assert {mount['Source'] for mount in found['Mounts']} == {home, f'{running.runtime}/s', '/etc/passwd'}
    assert all(mount['Source'] == mount['Destination'] for mount in found['Mounts'])
    assert (host['NetworkMode'], host['CapDrop']) == ('host', ['ALL']) and host['RestartPolicy']['Name'] in ('', 'no')
    assert host['ReadonlyRootfs'] and host['SecurityOpt'] == ['no-new-privileges']
    assert found['Config']['Labels']['dbaas.record'] == running.record
    for secret in (PASSWORD, mysql_native(PASSWORD), running.facts['key']):
        assert secret not in str(found)


def test_the_places_limits_are_the_containers(plane: Plane, dockerd: Dockerd) -> None:
    agent = plane.agent(cgroups=['/sys/fs/cgroup/of/the/place'])
    agent.prepare()
    agent.do('start', server_binary=None)
    host = seen(dockerd, agent)['HostConfig']
    assert (host['Memory'], host['NanoCpus']) == (256 << 20, 10**9)


def test_it_needs_no_daemon_but_to_be_started(running: AgentProcess, daemon: Dockerd) -> None:
    (pid,) = running.server_pids()
    for how in (signal.SIGKILL, signal.SIGTERM):
        daemon.stop(how)
        running.do('start', server_binary=None, databases=[{'name': how.name}])
        assert query(running, 'SELECT 1') == [(1,)]
        daemon.start()
        assert running.server_pids() == [pid] and daemon.containers() == [name_of(running)]
    daemon.stop()
    running.do('stop')
    assert running.server_pids() == []
    error = running.fails('start', server_binary=None)
    assert f'the container daemon does not answer at {daemon.socket}' in error and 'systemctl start docker' in error
    daemon.start()
    assert daemon.containers() == [name_of(running)]
    running.do('wipe')
    assert daemon.containers() == []


def test_what_a_deleted_instance_left_goes_with_the_next_start(
    plane: Plane, running: AgentProcess, dockerd: Dockerd
) -> None:
    """Deleted while its agent was dead, as the local cloud does it: by pid, and then its folders."""
    running.remove()
    shutil.rmtree(running.record)
    assert dockerd.containers() == [name_of(running)]
    agent = plane.agent()
    agent.prepare()
    agent.do('start', server_binary=None)
    assert dockerd.containers() == [name_of(agent)]


def test_a_server_that_dies_with_its_daemon_is_started_when_that_is_back(
    running: AgentProcess, daemon: Dockerd
) -> None:
    plane = running.plane
    daemon.stop()
    os.kill(running.server_pids()[0], signal.SIGKILL)
    until(lambda: 'does not answer' in str(plane.last_beat(running.instance)['details']), 20, 'what is wrong')
    assert plane.last_beat(running.instance)['state'] == states.ERROR
    daemon.start()
    until(lambda: healthy(running), 40, 'HEALTHY')
    assert query(running, 'SELECT 1') == [(1,)] and daemon.containers() == [name_of(running)]


def test_a_container_that_somebody_removes_comes_again(running: AgentProcess, dockerd: Dockerd) -> None:
    running.plane.beats.clear()
    (pid,) = running.server_pids()
    with contextlib.closing(dockerd.client()) as client:
        client.containers.get(name_of(running)).remove(force=True)
    until(lambda: healthy(running) and running.server_pids() not in ([], [pid]), 20, 'another server')
    assert query(running, 'SELECT 1') == [(1,)]


def test_what_a_dead_agent_left_under_its_name_hinders_nobody(agent: AgentProcess, dockerd: Dockerd) -> None:
    agent.prepare()
    with contextlib.closing(dockerd.client()) as client:
        client.containers.create(IMAGE, ['sh'], name=name_of(agent))
    agent.do('start', server_binary=None)
    assert len(agent.server_pids()) == 1
    agent.do('wipe')
    assert dockerd.containers() == [] and not os.path.ismount(agent.runtime)


def test_an_instance_may_change_its_runtime(running: AgentProcess, dockerd: Dockerd) -> None:
    """The same files, the same uid: the next start after a stop decides."""
    query(running, 'CREATE TABLE shop.t (a INT)')
    running.do('stop')
    running.do('start', server_binary=None, runtime=None)
    assert query(running, 'SELECT * FROM shop.t') == [] and dockerd.containers() == []
    running.do('stop')
    running.do('start', server_binary=None, runtime=dockerd.choice())
    assert query(running, 'SELECT * FROM shop.t') == [] and dockerd.containers() == [name_of(running)]


def test_the_next_agent_knows_the_runtime(running: AgentProcess, dockerd: Dockerd) -> None:
    running.do('stop')
    running.kill()
    running.start()
    running.do('start', server_binary=None)
    assert dockerd.containers() == [name_of(running)]
    running.kill()
    os.kill(running.server_pids()[0], signal.SIGKILL)
    running.plane.beats.clear()
    running.start()
    until(lambda: healthy(running), 60, 'HEALTHY')
    assert dockerd.containers() == [name_of(running)]


def test_an_image_that_cannot_run_the_server_is_told(agent: AgentProcess, dockerd: Dockerd, tmp_path: Path) -> None:
    (tmp_path / 'empty.tar').write_bytes(bytes(10240))
    bad = {'image': 'dbaas-test/empty:1', 'archive': str(tmp_path / 'empty.tar')}
    error = agent.fails('prepare', **{**agent.prepare_args(), 'runtime': dockerd.choice(**bad)})
    assert '"/bin/sh": stat /bin/sh: no such file' in error and dockerd.containers() == []
    assert '10.1 is wanted' in agent.fails('prepare', **{**agent.prepare_args(), 'version': '10.1'})
    with contextlib.closing(dockerd.client()) as client:
        client.images.remove(bad['image'])


def test_an_unknown_runtime_is_refused(agent: AgentProcess) -> None:
    wanted = {**agent.prepare_args(), 'runtime': {'kind': 'zone'}}
    assert agent.fails('prepare', **wanted) == "this agent knows no runtime 'zone': it knows process and container"
