"""Bad bodies: the catalogue's 4xx in Trove's fault format, and nothing changed."""

import json
from typing import Any

import pytest

from tests.api.house import ADMIN, House, fault
from tests.api.refusals import NASTY, UUID, refused

USER = {'name': 'ann', 'password': 'secret-1'}


@pytest.fixture
def house(steady: House) -> House:
    return steady


# -- bodies ----------------------------------------------------------------------------------------------------------
WITH_BODY = [
    ('POST', '/instances'),
    ('PUT', f'/instances/{UUID}'),
    ('PATCH', f'/instances/{UUID}'),
    ('POST', f'/instances/{UUID}/action'),
    ('POST', '/operations'),
    ('POST', '/operations/plan'),
    *(('POST', f'/operations/{UUID}/{verb}') for verb in ('pause', 'resume', 'retry-now', 'skip', 'abort')),
]
BROKEN = [
    b'', b'{', b'null', b'[]', b'[{}]', b'3', b'"text"', b'true', b'{}', b'{"a": 1}', b'\xff\xfe', b'{"instance": NaN}',
    b'[' * 100_000, b'{"instance": [], "operation": {}}', b'{"reset_status": {}, "restart": {}}', b'{"instance": null}',
]  # fmt: skip


@pytest.mark.parametrize(('method', 'path'), WITH_BODY)
def test_a_body_that_is_broken_or_lacks_its_envelope_is_400(house: House, method: str, path: str) -> None:
    for body in BROKEN:
        refused(house, 400, method, path, data=body, content_type='application/json', who=ADMIN)


@pytest.mark.parametrize(('method', 'path'), WITH_BODY)
def test_another_media_type_is_415(house: House, method: str, path: str) -> None:
    for kind in ('text/plain', 'application/xml', 'application/x-www-form-urlencoded', 'multipart/form-data'):
        refused(house, 415, method, path, data=json.dumps(House.request()), content_type=kind, who=ADMIN)


@pytest.mark.parametrize(('method', 'path'), WITH_BODY)
def test_an_oversize_body_is_413(house: House, method: str, path: str) -> None:
    body = json.dumps(House.request(name='x' * house.conf.api.max_body))
    refused(house, 413, method, path, data=body, content_type='application/json', who=ADMIN)


def test_an_extra_key_at_the_root_is_400(house: House) -> None:
    refused(house, 400, 'POST', '/instances', {**House.request(), 'extra': 1})


# -- values of a new instance ----------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ('code', 'attributes'),
    [
        (400, {'name': None}),
        (400, {'name': 3}),
        (400, {'name': ['a']}),
        (400, {'name': '???'}),
        (400, {'name': 'x' * 256}),
        (400, {'name': 'a\nb'}),
        (400, {'name': 'a\0b'}),
        (400, {'name': 'a\ud800'}),
        (400, {'flavorRef': None}),
        (400, {'flavorRef': True}),
        (400, {'flavorRef': 1.5}),
        (400, {'flavorRef': []}),
        (400, {'flavorRef': '99'}),
        (400, {'flavorRef': 10**400}),
        (400, {'flavorRef': "1' OR '1'='1"}),
        (400, {'flavorRef': 'http://x/flavors/'}),
        (400, {'volume': None}),
        (400, {'volume': 3}),
        (400, {'volume': {}}),
        (400, {'volume': {'size': 0}}),
        (400, {'volume': {'size': -1}}),
        (400, {'volume': {'size': True}}),
        (400, {'volume': {'size': 1.5}}),
        (400, {'volume': {'size': 'big'}}),
        (400, {'volume': {'size': '٣'}}),
        (400, {'volume': {'size': 1, 'type': 3}}),
        (413, {'volume': {'size': 11}}),
        (413, {'volume': {'size': 10**30}}),
        (400, {'datastore': 'mariadb'}),
        (404, {'datastore': {'type': 'oracle'}}),
        (404, {'datastore': {'type': "mariadb' OR '1'='1"}}),
        (400, {'datastore': {'type': 'mariadb', 'version': '9'}}),
        (400, {'datastore': {'type': 'mariadb', 'version_number': '9'}}),
        (400, {'databases': {}}),
        (400, {'databases': ['shop']}),
        (400, {'databases': [{}]}),
        (400, {'databases': [{'name': 1}]}),
        (400, {'databases': [{'name': 'a'}, {'name': 'a'}]}),
        (400, {'databases': [{'name': 'd' * 65}]}),
        (400, {'databases': [{'name': 'a', 'character_set': "utf8' --"}]}),
        (400, {'databases': [{'name': 'a', 'collate': 'klingon_ci'}]}),
        (400, {'databases': [{'name': 'a', 'character_set': 'latin1', 'collate': 'utf8_general_ci'}]}),
        (400, {'users': [{'name': 'ann'}]}),
        (400, {'users': [{'password': 'x1'}]}),
        (400, {'users': [{**USER, 'password': 7}]}),
        (400, {'users': [{**USER, 'password': 'a\ud800'}]}),
        (400, {'users': [{**USER, 'name': 'u' * 129}]}),
        (400, {'users': [{**USER, 'databases': [{'name': 'missing'}]}]}),
        (400, {'users': [{**USER, 'databases': ['a']}]}),
        (400, {'users': [USER, {**USER, 'host': '%'}]}),
        (400, {'users': [{**USER, 'host': '10.0.0.0/33'}]}),
        (400, {'users': [{**USER, 'host': "%' --"}]}),
        (400, {'users': [{**USER, 'host': '300.1.1.1'}]}),
        (400, {'access': {'is_public': 'false'}}),
        (400, {'access': {'is_public': 1}}),
        (400, {'access': {'allowed_cidrs': '10.0.0.0/8'}}),
        (400, {'access': {'allowed_cidrs': ['::/0']}}),
        (400, {'access': {'allowed_cidrs': ['10.0.0.0/8', '10.0.0.0/8']}}),
        (400, {'access': {'allowed_cidrs': ['10.0.0.0/255.0.0.0']}}),
        (400, {'replica_count': None}),
        (400, {'replica_count': 4}),
        (400, {'replica_count': 2}),
        (400, {'replica_of': 'not-an-id'}),
        (400, {'nics': [{'net-id': 'a'}, {'net-id': 'b'}]}),
        (400, {'nics': [{'port-id': 'a'}]}),
        (400, {'nics': [{}]}),
        (400, {'nics': [{'net-id': 'simulated', 'network_id': 'another'}]}),
        (400, {'nics': [{'net-id': 'simulated', 'ip_address': '10.0.0.9'}]}),
        (400, {'nics': [{'net-id': 'nowhere'}]}),
        (400, {'availability_zone': 'nowhere'}),
        (400, {'volume': {'size': 1, 'type': 'golden'}}),
        (400, {'locality': 'anywhere'}),
        (400, {'modules': [{'name': 'x'}]}),
        (400, {'restorePoint': {}}),
        (400, {'region_name': 'Elsewhere'}),
    ],
    ids=str,
)
def test_a_bad_value_of_a_new_instance(house: House, code: int, attributes: dict[str, Any]) -> None:
    refused(house, code, 'POST', '/instances', House.request(**attributes))


@pytest.mark.parametrize('missing', ['name', 'flavorRef', 'volume'])
def test_a_new_instance_needs_these(house: House, missing: str) -> None:
    body = House.request()
    del body['instance'][missing]
    assert missing in refused(house, 400, 'POST', '/instances', body)


@pytest.mark.parametrize('name', NASTY, ids=ascii)
def test_nasty_names_of_databases_users_and_hosts(house: House, name: str) -> None:
    refused(house, 400, 'POST', '/instances', House.request(databases=[{'name': name}]))
    refused(house, 400, 'POST', '/instances', House.request(users=[{**USER, 'name': name}]))
    refused(house, 400, 'POST', '/instances', House.request(users=[{**USER, 'databases': [{'name': name}]}]))
    if name:  # no host is every host
        refused(house, 400, 'POST', '/instances', House.request(users=[{**USER, 'host': name}]))


@pytest.mark.parametrize('name', ['mysql', 'information_schema', 'Performance_Schema', 'sys'])
def test_reserved_databases(house: House, name: str) -> None:
    assert 'reserved' in refused(house, 400, 'POST', '/instances', House.request(databases=[{'name': name}]))


@pytest.mark.parametrize('name', ['root', 'ROOT', 'mariadb.sys', 'PUBLIC', 'mysql', 'os_admin'])
def test_reserved_users(house: House, name: str) -> None:
    assert 'reserved' in refused(house, 400, 'POST', '/instances', House.request(users=[{**USER, 'name': name}]))


@pytest.mark.parametrize('name', [name for name in NASTY if any(c.isascii() and c.isalnum() for c in name)], ids=ascii)
def test_a_nasty_instance_name_is_kept_as_text_orrefused(house: House, name: str) -> None:
    """An instance's name is shown and never run: what can be stored is stored as it is."""
    answer = house.call('POST', '/instances', House.request(name=name))
    if any(ord(c) < 32 or '\ud800' <= c <= '\udfff' for c in name):
        fault(answer, 400)
    else:
        assert answer.json['instance']['name'] == name
        assert house.get(f'/instances/{answer.json["instance"]["id"]}')['instance']['name'] == name
