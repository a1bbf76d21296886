"""Servers and volumes as Nova and Cinder tell them, with what they do not tell at once."""

import base64
import dataclasses
import email
import json
import uuid

import pytest
import yaml

from dbaas.cloud.openstack import names
from dbaas.cloud.protocol import Nic
from dbaas.exceptions import CloudError
from tests.cloud_contract import PORT, Making
from tests.servers.openstack.rendering import PASSWORD

pytestmark = pytest.mark.xdist_group('openstack')


@pytest.fixture
def making(hollow):
    made = Making()
    made.image, made.patience, made.pace = hollow, 60, 0.2
    return made


@pytest.fixture
def server(driver, holder, making):
    """The id of one that runs."""
    made = making.make_all(driver, holder)
    making.until_server(driver, made.id, 'ACTIVE')
    return made.id


def test_all_that_is_made_says_whose_it_is(driver, holder, server):
    wanted = names.marks(holder, 'server')
    row = driver.services.compute.find(f'/servers/{server}', 'server', version='2.52')
    assert row['metadata'] == wanted and set(row['tags']) == {f'{k}={v}' for k, v in wanted.items()}
    volume = row['os-extended-volumes:volumes_attached'][0]['id']
    found = driver.services.volume.find(f'/volumes/{volume}', 'volume')
    assert found['metadata'] == names.marks(holder, 'volume')
    for path, key in (('ports', 'ports'), ('security-groups', 'security_groups'), ('floatingips', 'floatingips')):
        rows = driver.services.network.list(f'/{path}', key, tags=names.instance_tag(holder.instance))
        assert rows and all(f'dbaas:operation={holder.operation}' in row['tags'] for row in rows)


def test_one_in_error_is_told_and_replaced(driver, holder, making):
    machine = making.make_parts(driver, holder)
    with pytest.raises(CloudError, match=r'^Nova: POST /servers \(dbaas-.*\): 400'):
        driver.create_server(holder, 'server', dataclasses.replace(machine, image=str(uuid.uuid4())))
    first = driver.create_server(holder, 'server', machine)
    making.until_server(driver, first.id, 'ACTIVE')
    driver.services.compute.post(f'/servers/{first.id}/action', {'os-resetState': {'state': 'error'}})
    seen = driver.server(holder, 'server')
    assert (seen.status, bool(seen.fault)) == ('ERROR', True)
    second = driver.create_server(holder, 'server', machine)
    assert second.id != first.id and driver.server_by_id(first.id) is None
    making.until_server(driver, second.id, 'ACTIVE')


def test_one_that_somebody_deleted_and_the_cloud_keeps(driver, holder, making):
    """It is gone for whoever looks, and there for whoever needs its volume or makes another."""
    machine = making.make_parts(driver, holder)
    first = driver.create_server(holder, 'server', machine)
    making.until_server(driver, first.id, 'ACTIVE')
    put_away(driver, making, first.id)
    assert driver.server(holder, 'server') is None is driver.server_by_id(first.id)
    with pytest.raises(CloudError, match='may have been removed by somebody else'):
        driver.start_server(first.id)
    assert [(r.id, r.put_away) for r in driver.resources(holder.instance, ['server'])] == [(first.id, True)]
    second = driver.create_server(holder, 'server', machine)
    assert second.id != first.id and driver.services.compute.find(f'/servers/{first.id}', 'server') is None
    making.until_server(driver, second.id, 'ACTIVE')
    assert not any(r.put_away for r in driver.resources(holder.instance))
    put_away(driver, making, second.id)
    driver.delete_server(holder, 'server')
    making.until(lambda: not driver.resources(holder.instance, ['server']), 'the second is gone, too')
    driver.delete_volume(holder, 'volume')


def put_away(driver, making, server):
    driver.services.compute.delete(f'/servers/{server}')
    making.until(lambda: state_of(driver, server) == ('SOFT_DELETED', None), 'it is put away')


def state_of(driver, server):
    row = driver.services.compute.find(f'/servers/{server}', 'server')
    return row['status'], row['OS-EXT-STS:task_state']


def test_why_a_server_cannot_be(driver, openstack_cloud, holder, making):
    admin = openstack_cloud.admin
    giant = admin.compute.create_flavor(name=f'giant-{holder.instance}', ram=2**30, vcpus=1, disk=1)
    machine = making.make_parts(driver, holder)
    flavor = next(f for f in driver.flavors() if f.id == giant.id)
    made = driver.create_server(holder, 'server', dataclasses.replace(machine, flavor=flavor))
    seen = making.until(lambda: (s := driver.server_by_id(made.id)).status == 'ERROR' and s, 'it is in ERROR')
    assert seen.fault.startswith('No valid host was found')
    admin.compute.delete_flavor(giant)
    assert driver.create_server(holder, 'server', machine).id != made.id


def test_a_volume_in_error_is_replaced(driver, holder, making):
    first = driver.create_volume(holder, 'volume', 1)
    making.until_volume(driver, first.id, 'AVAILABLE')
    driver.services.volume.post(f'/volumes/{first.id}/action', {'os-reset_status': {'status': 'error'}})
    assert driver.volume(first.id).status == 'ERROR'
    assert driver.create_volume(holder, 'volume', 1).id != first.id
    assert driver.volume(first.id) is None


def test_each_of_several_of_one_name_goes(driver, openstack_cloud, holder):
    """Two conductors that look before either has made leave two."""
    driver.create_port(holder, 'port', PORT)
    facts = {'network_id': openstack_cloud.network('tenant')['id'], 'name': names.name_of(holder, 'port')}
    driver.services.network.post('/ports', {'port': {**facts, 'description': names.instance_tag(holder.instance)}})
    assert driver.create_port(holder, 'port', PORT) == driver.create_port(holder, 'port', PORT), 'everybody takes one'
    assert len(driver.resources(holder.instance)) == 2
    driver.delete_port(holder, 'port')
    assert driver.resources(holder.instance) == []


def test_the_volume_of_a_server_is_not_removed(driver, holder, server):
    with pytest.raises(CloudError, match=f'^Cinder: volume .* is in use by server {server}; remove that first'):
        driver.delete_volume(holder, 'volume')


def test_a_change_right_after_another_waits_for_its_turn(driver, making, server):
    """Nobody looked in between: Nova says 409 while it is busy."""
    driver.reboot_server(server)
    driver.stop_server(server)
    making.until_server(driver, server, 'SHUTOFF')
    driver.start_server(server)
    driver.reboot_server(server, hard=True)
    making.until_server(driver, server, 'ACTIVE')


def test_an_address_that_was_asked_for(driver, openstack_cloud, holder):
    there = openstack_cloud.network('tenant')
    address = driver.create_port(holder, 'port-1', PORT).address  # one that is free
    driver.delete_port(holder, 'port-1')
    made = driver.create_port(holder, 'port', PORT, Nic(there['id'], there['subnet'], address))
    assert (made.address, made.network) == (address, there['id'])
    assert driver.port(made.id) == made
    with pytest.raises(CloudError, match=f'^Neutron: POST /ports .* 409 .*{address}'):
        driver.create_port(holder, 'port-2', PORT, Nic(there['id'], address=address))


def test_a_floating_address_follows_the_port(driver, holder):
    first, second = (driver.create_port(holder, name, PORT) for name in ('port', 'port-2'))
    made = driver.create_floating_ip(holder, 'floating-ip', first)
    assert driver.create_floating_ip(holder, 'floating-ip', second) == made
    row = driver.services.network.find(f'/floatingips/{made.id}', 'floatingip')
    assert row['port_id'] == second.id


def test_the_agent_is_told_what_it_runs_on_and_nothing_else(driver, holder, making, server):
    row = driver.services.compute.find(f'/servers/{server}', 'server')
    told, text = told_to(row)
    volume = row['os-extended-volumes:volumes_attached'][0]['id']
    port = next(r for r in driver.resources(holder.instance) if r.name == 'port')
    assert told['volume'] == {'id': volume, 'size': 1}
    assert told['address'] == driver.port(port.id).address
    assert told['flavor'] == driver.flavors()[0].to_dict()
    assert told['instance'] == holder.instance
    assert PASSWORD not in text and 'auth_url' not in text
    driver.rebuild_server(server, making.image, {'instance': holder.instance, 'key': 'new'})
    making.until_server(driver, server, 'ACTIVE')
    again, _ = told_to(driver.services.compute.find(f'/servers/{server}', 'server'))
    assert again == {**told, 'key': 'new'}


def told_to(row):
    """(the agent's facts, all of the user data)"""
    text = base64.b64decode(row['OS-EXT-SRV-ATTR:user_data']).decode()
    part = email.message_from_string(text).get_payload()[0]
    assert part.get_content_type() == 'text/cloud-config'
    (entry,) = yaml.safe_load(part.get_payload(decode=True))['write_files']
    assert (entry['path'], entry['permissions'], entry['owner']) == ('/etc/dbaas/agent.json', '0600', 'root:root')
    return json.loads(entry['content']), text
