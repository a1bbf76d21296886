"""Bad paths, queries, methods and requests about operations: the catalogue's 4xx, and nothing changed."""

from typing import Any
from urllib.parse import quote

import pytest
from oslo_context import context

from tests.api.house import ADMIN, MEMBER, House, fault
from tests.api.refusals import NASTY, UUID, refused

PLAN = {'method': 'DELETE', 'path': '/x'}


@pytest.fixture
def house(steady: House) -> House:
    return steady


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
    refused(house, 400, 'POST', path.format(operation_id), body, who=ADMIN)


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
