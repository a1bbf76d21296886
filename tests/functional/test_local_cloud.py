"""The local cloud with real processes, addresses and volumes; the agent is a stand-in with the same lock and pids."""

import json
import os
import signal
import socket
import subprocess
import sys
import uuid

import pytest

from dbaas.cloud.local import places
from dbaas.cloud.local.agents import strays
from dbaas.cloud.local.cloud import LocalCloud
from dbaas.cloud.protocol import Owner
from dbaas.exceptions import CloudError
from guestagent.contract import processes
from tests.cloud_contract import PORT, CloudContract, Making
from tests.cloud_contract_changes import ChangesContract
from tests.cloud_contract_objects import ObjectsContract
from tests.waiting import until

FAKE_AGENT = (sys.executable, os.path.join(os.path.dirname(__file__), '..', 'servers', 'fake_agent.py'))
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason='only root may mount')


@pytest.fixture
def make_cloud(tmp_path):
    """A control plane on the same state directory, each time another."""

    def make(**options):
        settled = places.settle(str(tmp_path / 'state'), str(tmp_path / 'run'))
        given = {'address_dir': str(tmp_path / 'addresses'), 'agent_command': FAKE_AGENT}
        return LocalCloud(settled, **given | options)

    yield make
    make().down()


@pytest.fixture
def cloud(make_cloud):
    return make_cloud()


@pytest.fixture
def owner():
    return Owner(instance=str(uuid.uuid4()), operation=str(uuid.uuid4()), project='demo')


@pytest.fixture
def record(tmp_path, owner):
    """The path of a file in the instance's record."""
    return lambda *rest: str(tmp_path.joinpath('state', 'instances', owner.instance, *rest))


class TestContract(CloudContract):
    """The contract of every cloud, on this one."""


@needs_root
class TestChanges(ChangesContract):
    """Snapshots need volumes that can be held still: images, not folders."""


class TestObjects(ObjectsContract):
    pass


def start(cloud, owner, record):
    """A server of which agent and database run -> their pids."""
    Making().make_all(cloud, owner)
    until(lambda: processes.running(record('server.pid')), what='the database runs')
    return pid_of(record('agent.pid')), pid_of(record('server.pid'))


def pid_of(path):
    with open(path) as text:
        return json.load(text)['pid']


def kill(path):
    """kill -9 of the process of that pid file; returns when it is gone."""
    fd = processes.pidfd_of(path)
    signal.pidfd_send_signal(fd, signal.SIGKILL)
    assert processes.gone(fd, 5)
    os.close(fd)


def address_of(cloud, owner):
    return next(iter(cloud.snapshot()['addresses']))


def test_processes_outlive_the_control_plane(make_cloud, owner, record):
    before = start(make_cloud(), owner, record)
    again = make_cloud()
    assert again.recover() == []
    assert again.server(owner, 'server').status == 'ACTIVE'
    assert (pid_of(record('agent.pid')), pid_of(record('server.pid'))) == before


def test_dead_agent_is_started_anew_and_its_database_kept(cloud, owner, record):
    _, database = start(cloud, owner, record)
    assert cloud.tend() == []
    kill(record('agent.pid'))
    assert [owner.instance in line for line in cloud.tend()] == [True]
    until(lambda: processes.running(record('agent.pid')), what='the new agent')
    assert pid_of(record('server.pid')) == database
    assert len(cloud.snapshot()['databases']) == 1


def test_two_that_start_the_same_agent(make_cloud, owner, record):
    """Two control planes after one another, faster than the agent takes its lock: one agent stays."""
    start(make_cloud(), owner, record)
    kill(record('agent.pid'))
    clouds = [make_cloud() for _ in range(4)]
    for cloud in clouds:
        cloud.tend()
    until(lambda: processes.running(record('agent.pid')), what='the new agent')
    until(lambda: len(strays(record('agent.json'))) == 1, what='one agent only')


def test_agent_that_cannot_start_is_an_error_with_its_last_words(make_cloud, owner):
    cloud = make_cloud(agent_command=[sys.executable, '-c', 'raise SystemExit("no such module")'])
    Making().make_all(cloud, owner)
    server = until(lambda: (s := cloud.server(owner, 'server')).status == 'ERROR' and s, what='ERROR')
    assert 'no such module' in server.fault


def test_down_keeps_data_and_address(make_cloud, owner, record):
    cloud = make_cloud()
    start(cloud, owner, record)
    seen = cloud.snapshot()
    assert cloud.down() == [owner.instance]
    left = cloud.snapshot()
    assert (left['agents'], left['databases'], left['mounts'], left['runtime']) == ([], [], [], [])
    assert left['resources'] == seen['resources']
    assert left['addresses'] == seen['addresses']
    assert make_cloud().recover() == [owner.instance]
    until(lambda: processes.running(record('server.pid')), what='the database runs again')


def test_same_address_after_a_reboot(make_cloud, owner, record, tmp_path):
    cloud = make_cloud()
    start(cloud, owner, record)
    address = address_of(cloud, owner)
    cloud.down()
    for folder in ('addresses', 'run'):  # both lie on a tmpfs
        places.remove_tree(str(tmp_path / folder))
    again = make_cloud()
    assert again.recover() == [owner.instance]
    assert address_of(again, owner) == address
    until(lambda: processes.running(record('server.pid')), what='the database runs again')


def test_stranger_on_an_address_is_named(make_cloud, owner, record):
    cloud = make_cloud()
    start(cloud, owner, record)
    address = address_of(cloud, owner)
    cloud.down()
    with (
        socket.create_server((address, PORT)),
        pytest.raises(CloudError, match=rf'something else listens on {address}:{PORT}'),
    ):
        make_cloud().recover()
    assert make_cloud().recover() == [owner.instance]


def test_address_with_a_stranger_is_not_taken(cloud, owner):
    address = cloud.create_port(owner, 'port', PORT).address
    cloud.delete_port(owner, 'port')
    with socket.create_server((address, PORT)):
        assert cloud.create_port(owner, 'port', PORT).address != address
    cloud.forget(owner.instance)


def test_listener_on_all_addresses_is_named(cloud, owner):
    with socket.create_server(('0.0.0.0', 0)) as stranger:
        port = stranger.getsockname()[1]
        with pytest.raises(CloudError, match=f'something else listens on port {port} of all'):
            cloud.create_port(owner, 'port', port)


def test_server_killed_between_its_effects_is_removed_whole(make_cloud, owner, record):
    """What was started and never written down: an agent without its pid file, a database without its own."""
    cloud = make_cloud()
    before = cloud.snapshot()
    start(cloud, owner, record)
    for name in ('agent.pid', 'server.pid'):
        os.unlink(record(name))
    again = make_cloud()
    again.delete_server(owner, 'server')
    again.forget(owner.instance)
    assert again.snapshot() == before


def test_half_deleted_server_is_not_started_again(make_cloud, owner, record, monkeypatch):
    cloud = make_cloud()
    start(cloud, owner, record)
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(processes, 'stop_process', interrupt)
        cloud.delete_server(owner, 'server')
    again = make_cloud()
    assert again.recover() == []
    assert again.server(owner, 'server').status == 'DELETED'
    again.delete_server(owner, 'server')
    assert again.server(owner, 'server') is None


def interrupt(*_args, **_options):
    raise KeyboardInterrupt


@needs_root
def test_volume_has_its_size(cloud, owner, record):
    cloud.create_volume(owner, 'volume', 1)
    assert os.stat(record('volume.img')).st_size == 1 << 30
    assert os.stat(record('volume.img')).st_blocks * 512 < 256 << 20  # sparse


@needs_root
def test_mounted_volume_goes_with_its_server(cloud, owner, record):
    before = cloud.snapshot()
    start(cloud, owner, record)
    with open(record('agent.json')) as text:
        volume = json.load(text)['volume']
    mount(volume['image'], volume['mount'])
    assert cloud.snapshot()['mounts'] == [volume['mount']]
    cloud.delete_server(owner, 'server')
    assert cloud.snapshot()['mounts'] == []
    cloud.forget(owner.instance)
    assert cloud.snapshot() == before


def mount(image, point):
    subprocess.run(['mount', '-o', 'loop', image, point], check=True)


@pytest.mark.parametrize('name', ['', '..', '../x', 'a/b', '.hidden'])
def test_names_that_would_leave_the_folder_are_refused(cloud, name):
    with pytest.raises(CloudError, match='is no name'):
        cloud.create_port(Owner(name, 'operation', 'project'), 'port', PORT)


def test_unwritable_state_directory(tmp_path):
    (tmp_path / 'state').write_text('a file')
    with pytest.raises(CloudError, match='--state or DBAAS_STATE'):
        places.settle(str(tmp_path / 'state'), str(tmp_path / 'run'))


def test_unwritable_address_directory(make_cloud, owner, tmp_path):
    (tmp_path / 'file').write_text('')
    cloud = make_cloud(address_dir=str(tmp_path / 'file' / 'addresses'))
    with pytest.raises(CloudError, match='address_dir'):
        cloud.create_port(owner, 'port', PORT)


def test_runtime_folder_of_another_user_is_refused(tmp_path):
    run = tmp_path / 'run'
    run.mkdir()
    tag = places.settle(str(tmp_path / 'state'), str(run)).tag
    places.remove_tree(str(run / tag))
    (run / 'elsewhere').mkdir()
    (run / tag).symlink_to(run / 'elsewhere')
    (tmp_path / 'state' / 'runtime').unlink()
    with pytest.raises(CloudError, match='belongs to somebody else'):
        places.settle(str(tmp_path / 'state'), str(run))


@pytest.mark.parametrize('text', ['', '[]', '{a: 1}', '- {id: 1}', '- [', '- {id: 1, name: a, ram: x, y: 2}'])
def test_flavors_file_that_is_none(make_cloud, tmp_path, text):
    (tmp_path / 'flavors.yaml').write_text(text)
    with pytest.raises(CloudError, match=r'flavors\.yaml'):
        make_cloud(flavors_file=str(tmp_path / 'flavors.yaml'))


def test_flavors_from_a_file(make_cloud, tmp_path):
    (tmp_path / 'flavors.yaml').write_text('- {id: 7, name: b, ram: 2, vcpus: 1}\n- {id: 8, name: a, ram: 1, vcpus: 1}')
    assert [f.id for f in make_cloud(flavors_file=str(tmp_path / 'flavors.yaml')).flavors()] == ['8', '7']


def test_full_address_network_says_so(make_cloud):
    cloud = make_cloud(network='127.99.0.0/30')
    owners = [Owner(str(uuid.uuid4()), 'operation', 'project') for _ in range(4)]
    with pytest.raises(CloudError, match='every address'):
        for owner in owners:
            cloud.create_port(owner, 'port', PORT)
    cloud.delete_port(owners[0], 'port')
    assert cloud.create_port(owners[3], 'port', PORT)
