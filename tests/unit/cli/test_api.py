"""The client side of the API: faults become one line and an exit code, lists are followed, ids completed."""

import socket

import pytest

from dbaas.cli.flow import errors, lookup
from dbaas.cli.flow.api import Api
from dbaas.cli.flow.auth import Access
from tests.unit.cli import samples
from tests.unit.cli.canned_api import Answer, Request, serving


def _api(url: str, **access: object) -> Api:
    return Api(Access(url, 'secret-token', **access), timeout=30)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ('status', 'content', 'code', 'words'),
    [
        (400, {'badRequest': {'code': 400, 'message': 'bad since'}}, errors.REFUSED, 'bad since'),
        (401, {'unauthorized': {'code': 401, 'message': 'who?'}}, errors.UNAUTHORIZED, 'OS_TOKEN'),
        (403, {'forbidden': {'code': 403, 'message': 'admins only'}}, errors.UNAUTHORIZED, 'admins only'),
        (404, {'itemNotFound': {'code': 404, 'message': 'no operation'}}, errors.NOT_FOUND, 'no operation'),
        (409, {'conflict': {'code': 409, 'message': 'is SUCCEEDED'}}, errors.CONFLICT, 'is SUCCEEDED'),
        (413, {'overLimit': {'code': 413, 'message': 'quota'}}, errors.REFUSED, 'quota'),
        (500, b'<html>oops</html>', errors.REFUSED, '500 Internal Server Error'),
        (503, {'serviceUnavailable': {'message': 'soon'}}, errors.UNREACHABLE, '503 soon'),
        (302, b'', errors.REFUSED, 'Found'),
        (200, b'<html>a router</html>', errors.REFUSED, 'OS_ENDPOINT'),
        (200, [1], errors.REFUSED, 'OS_ENDPOINT'),
    ],
)
def test_faults(status: int, content: object, code: int, words: str) -> None:
    with (
        serving(lambda _: (status, content, {'Location': '/elsewhere'})) as canned,
        pytest.raises(errors.CliError) as caught,
    ):
        _api(canned.url).get('operations')
    assert caught.value.exit_code == code
    assert words in caught.value.message
    assert 'secret-token' not in caught.value.message
    assert len(canned.asked) == 1, 'a redirect is not followed: it would take the token along'


def test_nobody_listens() -> None:
    with socket.socket() as free:
        free.bind(('127.0.0.1', 0))
        url = f'http://127.0.0.1:{free.getsockname()[1]}/v1.0/demo'
        with pytest.raises(errors.Unreachable) as caught:
            _api(url).get('operations')
    assert f'no answer from {url}: Connection refused' in caught.value.message


def test_a_silent_api_is_unreachable() -> None:
    with socket.create_server(('127.0.0.1', 0)) as silent:
        api = Api(Access(f'http://127.0.0.1:{silent.getsockname()[1]}/v1.0/demo', None), timeout=0.05)
        with pytest.raises(errors.Unreachable, match='timed out'):
            api.get('operations')


def test_a_token_that_http_cannot_carry() -> None:
    with serving(lambda _: (200, {})) as canned, pytest.raises(errors.CliError) as caught:
        Api(Access(canned.url, 'bad\ntoken'), timeout=30).get('operations')
    assert 'token' in caught.value.message and 'bad' not in caught.value.message


def test_an_expired_token_is_renewed_once() -> None:
    def answer(request: Request) -> Answer:
        fresh = request.headers['X-Auth-Token'] == 'fresh'
        return (200, {'operation': {}}) if fresh else (401, {'unauthorized': {'message': 'expired'}})

    with serving(answer) as canned:
        assert _api(canned.url, renew=lambda: 'fresh').get('operations', 'x') == {'operation': {}}
        with pytest.raises(errors.CliError):
            _api(canned.url, renew=lambda: 'stale').get('operations', 'x')
    assert len(canned.asked) == 4


def test_pages_are_followed_on_our_own_endpoint() -> None:
    def answer(request: Request) -> Answer:
        if 'marker' in request.query:
            return 200, {'operations': [{'id': 'b'}], 'links': []}
        link = {'rel': 'next', 'href': 'http://other.example/v1.0/demo/operations?marker=a&limit=1&state=HELD'}
        return 200, {'operations': [{'id': 'a'}], 'links': [link]}

    with serving(answer) as canned:
        rows = list(_api(canned.url).pages('operations', state='HELD', type=None))
    assert [row['id'] for row in rows] == ['a', 'b']
    assert [request.query for request in canned.asked] == [
        {'state': 'HELD'},
        {'marker': 'a', 'limit': '1', 'state': 'HELD'},
    ]


@pytest.mark.parametrize('bad', ['../x', 'a/b', 'a?b', '%2e'])
def test_an_id_stays_one_segment(bad: str) -> None:
    with serving(lambda request: (200, {'path': request.path})) as canned:
        assert _api(canned.url).get('operations', bad)['path'].count('/') == 4


def test_prefixes_of_operations() -> None:
    rows = [samples.operation(), samples.operation(id=samples.OTHER), samples.operation(id='f' * 36)]
    with serving(lambda _: (200, {'operations': rows, 'links': []})) as canned:
        api = _api(canned.url)
        assert lookup.operation(api, samples.ID) == samples.ID
        assert not canned.asked, 'a full id is not looked up'
        assert lookup.operation(api, '0b7f1a52-6') == samples.ID
        assert lookup.operation(api, 'f') == 'f' * 36
        with pytest.raises(errors.CliError, match='fits 2 operations') as ambiguous:
            lookup.operation(api, '0b7f')
        with pytest.raises(errors.CliError, match="no operation 'e'") as missing:
            lookup.operation(api, 'e')
    assert ambiguous.value.exit_code == missing.value.exit_code == errors.NOT_FOUND


def test_names_of_instances_and_flavors() -> None:
    instances = [{'id': 'aa1', 'name': 'db'}, {'id': 'aa2', 'name': 'aa1'}, {'id': 'b', 'name': 'db2'}]
    flavors = [{'id': 1, 'str_id': '1', 'name': 'small'}, {'id': None, 'str_id': 'm1.big', 'name': 'big'}]
    with serving(lambda _: (200, {'instances': instances, 'flavors': flavors})) as canned:
        api = _api(canned.url)
        assert lookup.instance(api, 'db') == 'aa1'
        assert lookup.instance(api, 'aa1') == 'aa1', 'an id goes before a name'
        assert lookup.flavor(api, '1') == '1'
        assert lookup.flavor(api, 'big') == 'm1.big'
        with pytest.raises(errors.CliError):
            lookup.flavor(api, 'bi')
