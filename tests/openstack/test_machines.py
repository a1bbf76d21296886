"""Servers that are machines: they boot, answer where Neutron says, and go through what happens to servers."""

import os
import signal

import pytest
import requests

from tests.openstack.servers import SLOW, Servers, encoded
from tests.servers.openstack import leftovers
from tests.servers.openstack.cloud import Cloud
from tests.waiting import until

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group('openstack')]

PORT = 8000
USER_DATA = """\
#cloud-config
write_files:
- path: /srv/www/word
  content: {word}
runcmd:
- [systemd-run, python3, -m, http.server, '{port}', --directory, /srv/www]
"""


def user_data(word: str) -> str:
    return USER_DATA.format(word=word, port=PORT)


def says(address: str, word: str) -> bool:
    try:
        return requests.get(f'http://{address}:{PORT}/word', timeout=2).text == word
    except (requests.ConnectionError, requests.Timeout):
        return False


def device(volume: str) -> str:
    return f'/dev/disk/by-id/virtio-{volume[:20]}'


def test_the_life_of_a_machine(cloud: Cloud, servers: Servers) -> None:
    assert cloud.boots, 'there is nothing that a machine can boot: run tools/guest-image rootfs'
    volume, port = servers.volume(1), servers.port()
    address = port.fixed_ips[0]['ip_address']
    own = {'ports': [port.id, servers.port('management').id], 'user_data': user_data('one')}
    server = servers.create('guest', volume, **own)
    _boots(cloud, server, address, 'one')
    _is_as_ordered(cloud, server, port, volume)
    _has_its_volume(cloud, servers, server, volume)
    _resizes(cloud, servers, server)
    until(lambda: cloud.inside(server, 'test', '-e', '/srv/www/word').returncode == 0, SLOW, 'the same disk')
    _dies_and_starts(cloud, servers, server)
    servers.compute.rebuild_server(server, image=cloud.image('guest'), user_data=encoded(user_data('two')))
    servers.await_(server, 'ACTIVE')
    _boots(cloud, server, address, 'two')
    assert 'kept' in cloud.inside(server, 'sh', '-c', f'mount {device(volume)} /mnt && cat /mnt/word').stdout
    servers.clear()
    assert not [line for line in leftovers.there(cloud.bed.state) if server in line or volume in line]


def _boots(cloud: Cloud, server: str, address: str, word: str) -> None:
    until(lambda: says(address, word), SLOW, f'{word} from {address}; its console: {cloud.console(server)[-2000:]}')


def _is_as_ordered(cloud: Cloud, server: str, port: object, volume: str) -> None:
    shown = cloud.inside(server, 'ip', '-brief', 'link', 'show', 'eth0').stdout
    assert port.mac_address in shown
    assert cloud.inside(server, 'hostname').stdout.strip() == 'bed'
    with open(f'/proc/{cloud.leader(server)}/cgroup') as text:
        assert any(server in line for line in text), 'its flavor limits it'
    assert 'cloud-init' in cloud.admin.compute.get_server_console_output(server)['output']


def _has_its_volume(cloud: Cloud, servers: Servers, server: str, volume: str) -> None:
    made = cloud.inside(
        server, 'sh', '-ec', f'mkfs.xfs -q {device(volume)}; mount {device(volume)} /mnt; echo kept > /mnt/word'
    )
    assert made.returncode == 0, made.stderr
    servers.cloud.block_storage.extend_volume(volume, 2)
    size = f'blockdev --getsize64 {device(volume)}'
    until(lambda: cloud.inside(server, 'sh', '-c', size).stdout.strip() == str(2 << 30), SLOW, 'the larger device')
    grown = cloud.inside(server, 'sh', '-ec', 'xfs_growfs /mnt >/dev/null; df --output=size -BM /mnt | tail -1')
    assert int(grown.stdout.strip().rstrip('M')) > 1900, grown.stderr


def _resizes(cloud: Cloud, servers: Servers, server: str) -> None:
    servers.compute.resize_server(server, 'medium')
    servers.await_(server, 'VERIFY_RESIZE')
    servers.compute.confirm_server_resize(server)
    servers.await_(server, 'ACTIVE')


def _dies_and_starts(cloud: Cloud, servers: Servers, server: str) -> None:
    os.kill(cloud.leader(server), signal.SIGKILL)
    servers.await_(server, 'SHUTOFF')
    servers.compute.start_server(server)
    servers.await_(server, 'ACTIVE')
    servers.compute.reboot_server(server, 'SOFT')
    servers.await_(server, 'ACTIVE')
    until(lambda: cloud.inside(server, 'true').returncode == 0, SLOW, 'the machine')


def test_a_machine_runs_on_without_nova(cloud: Cloud, servers: Servers) -> None:
    server = servers.create('guest')
    leader = cloud.leader(server)
    cloud.restart('nova')
    assert cloud.leader(server) == leader
    servers.compute.stop_server(server)
    servers.await_(server, 'SHUTOFF')
    assert not os.path.exists(f'/proc/{leader}')


def test_a_floating_address_leads_to_it(cloud: Cloud, servers: Servers) -> None:
    """Also one that comes, goes and moves while the machine runs."""
    network = servers.cloud.network
    first, second = servers.port(), servers.port()
    floating = network.create_ip(floating_network_id=cloud.network('external')['id'], port_id=first.id)
    address = floating.floating_ip_address
    try:
        servers.create('guest', ports=[first.id], user_data=user_data('first'))
        servers.create('guest', ports=[second.id], user_data=user_data('second'))
        until(lambda: says(address, 'first'), SLOW, 'an answer from the floating address')
        network.update_ip(floating, port_id=second.id)
        until(lambda: says(address, 'second'), SLOW, 'an answer from the other machine')
        network.update_ip(floating, port_id=None)
        assert not says(address, 'second')
    finally:
        network.delete_ip(floating)
