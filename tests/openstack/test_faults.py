"""The fault proxy does what its rules say, and nothing otherwise."""

import time

import pytest
import requests
from openstack.connection import Connection

from tests.servers.openstack.cloud import Cloud

pytestmark = pytest.mark.xdist_group('openstack')


@pytest.fixture(scope='module')
def token(openstack_cloud: Cloud) -> dict[str, str]:
    return {'X-Auth-Token': openstack_cloud.admin.auth_token}


@pytest.fixture
def flavors(cloud: Cloud) -> str:
    return f'http://127.0.0.1:{cloud.ports["public_nova"]}/v2.1/flavors'


@pytest.mark.parametrize(('kind', 'status'), [('too-many', 429), ('error', 500), ('unavailable', 503)])
def test_refusals(cloud: Cloud, token: dict[str, str], flavors: str, kind: str, status: int) -> None:
    with cloud.faults.rule(kind, 'nova', path='/flavors', times=1, seconds=3) as trouble:
        first, second = (requests.get(flavors, headers=token, timeout=30) for _ in range(2))
        assert (first.status_code, second.status_code, trouble.hits) == (status, 200, 1)
    assert first.headers.get('Retry-After') == ('3' if status == 429 else None)


def test_latency(cloud: Cloud, token: dict[str, str], flavors: str) -> None:
    with cloud.faults.rule('latency', 'nova', seconds=1.0, times=1):
        began = time.monotonic()
        assert requests.get(flavors, headers=token, timeout=30).ok
    assert time.monotonic() - began >= 1


def test_the_others_are_left_alone(cloud: Cloud, token: dict[str, str], flavors: str) -> None:
    with cloud.faults.rule('error', 'nova', method='POST'), cloud.faults.rule('error', 'cinder'):
        assert requests.get(flavors, headers=token, timeout=30).ok


def test_calls_that_pass_first(cloud: Cloud, token: dict[str, str], flavors: str) -> None:
    with cloud.faults.rule('error', 'nova', skip=1, times=1):
        answers = [requests.get(flavors, headers=token, timeout=30).status_code for _ in range(3)]
    assert answers == [200, 500, 200]


def test_some_of_many(cloud: Cloud, token: dict[str, str], flavors: str) -> None:
    with cloud.faults.rule('error', 'nova', probability=0.5) as trouble:
        answers = [requests.get(flavors, headers=token, timeout=30).status_code for _ in range(20)]
        assert 0 < trouble.hits < 20
        assert answers.count(500) == trouble.hits


@pytest.mark.parametrize(('kind', 'made'), [('drop-before', 0), ('drop-after', 1)])
def test_a_connection_that_drops(cloud: Cloud, token: dict[str, str], kind: str, made: int) -> None:
    url = f'http://127.0.0.1:{cloud.ports["public_neutron"]}/v2.0/security-groups'
    name = f'proof-{kind}'
    with (
        cloud.faults.rule(kind, 'neutron', method='POST', body=name, times=1),
        pytest.raises(requests.ConnectionError),
    ):
        requests.post(url, json={'security_group': {'name': name}}, headers=token, timeout=30)
    own: Connection = cloud.admin
    found = list(own.network.security_groups(name=name))
    assert len(found) == made
    for group in found:
        own.network.delete_security_group(group)


def test_what_passed_is_told(cloud: Cloud, token: dict[str, str], flavors: str) -> None:
    serial = cloud.faults.serial
    with cloud.faults.rule('unavailable', 'nova', path='small$'):
        requests.get(f'{flavors}/small', headers=token, timeout=30)
    requests.get(f'{flavors}/large', headers=token, timeout=30)
    told = [(call['method'], call['path'], call['status'], call['trouble']) for call in cloud.faults.calls(serial)]
    assert told == [
        ('GET', '/v2.1/flavors/small', 503, 'unavailable'),
        ('GET', '/v2.1/flavors/large', 200, ''),
    ]


def test_a_rule_of_no_kind_is_refused(cloud: Cloud) -> None:
    with pytest.raises(ValueError, match='drop-after'), cloud.faults.rule('gone'):
        pass


def test_large_bodies_stream_both_ways(cloud: Cloud, token: dict[str, str]) -> None:
    """In chunks of no declared length up, with a range down."""
    own = cloud.connect('dbaas')
    url = f'{own.object_store.get_endpoint()}/stream'
    headers = {'X-Auth-Token': own.auth_token}
    assert requests.put(url, headers=headers, timeout=30).ok
    block, blocks = b'0123456789abcdef' * 65536, 20
    up = requests.put(f'{url}/object', data=(block for _ in range(blocks)), headers=headers, timeout=60)
    assert up.status_code == 201
    whole = requests.get(f'{url}/object', headers=headers, timeout=60)
    assert whole.content == block * blocks
    part = requests.get(f'{url}/object', headers={**headers, 'Range': 'bytes=16-31'}, timeout=30)
    assert (part.status_code, part.content) == (206, b'0123456789abcdef')
    head = requests.head(f'{url}/object', headers=headers, timeout=30)
    assert head.headers['Content-Length'] == str(len(block) * blocks)
    assert requests.delete(f'{url}/object', headers=headers, timeout=30).status_code == 204
    assert requests.delete(url, headers=headers, timeout=30).status_code == 204
