"""Versions, health, flavors, limits, datastores and the documentation."""

from typing import Any

import pytest

from dbaas.cloud.protocol import Flavor
from dbaas.services import datastores
from tests.api.house import ADMIN, House, fault


def _open(house: House, path: str) -> Any:
    return house.call('GET', f'http://localhost{path}', who=None)


def test_versions_need_no_token(house: House) -> None:
    answer = _open(house, '/')
    assert answer.status_code == 200 and answer.headers['x-openstack-request-id']
    assert answer.json == {
        'versions': [
            {
                'id': 'v1.0',
                'status': 'CURRENT',
                'updated': '2012-08-01T00:00:00Z',
                'links': [{'rel': 'self', 'href': 'http://localhost/v1.0/'}],
            }
        ]
    }


def test_healthcheck_says_ok_only_when_ready(house: House) -> None:
    answer = _open(house, '/healthcheck')
    assert (answer.status_code, answer.text, answer.mimetype) == (200, 'OK', 'text/plain')
    house.ready = False
    fault(_open(house, '/healthcheck'), 503)


# -- flavors ---------------------------------------------------------------------------------------------------------
def test_flavors_smallest_first(house: House) -> None:
    found = house.get('/flavors')['flavors']
    assert [(f['id'], f['str_id'], f['name'], f['ram']) for f in found] == [
        (1, '1', 'tiny', 512), (2, '2', 'small', 1024), (3, '3', 'medium', 4096),
    ]  # fmt: skip
    assert set(found[0]) == {'id', 'str_id', 'name', 'ram', 'vcpus', 'disk', 'ephemeral', 'links'}
    assert house.get('/flavors/2') == {'flavor': found[1]}


def test_an_id_that_is_no_number_is_null_beside_str_id(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(house.world.cloud, 'flavors', lambda: [Flavor('db.small', 'small', 512, 1)])
    flavor = house.get('/flavors/db.small')['flavor']
    assert (flavor['id'], flavor['str_id']) == (None, 'db.small')


def test_an_unknown_flavor_is_404_by_name_too(house: House) -> None:
    for name in ('9', 'tiny'):
        fault(house.call('GET', f'/flavors/{name}'), 404)


# -- limits ----------------------------------------------------------------------------------------------------------
def test_limits_list_the_absolute_row(house: House) -> None:
    assert house.get('/limits') == {
        'limits': [
            {'verb': 'ABSOLUTE', 'max_instances': 10, 'max_ram': -1, 'max_volumes': 40, 'max_backups': 50},
        ]
    }


# -- datastores ------------------------------------------------------------------------------------------------------
def test_datastores_by_name_and_id(house: House) -> None:
    listed = house.get('/datastores')['datastores']
    assert [d['name'] for d in listed] == ['mariadb']
    version = listed[0]['versions'][0]
    assert listed[0]['default_version'] == version['id'] and 'active' not in version
    for key in ('mariadb', listed[0]['id']):
        assert house.get(f'/datastores/{key}')['datastore'] == listed[0]
        for name in ('10.11', version['id']):
            found = house.get(f'/datastores/{key}/versions/{name}')['version']
            assert (found['name'], found['version'], found['datastore']) == ('10.11', '10.11', listed[0]['id'])
        assert house.get(f'/datastores/{key}/versions')['versions'] == [found]
    assert house.get(f'/datastores/versions/{version["id"]}')['version'] == found
    assert version['links'][0]['href'].endswith(f'/v1.0/demo/datastores/versions/{version["id"]}')


def test_admins_see_more_of_a_version_and_the_inactive_ones(house: House) -> None:
    house.db.run(lambda c: datastores.register(c, 'mariadb', 'mariadb', ['11.4']))
    found = house.get('/datastores/mariadb/versions/11.4')['version']
    house.db.run(lambda c: datastores.datastores.update_version(c, found['id'], active=False))
    assert [v['name'] for v in house.get('/datastores/mariadb/versions')['versions']] == ['10.11']
    fault(house.call('GET', f'/datastores/versions/{found["id"]}'), 400)
    fault(house.call('POST', '/instances', house.request(datastore={'version': '11.4'})), 400)
    seen = house.get('/datastores/mariadb/versions', ADMIN)['versions']
    assert [(v['name'], v['active']) for v in seen] == [('10.11', 1), ('11.4', 0)]
    assert {'packages', 'image', 'image_tags', 'registry_ext', 'repl_strategy'} <= set(seen[0])


def test_flavors_and_volume_types_of_a_version(house: House) -> None:
    assert house.get('/datastores/mariadb/versions/x/flavors') == house.get('/flavors')
    assert house.get('/datastores/mariadb/versions/x/volume-types') == {'volume_types': []}


def test_a_datastore_is_deleted_once_it_is_empty(house: House) -> None:
    fault(house.call('DELETE', '/datastores/mariadb', who=ADMIN), 400)
    house.db.run(lambda c: datastores.register(c, 'empty', 'mariadb', []))
    answer = house.call('DELETE', '/datastores/empty', who=ADMIN)
    assert (answer.status_code, answer.data) == (202, b'')
    fault(house.call('GET', '/datastores/empty'), 404)


def test_a_request_that_names_no_datastore_needs_a_single_one(house: House) -> None:
    house.db.run(lambda c: datastores.register(c, 'postgresql', 'postgresql', ['17'], '17'))
    fault(house.call('POST', '/instances', house.request()), 400)
    assert house.create(datastore={'type': 'mariadb'})


def test_registering_twice_changes_nothing(house: House) -> None:
    before = house.content()
    house.db.run(lambda c: datastores.register(c, 'mariadb', 'mariadb', ['10.11'], '10.11'))
    assert house.content() == before


# -- documentation ---------------------------------------------------------------------------------------------------
def test_the_openapi_document_has_every_route_and_its_action(house: House) -> None:
    document = _open(house, '/openapi.json').json
    assert document['openapi'].startswith('3.')
    paths = {rule.rule.replace('<', '{').replace('>', '}') for rule in house.app.url_map.iter_rules()}
    assert set(document['paths']) == paths
    for path, item in document['paths'].items():
        for method, call in item.items():
            assert method == 'parameters' or call['summary'], f'{method} {path}'
    action = document['paths']['/v1.0/{project_id}/instances/{instance_id}/action']['post']
    assert [list(s) for s in action['requestBody']['content']['application/json']['schema']['oneOf']] == [['$ref']]
    assert document['components']['securitySchemes']['token']['name'] == 'X-Auth-Token'


def test_every_reference_of_the_document_leads_somewhere(house: House) -> None:
    document = _open(house, '/openapi.json').json

    def walk(node: Any) -> None:
        if isinstance(node, dict):
            if '$ref' in node:
                target = document
                for part in node['$ref'].removeprefix('#/').split('/'):
                    target = target[part]
            for value in node.values():
                walk(value)
        elif isinstance(node, list):
            for value in node:
                walk(value)

    walk(document)


def test_the_documentation_fetches_nothing_from_elsewhere(house: House) -> None:
    page = _open(house, '/docs')
    assert page.status_code == 200 and page.mimetype == 'text/html'
    assert 'http://' not in page.text and 'https://' not in page.text and '//cdn' not in page.text
