"""Callers with tokens of a real Keystone: who may what, service tokens, expiry, the cache, and Keystone away."""

import concurrent.futures
import datetime
import logging
import pathlib
import time
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from dbaas.exceptions import Unavailable
from tests.api.house import House, fault
from tests.openstack import keystone_house
from tests.openstack.keystone_house import by_credential, person, unscoped
from tests.servers.openstack.cloud import Cloud
from tests.waiting import until

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group('openstack')]
Person = dict[str, Any]


@pytest.fixture(scope='module')
def house(template: str, openstack_cloud: Cloud, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    made = keystone_house.house(template, openstack_cloud, tmp_path_factory.mktemp('keystone'))
    yield made
    made.db.close()


@pytest.fixture(scope='module')
def people(openstack_cloud: Cloud) -> dict[str, Person]:
    return {name: person(openstack_cloud, name) for name in ('admin', 'demo', 'reader', 'other', 'dbaas-password')}


# -- who may ---------------------------------------------------------------------------------------------------------
def test_a_member_changes_and_a_reader_reads(house: House, people: dict[str, Person]) -> None:
    made = house.create('mine', people['demo'])
    assert house.get(f'/instances/{made["id"]}', people['reader'])['instance']['name'] == 'mine'
    for method, path in (('DELETE', f'/instances/{made["id"]}'), ('POST', '/instances'), ('POST', '/operations/plan')):
        assert 'Policy does not allow' in fault(house.call(method, path, {}, people['reader']), 403)
    assert house.call('GET', '/operations/stats', who=people['demo']).status_code == 403
    assert house.call('GET', '/operations/stats', who=people['admin']).status_code == 200


def test_another_projects_url_is_refused_to_administrators_too(house: House, people: dict[str, Person]) -> None:
    demo = people['demo']['project_id']
    for name in ('other', 'admin'):
        refused = fault(house.call('GET', f'/v1.0/{demo}/instances', who=people[name]), 403)
        assert f'cannot access project {demo}' in refused
    theirs = house.create('theirs', people['demo'])['id']
    assert house.call('GET', f'/instances/{theirs}', who=people['other']).status_code == 404
    assert house.get(f'/instances/{theirs}', people['admin'])['instance']['name'] == 'theirs'


def test_a_user_with_no_role_that_policy_knows_may_nothing(openstack_cloud: Cloud, house: House) -> None:
    admin = openstack_cloud.admin.identity
    role = admin.find_role('dba') or admin.create_role(name='dba')
    project = openstack_cloud.project('demo')
    user = admin.create_user(name='nobody', password='x', domain_id='default')
    try:
        admin.assign_project_role_to_user(project, user, role)
        token = unscoped(openstack_cloud, username='nobody', password='x', project_id=project)
        fault(house.call('GET', '/instances', who={'token': token, 'project_id': project}), 403)
        fault(house.call('GET', '/flavors', who={'token': token, 'project_id': project}), 403)
    finally:
        admin.delete_user(user)


def test_a_plan_is_rehearsed_with_the_callers_token(house: House, people: dict[str, Person]) -> None:
    wish = {'method': 'POST', 'path': '/instances', 'body': house.request('planned')}
    answer = house.call('POST', '/operations/plan', wish, people['demo'])
    assert answer.status_code == 200, answer.text


# -- who is nobody ---------------------------------------------------------------------------------------------------
@pytest.mark.parametrize('token', [None, '', 'no-such-token', 'gAAAAAB' + 'x' * 200, 'b\xe4d', 'x' * 9000])
def test_without_a_valid_token(house: House, openstack_cloud: Cloud, token: str | None) -> None:
    who = None if token is None else {'token': token, 'project_id': 'demo'}
    answer = house.call('GET', '/v1.0/demo/instances', who=who)
    assert 'requires authentication' in fault(answer, 401)
    assert answer.headers['WWW-Authenticate'] == f'Keystone uri="{openstack_cloud.auth_url}"'


def test_headers_that_the_middleware_would_set_are_not_believed(house: House, people: dict[str, Person]) -> None:
    lies = {'X-Roles': 'admin', 'X-Identity-Status': 'Confirmed', 'X-Project-Id': 'demo', 'X-User-Id': 'x'}
    fault(house.call('GET', '/v1.0/demo/instances', who=None, headers=lies), 401)
    fault(house.call('GET', '/operations/stats', who=people['demo'], headers=lies), 403)


def test_a_token_for_no_project_or_a_domain(house: House, openstack_cloud: Cloud) -> None:
    admin = openstack_cloud.admin.identity
    admin.assign_domain_role_to_user('default', admin.find_user('demo'), admin.find_role('member'))
    for token in (unscoped(openstack_cloud), unscoped(openstack_cloud, domain_name='Default')):
        answer = house.call('GET', '/v1.0/demo/instances', who={'token': token, 'project_id': 'demo'})
        assert 'for no project' in fault(answer, 401) and 'WWW-Authenticate' in answer.headers


def test_public_pages_need_no_token_and_the_own_identity_is_off(house: House) -> None:
    for path in ('http://localhost/', 'http://localhost/openapi.json', 'http://localhost/healthcheck'):
        assert house.call('GET', path, who=None).status_code == 200
    assert house.call('GET', '/identity/v3', who=None).status_code == 404
    assert house.call('POST', '/identity/v3/auth/tokens', {}, who=None).status_code == 404


# -- expiry and service tokens ---------------------------------------------------------------------------------------
@pytest.fixture
def expired(house: House, openstack_cloud: Cloud) -> Iterator[Person]:
    """A token of demo that has ended, as the application credential that it was made with."""
    demo = openstack_cloud.connect('demo')
    ends = datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=20)  # to be had, and to be shown once
    mine = demo.identity.create_application_credential(
        demo.current_user_id, 'short', expires_at=ends.replace(tzinfo=None).isoformat(timespec='microseconds')
    )
    token: Person = {
        'token': by_credential(openstack_cloud, mine.id, mine.secret),
        'project_id': openstack_cloud.project('demo'),
    }
    house.get('/instances', token)
    until(lambda: house.call('GET', '/instances', who=token).status_code == 401, 60, 'the token to expire')
    yield token
    demo.identity.delete_application_credential(demo.current_user_id, mine)


def test_an_expired_token_with_a_service_token(house: House, people: dict[str, Person], expired: Person) -> None:
    service = people['dbaas-password']['token']
    fault(house.call('GET', '/instances', who=expired), 401)
    assert house.call('GET', '/instances', who=expired, headers={'X-Service-Token': service}).status_code == 200
    wish = {'method': 'POST', 'path': '/instances', 'body': house.request('planned')}
    planned = house.call('POST', '/operations/plan', wish, expired, headers={'X-Service-Token': service})
    assert planned.status_code == 200, planned.text
    for name in ('demo', 'admin'):  # valid, but none of a service
        fault(house.call('GET', '/instances', who=expired, headers={'X-Service-Token': people[name]['token']}), 401)


def test_a_service_token_must_be_one(house: House, people: dict[str, Person]) -> None:
    for token in ('no-such-token', people['demo']['token'], 'b\xe4d'):
        fault(house.call('GET', '/instances', who=people['demo'], headers={'X-Service-Token': token}), 401)
    service = people['dbaas-password']['token']
    assert house.call('GET', '/instances', who=people['demo'], headers={'X-Service-Token': service}).status_code == 200
    fault(house.call('GET', '/instances', who=None, headers={'X-Service-Token': service}), 401)


# -- Keystone itself -------------------------------------------------------------------------------------------------
def test_keystone_is_asked_once_for_a_token(house: House, cloud: Cloud) -> None:
    mine = person(cloud, 'demo')
    house.get('/instances', mine)
    after = cloud.faults.serial
    for _ in range(5):
        house.get('/instances', mine)
    assert [call for call in cloud.faults.calls(after) if call['service'] == 'keystone'] == []


def test_a_revoked_token_ends_with_the_cache(template: str, cloud: Cloud, tmp_path: pathlib.Path) -> None:
    house = keystone_house.house(template, cloud, tmp_path, token_cache_time=1)
    demo = cloud.connect('demo')
    mine = {'token': demo.session.get_token(), 'project_id': demo.session.get_project_id()}
    house.get('/instances', mine)
    demo.session.delete(f'{cloud.auth_url}/auth/tokens', headers={'X-Subject-Token': mine['token']})
    until(lambda: house.call('GET', '/instances', who=mine).status_code == 401, 20, 'the cached answer to end')
    house.db.close()


def test_keystone_stopped_and_started(house: House, people: dict[str, Person], cloud: Cloud) -> None:
    """New tokens cannot be judged, which is no 401; those that were seen just now go on."""
    house.get('/instances', people['demo'])
    fresh = person(cloud, 'demo')
    cloud.stop('keystone')
    try:
        began = time.monotonic()
        assert 'Keystone does not answer' in fault(house.call('GET', '/instances', who=fresh), 503)
        assert time.monotonic() - began < 20
        house.get('/instances', people['demo'])
    finally:
        cloud.restart('keystone')
    until(lambda: house.call('GET', '/instances', who=fresh).status_code == 200, 30, 'the token to be judged')


def test_a_keystone_that_hangs_keeps_half_of_the_threads(house: House, people: dict[str, Person], cloud: Cloud) -> None:
    """For 10 seconds, each: two tries."""
    house.get('/instances', people['demo'])
    fresh = [person(cloud, 'demo') for _ in range(house.conf.api.threads)]

    def ask(url: str, who: Person, timeout: float) -> int:
        address = f'{url}/v1.0/{who["project_id"]}/instances'
        return requests.get(address, headers={'X-Auth-Token': who['token']}, timeout=timeout).status_code

    with house.served() as url, concurrent.futures.ThreadPoolExecutor(len(fresh)) as pool:
        with cloud.faults.rule('latency', 'keystone', seconds=15) as rule:
            asked = [pool.submit(ask, url, one, 60) for one in fresh]
            until(lambda: rule.hits, 30, 'a request asks Keystone')
            assert requests.get(f'{url}/healthcheck', timeout=8).status_code == 200
            assert ask(url, people['demo'], 8) == 200
            assert {one.result() for one in asked} == {503}
        assert {ask(url, one, 30) for one in fresh} == {200}


@pytest.mark.parametrize('trouble', ['error', 'unavailable', 'too-many', 'drop-before', 'drop-after'])
def test_keystone_in_trouble(template: str, cloud: Cloud, tmp_path: pathlib.Path, trouble: str) -> None:
    """As long as it lasts it is a 503, at once; it leaves nothing behind."""
    house = keystone_house.house(template, cloud, tmp_path)
    mine = person(cloud, 'demo')
    with cloud.faults.rule(trouble, 'keystone'):
        assert 'Keystone does not answer' in fault(house.call('GET', '/instances', who=mine), 503)
    house.get('/instances', mine)
    house.db.close()


def test_wrong_credentials_of_the_service(
    template: str, openstack_cloud: Cloud, tmp_path: pathlib.Path, people: dict[str, Person]
) -> None:
    house = keystone_house.house(template, openstack_cloud, tmp_path, password='wrong-Word-1')
    fault(house.call('GET', '/instances', who=people['demo']), 503)
    house.db.close()


@pytest.mark.parametrize('name', ['www_authenticate_uri', 'auth_type'])
def test_what_is_missing_is_said_at_the_start(
    template: str, openstack_cloud: Cloud, tmp_path: pathlib.Path, name: str
) -> None:
    with pytest.raises(Unavailable, match=name):
        keystone_house.house(template, openstack_cloud, tmp_path, **{name: ''})


def test_no_secret_is_logged(
    template: str, openstack_cloud: Cloud, tmp_path: pathlib.Path, caplog: pytest.LogCaptureFixture
) -> None:
    """At the level of everything: neither our password nor anybody's token."""
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.DEBUG, 'keystoneauth')
    caplog.set_level(logging.DEBUG, 'keystonemiddleware')
    people = [person(openstack_cloud, name) for name in ('demo', 'dbaas-password')]
    for password in (keystone_house.SERVICE_PASSWORD, 'wrong-Word-1'):
        folder = tmp_path / password
        folder.mkdir()
        house = keystone_house.house(template, openstack_cloud, folder, password=password)
        house.call('GET', '/instances', who=people[0], headers={'X-Service-Token': people[1]['token']})
        house.call('GET', '/instances', who={**people[0], 'token': 'no-such-token'})
        house.db.close()
    assert 'Authenticating user token' in caplog.text
    said = caplog.text.replace('database-service', '')
    for secret in ('wrong-Word-1', *(one['token'] for one in people), f"'{keystone_house.SERVICE_PASSWORD}'"):
        assert secret not in said
    assert f'"{keystone_house.SERVICE_PASSWORD}"' not in said
