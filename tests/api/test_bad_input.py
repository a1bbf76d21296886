"""Bad input: the catalogue's 4xx in Trove's fault format, and nothing changed, on every route."""

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
from oslo_context import context

from tests.api.house import ADMIN, MEMBER, House, fault

UUID = '6b8f4a3e-9f5d-4a8e-9a53-0c1e0f3c5f11'
NASTY = [
    "x'; DROP TABLE instances; --",
    '"; rm -rf / #',
    '$(reboot)',
    '`id`',
    '../../etc/passwd',
    'a/b',
    'a b',
    'semi;colon',
    '%s%n',
    '-rf',
    '.hidden',
    'né',
    '😀',
    'new\nline',
    'nul\0byte',
    'lone\ud800',
    "' OR 1=1 --",
    '<script>',
    '|cat',
    '*',
    '',
]
PLAN = {'method': 'DELETE', 'path': '/x'}
USER = {'name': 'ann', 'password': 'secret-1'}


@pytest.fixture(scope='module')
def shared(template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    made = House(template, str(tmp_path_factory.mktemp('bad_input')), quota_instances=-1, quota_volumes=-1)
    yield made
    made.db.close()


@pytest.fixture
def house(shared: House) -> House:
    """One house for all: what is refused changes nothing, and each test makes sure of that."""
    shared.posted.clear()
    return shared


def _create(**attributes: Any) -> dict[str, Any]:
    return {'instance': {'name': 'db1', 'flavorRef': '1', 'volume': {'size': 1}, **attributes}}


def _refused(house: House, code: int, method: str, path: str, body: Any = None, **options: Any) -> str:
    before = house.content()
    message = fault(house.call(method, path, body, **options), code)
    assert house.content() == before and not house.posted
    return message


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
        _refused(house, 400, method, path, data=body, content_type='application/json', who=ADMIN)


@pytest.mark.parametrize(('method', 'path'), WITH_BODY)
def test_another_media_type_is_415(house: House, method: str, path: str) -> None:
    for kind in ('text/plain', 'application/xml', 'application/x-www-form-urlencoded', 'multipart/form-data'):
        _refused(house, 415, method, path, data=json.dumps(_create()), content_type=kind, who=ADMIN)


@pytest.mark.parametrize(('method', 'path'), WITH_BODY)
def test_an_oversize_body_is_413(house: House, method: str, path: str) -> None:
    body = json.dumps(_create(name='x' * house.conf.api.max_body))
    _refused(house, 413, method, path, data=body, content_type='application/json', who=ADMIN)


def test_an_extra_key_at_the_root_is_400(house: House) -> None:
    _refused(house, 400, 'POST', '/instances', {**_create(), 'extra': 1})


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
        (400, {'locality': 'anywhere'}),
        (400, {'modules': [{'name': 'x'}]}),
        (400, {'restorePoint': {}}),
        (400, {'region_name': 'Elsewhere'}),
    ],
    ids=str,
)
def test_a_bad_value_of_a_new_instance(house: House, code: int, attributes: dict[str, Any]) -> None:
    _refused(house, code, 'POST', '/instances', _create(**attributes))


@pytest.mark.parametrize('missing', ['name', 'flavorRef', 'volume'])
def test_a_new_instance_needs_these(house: House, missing: str) -> None:
    body = _create()
    del body['instance'][missing]
    assert missing in _refused(house, 400, 'POST', '/instances', body)


@pytest.mark.parametrize('name', NASTY, ids=ascii)
def test_nasty_names_of_databases_users_and_hosts(house: House, name: str) -> None:
    _refused(house, 400, 'POST', '/instances', _create(databases=[{'name': name}]))
    _refused(house, 400, 'POST', '/instances', _create(users=[{**USER, 'name': name}]))
    _refused(house, 400, 'POST', '/instances', _create(users=[{**USER, 'databases': [{'name': name}]}]))
    if name not in ('', '%s%n'):  # no host is every host, and the other is a pattern as good as any
        _refused(house, 400, 'POST', '/instances', _create(users=[{**USER, 'host': name}]))


@pytest.mark.parametrize('name', ['mysql', 'information_schema', 'Performance_Schema', 'sys'])
def test_reserved_databases(house: House, name: str) -> None:
    assert 'reserved' in _refused(house, 400, 'POST', '/instances', _create(databases=[{'name': name}]))


@pytest.mark.parametrize('name', ['root', 'ROOT', 'mariadb.sys', 'PUBLIC', 'mysql', 'os_admin'])
def test_reserved_users(house: House, name: str) -> None:
    assert 'reserved' in _refused(house, 400, 'POST', '/instances', _create(users=[{**USER, 'name': name}]))


@pytest.mark.parametrize('name', [name for name in NASTY if any(c.isascii() and c.isalnum() for c in name)], ids=ascii)
def test_a_nasty_instance_name_is_kept_as_text_or_refused(house: House, name: str) -> None:
    """An instance's name is shown and never run: what can be stored is stored as it is."""
    answer = house.call('POST', '/instances', _create(name=name))
    if any(ord(c) < 32 or '\ud800' <= c <= '\udfff' for c in name):
        fault(answer, 400)
    else:
        assert answer.json['instance']['name'] == name
        assert house.get(f'/instances/{answer.json["instance"]["id"]}')['instance']['name'] == name


# -- names in paths and queries --------------------------------------------------------------------------------------
PATHS = [
    ('GET', '/instances/{}', 404, None),
    ('PUT', '/instances/{}', 404, {'instance': {'name': 'x1'}}),
    ('PATCH', '/instances/{}', 404, {'instance': {'name': 'x1'}}),
    ('DELETE', '/instances/{}', 404, None),
    ('POST', '/instances/{}/action', 404, {'reset_status': {}}),
    ('GET', '/datastores/{}', 404, None),
    ('DELETE', '/datastores/{}', 404, None),
    ('GET', '/datastores/{}/versions', 404, None),
    ('GET', '/datastores/{}/versions/10.11', 404, None),
    ('GET', '/datastores/mariadb/versions/{}', 400, None),
    ('GET', '/datastores/versions/{}', 400, None),
    ('GET', '/flavors/{}', 404, None),
    ('GET', '/operations/{}', 404, None),
    ('GET', '/operations/{}/events', 404, None),
    ('GET', '/operations/{}/why', 404, None),
    *(('POST', f'/operations/{{}}/{v}', 404, {'reason': 'why'}) for v in ('pause', 'resume', 'retry-now', 'abort')),
    ('POST', '/operations/{}/skip', 404, {'reason': 'why', 'step': 's'}),
]


@pytest.mark.parametrize(('method', 'path', 'code', 'body'), PATHS)
def test_nasty_and_foreign_ids_in_paths(house: House, method: str, path: str, code: int, body: Any) -> None:
    house.create()
    house.posted.clear()
    for name in [*NASTY, UUID, 'x' * 5000, "%' OR name LIKE '%"]:
        quoted = quote(name, safe='', errors='surrogatepass')
        if not quoted:
            continue
        # a slash splits the path, dots lead elsewhere, control characters reach no route: no such resource
        no_route = '/' in name or any(ord(c) < 32 for c in name)
        before = house.content()
        answer = house.call(method, path.format(quoted), body, ADMIN)
        fault(answer, 404 if no_route else code)
        assert house.content() == before and not house.posted


@pytest.mark.parametrize('name', NASTY, ids=ascii)
@pytest.mark.parametrize('path', ['/instances', '/instances/detail', '/operations'])
def test_nasty_markers_and_filters_find_nothing_or_are_400(house: House, path: str, name: str) -> None:
    query: dict[str, Any] = {'marker': name.encode(errors='surrogatepass')}
    answer = house.call('GET', path, query_string=query)
    assert answer.status_code in (200, 400)
    for field in ('state', 'since'):
        fault(house.call('GET', '/operations', query_string={field: query['marker']}), 400)
    for field in ('type', 'instance'):
        answer = house.call('GET', '/operations', query_string={field: query['marker']})
        assert answer.status_code == 400 or answer.json['operations'] == []


# -- requests about operations ---------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ('path', 'body'),
    [
        ('/operations', {'type': 'instance.delete', 'inputs': {}}),
        ('/operations', {'type': 'demo.wait', 'inputs': {}}),
        ('/operations', {'type': 'demo.wait', 'inputs': {'seconds': -1}}),
        ('/operations', {'type': 'demo.wait', 'inputs': {'seconds': '5'}}),
        ('/operations', {'type': 'demo.wait', 'inputs': {'seconds': True}}),
        ('/operations', {'type': 'demo.wait', 'inputs': {'seconds': 1e999}}),
        ('/operations', {'type': 'demo.wait', 'inputs': {'seconds': 1, 'other': 2}}),
        ('/operations', {'type': 'demo.wait', 'inputs': {'seconds': 1}, 'other': 2}),
        ('/operations', {'type': ['demo.wait'], 'inputs': {'seconds': 1}}),
        ('/operations/{}/abort', {}),
        ('/operations/{}/abort', {'reason': ''}),
        ('/operations/{}/abort', {'reason': 3}),
        ('/operations/{}/abort', {'reason': 'a\0b'}),
        ('/operations/{}/abort', {'reason': 'x' * 1001}),
        ('/operations/{}/abort', {'reason': 'why', 'step': 'x'}),
        ('/operations/{}/skip', {'reason': 'why'}),
        ('/operations/{}/skip', {'reason': 'why', 'step': 's', 'output': 'x' * 17000}),
        ('/operations/plan', {'method': 'POST'}),
        ('/operations/plan', {'method': 'GET', 'path': '/instances'}),
        ('/operations/plan', {'method': 'POST', 'path': 'instances'}),
        ('/operations/plan', {'method': 'POST', 'path': 'http://elsewhere/instances'}),
        (
            '/operations/plan',
            {'method': 'POST', 'path': '/operations/plan', 'body': PLAN},
        ),
        ('/operations/plan', {'method': 'POST', 'path': '/instances', 'body': {'instance': {}}}),
    ],
    ids=str,
)
def test_a_bad_request_about_operations_is_400(house: House, path: str, body: Any) -> None:
    house.create()
    house.posted.clear()
    operation_id = house.get('/operations')['operations'][0]['id']
    _refused(house, 400, 'POST', path.format(operation_id), body, who=ADMIN)


# -- methods and versions --------------------------------------------------------------------------------------------
@pytest.mark.parametrize('method', ['HEAD', 'OPTIONS', 'TRACE', 'DELETE', 'PUT', 'BREW'])
def test_an_unknown_method_is_404_never_405(house: House, method: str) -> None:
    for path in ('/instances', '/limits', '/flavors', '/operations'):
        answer = house.call(method, path)
        assert answer.status_code == 404
        if method != 'HEAD':
            fault(answer, 404)


@pytest.mark.parametrize('path', ['/nothing', '/instances/', '//instances', '/instances/a/b', '/backups', ''])
def test_an_unknown_path_is_404(house: House, path: str) -> None:
    fault(house.call('GET', path), 404)


@pytest.mark.parametrize('path', ['/x', '/instances', '/v2.0/demo/instances', '/v1.0x', '/docs/x'])
def test_an_unknown_path_without_a_project_is_404(house: House, path: str) -> None:
    fault(house.call('GET', f'http://localhost{path}', who=None), 404)


def test_a_version_in_the_accept_header(house: House) -> None:
    kind = 'application/vnd.openstack.trove+json;version={}'
    good = house.call('GET', 'http://localhost/demo/limits', headers={'Accept': kind.format('1.0')})
    assert good.status_code == 200
    fault(house.call('GET', 'http://localhost/demo/limits', headers={'Accept': kind.format('2.0')}), 406)


def test_an_unforeseen_error_tells_only_where_to_look(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> None:
        raise RuntimeError('secret inner working')

    monkeypatch.setattr(house.world.cloud, 'flavors', broken)
    answer = house.call('GET', '/flavors', who=MEMBER)
    assert answer.status_code == 500 and list(answer.json) == ['instanceFault']
    assert 'secret' not in answer.text
    assert answer.headers['x-openstack-request-id'] in answer.json['instanceFault']['message']


def test_log_lines_of_a_request_carry_its_id(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []

    def flavors() -> list[Any]:
        seen.append(context.get_current().request_id)
        return []

    monkeypatch.setattr(house.world.cloud, 'flavors', flavors)
    answer = house.call('GET', '/flavors')
    assert seen == [answer.headers['x-openstack-request-id']]
    assert context.get_current().request_id == '-'
