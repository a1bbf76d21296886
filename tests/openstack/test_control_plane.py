"""The test bed itself: real services that know each other, and a server of theirs through all of its life."""

import pathlib

import pytest

from tests.openstack.servers import Servers
from tests.servers.openstack import leftovers, programs
from tests.servers.openstack.cloud import CLOUDS, Cloud
from tests.waiting import until

pytestmark = pytest.mark.xdist_group('openstack')


def test_every_service_answers(cloud: Cloud) -> None:
    assert cloud.bed.status() == dict.fromkeys(programs.ALL, True)


@pytest.mark.parametrize('name', CLOUDS)
def test_everybody_logs_in(cloud: Cloud, name: str) -> None:
    own = cloud.connect(name)
    project = {'admin': 'admin', 'other': 'other'}.get(name, 'database-service' if name[:5] == 'dbaas' else 'demo')
    assert own.current_project_id == cloud.project(project)
    assert {flavor.name for flavor in own.compute.flavors()} >= {'tiny', 'small', 'medium', 'large'}


def test_public_endpoints_are_the_proxy_s(cloud: Cloud) -> None:
    for interface, prefix in (('public', 'public_'), ('internal', '')):
        found = {endpoint.url.split('/')[2] for endpoint in cloud.admin.identity.endpoints(interface=interface)}
        assert found == {f'127.0.0.1:{cloud.ports[prefix + name]}' for name in programs.SERVERS}


def test_a_server_with_a_volume(cloud: Cloud, servers: Servers) -> None:
    volume = servers.volume(1)
    server = servers.create('hollow', volume)
    assert servers.cloud.block_storage.get_volume(volume).status == 'in-use'
    first = servers.shown(server).compute_host

    servers.compute.resize_server(server, 'medium')
    assert servers.await_(server, 'VERIFY_RESIZE').flavor.name == 'medium'
    servers.compute.revert_server_resize(server)
    assert servers.await_(server, 'ACTIVE').compute_host == first
    servers.compute.resize_server(server, 'medium')
    servers.await_(server, 'VERIFY_RESIZE')
    servers.compute.confirm_server_resize(server)
    assert servers.await_(server, 'ACTIVE').flavor.name == 'medium'

    servers.compute.stop_server(server)
    servers.await_(server, 'SHUTOFF')
    servers.compute.start_server(server)
    servers.await_(server, 'ACTIVE')


def test_a_volume_grows_in_use_and_has_snapshots(servers: Servers) -> None:
    volume = servers.volume(1)
    servers.create('hollow', volume)
    storage = servers.cloud.block_storage
    storage.extend_volume(volume, 2)
    until(lambda: (found := storage.get_volume(volume)).size == 2 and found.status == 'in-use', 60, 'a larger volume')
    snapshot = storage.create_snapshot(volume_id=volume, name='bed', is_forced=True)
    until(lambda: storage.get_snapshot(snapshot).status == 'available', 60, 'a snapshot')
    copy = servers.volume(2, snapshot_id=snapshot.id)
    assert storage.get_volume(copy).snapshot_id == snapshot.id
    storage.delete_volume(copy)
    until(lambda: not [one for one in storage.volumes() if one.id == copy], 60, 'no copy')
    storage.delete_snapshot(snapshot)
    until(lambda: not list(storage.snapshots(name='bed')), 60, 'no snapshot')


def test_objects(cloud: Cloud) -> None:
    store = cloud.connect('dbaas').object_store
    store.create_container('bed')
    content = bytes(range(256)) * 20000  # more than one block of the proxy
    store.upload_object('bed', 'large', data=content)
    assert store.download_object('large', container='bed') == content
    store.delete_object('large', container='bed')
    store.delete_container('bed')


def test_nova_comes_again_and_knows_its_servers(cloud: Cloud, servers: Servers) -> None:
    server = servers.create('hollow')
    cloud.restart('nova')
    servers.compute.stop_server(server)
    servers.await_(server, 'SHUTOFF')


def test_nothing_of_a_server_stays(cloud: Cloud, servers: Servers) -> None:
    volume = servers.volume(1)
    server = servers.create('hollow', volume)
    servers.clear()
    assert not [one for one in servers.compute.servers() if one.id == server]
    assert not (cloud.bed.state / 'machines' / server).exists()
    assert not [path for path in pathlib.Path(cloud.bed.state, 'files/cinder/volumes').iterdir() if volume in path.name]
    assert not [line for line in leftovers.there(cloud.bed.state) if volume in line]
