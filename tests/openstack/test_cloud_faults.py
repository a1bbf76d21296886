"""Trouble between the driver and each service: what was lost is asked again, what was done is not done twice."""

import time

import pytest

from dbaas.cloud.protocol import Nic, Owner, Rule
from dbaas.exceptions import CloudUnavailable
from tests.cloud_contract import PORT, RULES, Making
from tests.openstack.cloud_fixtures import Seen, options_of

pytestmark = pytest.mark.xdist_group('openstack')

MADE = {  # kind -> service, path of its POST, how it is made
    'security-group': (
        'neutron',
        '/security-groups$',
        lambda d, o: d.create_security_group(o, 'security-group', RULES),
    ),
    'rule': ('neutron', '/security-group-rules$', lambda d, o: d.create_security_group(o, 'security-group', RULES)),
    'port': ('neutron', '/ports$', lambda d, o: d.create_port(o, 'port', PORT)),
    'server-group': ('nova', '/os-server-groups$', lambda d, o: d.create_server_group(o, 'server-group', 'affinity')),
    'volume': ('cinder', '/volumes$', lambda d, o: d.create_volume(o, 'volume', 1)),
}
TROUBLES = ['drop-after', 'drop-before', 'error', 'unavailable', 'too-many']


@pytest.fixture
def faults(openstack_cloud):
    return openstack_cloud.faults


@pytest.mark.parametrize('trouble', TROUBLES)
@pytest.mark.parametrize('kind', MADE)
def test_one_is_made_whatever_happens_to_the_call(driver, holder, faults, kind, trouble):
    service, path, make = MADE[kind]
    with faults.rule(trouble, service, method='POST', path=path, times=1) as rule:
        make(driver, holder)
        assert rule.hits == 1
    assert len(driver.resources(holder.instance)) == 1


@pytest.mark.parametrize('trouble', ['drop-after', 'unavailable'])
def test_one_server_whatever_happens_to_the_call(driver, holder, faults, hollow, trouble):
    made = Making()
    made.image, made.patience, made.pace = hollow, 60, 0.2
    with faults.rule(trouble, 'nova', method='POST', path='/servers$', times=1) as rule:
        server = made.make_all(driver, holder)
        assert rule.hits == 1
    made.until_server(driver, server.id, 'ACTIVE')
    assert [r.id for r in driver.resources(holder.instance) if r.kind == 'server'] == [server.id]
    with faults.rule(trouble, 'nova', method='POST', path='/action$', times=1) as rule:
        driver.stop_server(server.id)
        assert rule.hits == 1
    made.until_server(driver, server.id, 'SHUTOFF')
    with faults.rule(trouble, 'nova', method='POST', path='/action$', times=1) as rule:
        driver.delete_server(holder, 'server')
        assert rule.hits == 1
    made.until(lambda: driver.server(holder, 'server') is None, 'the server is gone')


@pytest.mark.parametrize('trouble', TROUBLES)
def test_one_object_whatever_happens_to_the_calls(driver, holder, faults, trouble):
    container, data = f'faults-{holder.instance}', [b'a' * 1500000, b'b' * 1500000]
    for method in ('PUT', 'HEAD', 'GET', 'DELETE'):
        with faults.rule(trouble, 'swift', method=method, times=2):
            driver.objects.put(container, 'a', iter(data), {})
            assert b''.join(driver.objects.get(container, 'a')) == b''.join(data)
            driver.objects.delete(container, 'a')
    assert driver.objects.list(container) == driver.objects.list(f'{container}_segments') == []


def test_what_the_service_asks_for_is_waited(driver, holder, faults):
    begun = time.monotonic()
    with faults.rule('too-many', 'cinder', method='POST', path='/volumes$', times=1, seconds=2):
        driver.create_volume(holder, 'volume', 1)
    assert time.monotonic() - begun >= 2


def test_in_the_end_it_says_what_failed(openstack_cloud, holder, faults):
    impatient = Seen(options_of(openstack_cloud, patience=0.5))
    with faults.rule('unavailable', 'neutron'), pytest.raises(CloudUnavailable) as error:
        impatient.create_port(holder, 'port', PORT, Nic())
    said = str(error.value)
    assert 'Neutron: GET /' in said and '503' in said and 'tried for 0.5 s: resume when it is back' in said


def test_keystone_is_waited_for(openstack_cloud, faults):
    fresh = Seen(options_of(openstack_cloud))
    with faults.rule('unavailable', 'keystone', times=1), faults.rule('drop-before', 'keystone', times=1):
        assert fresh.flavors()


def test_an_answer_that_does_not_come_in_time(openstack_cloud, faults):
    hasty = Seen(options_of(openstack_cloud, call_timeout=1.5))
    assert hasty.flavors()
    with faults.rule('latency', 'nova', times=1, seconds=4) as rule:
        assert hasty.flavors()
        assert rule.hits == 1


def test_rules_are_exact_after_trouble(driver, holder: Owner, faults):
    group = driver.create_security_group(holder, 'security-group', RULES)
    wanted = [Rule(PORT, '192.0.2.0/24'), Rule(PORT, '198.51.100.0/24')]
    with faults.rule('drop-after', 'neutron', method='POST', times=1):
        driver.set_security_rules(group, wanted)
    path, given = '/security-group-rules', {'security_group_id': group, 'direction': 'ingress'}
    rows = driver.services.network.list(path, 'security_group_rules', **given)
    assert sorted(row['remote_ip_prefix'] for row in rows) == ['192.0.2.0/24', '198.51.100.0/24']
