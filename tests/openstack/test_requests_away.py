"""Requests while a service of the cloud is away: they end soon, in words for users; what needs no cloud is answered."""

import concurrent.futures
import logging
from collections.abc import Iterator

import pytest
import requests

from dbaas.cloud.openstack.cloud import OpenStackCloud
from tests.api.house import MEMBER, House, fault
from tests.openstack.cloud_fixtures import options_of
from tests.servers.openstack.cloud import Cloud
from tests.waiting import until

pytestmark = pytest.mark.xdist_group('openstack')

PATIENCE = 1.0
TOKEN = {'X-Auth-Token': MEMBER['token']}


@pytest.fixture
def house(template: str, openstack_cloud: Cloud, tmp_path) -> Iterator[House]:
    options = options_of(openstack_cloud, floating_network=None)
    made = House(template, str(tmp_path), cloud=OpenStackCloud(options, patience=PATIENCE))
    until(lambda: made.call('GET', '/flavors').status_code == 200, 60, 'flavors')
    yield made
    openstack_cloud.faults.clear()
    made.db.close()


def test_a_service_that_hangs_keeps_half_of_the_threads_for_a_moment(house: House, openstack_cloud: Cloud) -> None:
    count = house.conf.api.threads
    with house.served() as url, concurrent.futures.ThreadPoolExecutor(count) as pool:
        project = f'{url}/v1.0/{MEMBER["project_id"]}'
        with openstack_cloud.faults.rule('latency', 'nova', seconds=10) as rule:
            asked = [pool.submit(requests.get, f'{project}/flavors', headers=TOKEN, timeout=60) for _ in range(count)]
            until(lambda: rule.hits, 30, 'a request asks Nova')
            for address in (f'{url}/healthcheck', f'{project}/instances'):
                assert requests.get(address, headers=TOKEN, timeout=5).status_code == 200
            answers = [one.result() for one in asked]
            assert {answer.status_code for answer in answers} == {503}
            assert max(answer.elapsed.total_seconds() for answer in answers) < 8
        flavors = f'{project}/flavors'
        until(lambda: requests.get(flavors, headers=TOKEN, timeout=30).status_code == 200, 60, 'Nova again')


@pytest.mark.parametrize('service', ['nova', 'neutron'])
def test_users_are_not_told_what_operators_are(house: House, openstack_cloud: Cloud, caplog, service: str) -> None:
    with openstack_cloud.faults.rule('unavailable', service), caplog.at_level(logging.WARNING):
        said = fault(house.call('POST', '/instances', house.request(flavorRef='small')), 503)
    assert said.startswith('The cloud cannot be asked now; try again later. Request req-')
    assert caplog.text.count(f'{service.title()}: GET /') == 1 and not house.posted


def test_no_public_instance_where_there_are_no_such_addresses(house: House) -> None:
    """Without [openstack] floating_network."""
    public = house.request(flavorRef='small', access={'is_public': True})
    said = fault(house.call('POST', '/instances', public), 400)
    assert said == 'The instance cannot be placed so: This cloud has no public addresses: leave out is_public.'
    assert not house.posted and house.get('/instances') == {'instances': []}
    assert house.create(flavorRef='small', access={'is_public': False})
