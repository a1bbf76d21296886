"""Endpoint and token: from OS_ENDPOINT and OS_TOKEN, or from a service catalogue as `openstack` finds them."""

import subprocess
import sys
from collections.abc import Iterator

import pytest

from dbaas.cli.flow import auth, errors
from tests.unit.cli.canned_api import Answer, Canned, Request, serving

ENDPOINT = 'http://database.example:8779/v1.0/p1'


@pytest.mark.parametrize(
    'options',
    [
        auth.Options('admin_token', ENDPOINT + '/', 'secret'),
        auth.Options(None, ENDPOINT, 'secret'),
        auth.Options('token_endpoint', ENDPOINT, 'secret'),
    ],
)
def test_static(options: auth.Options) -> None:
    assert auth.access(options) == auth.Access(ENDPOINT, 'secret')


def test_none_needs_no_token() -> None:
    assert auth.access(auth.Options('none', ENDPOINT)).token is None


@pytest.mark.parametrize(
    ('options', 'words'),
    [
        (auth.Options(), 'OS_ENDPOINT and OS_TOKEN not set'),
        (auth.Options('admin_token', ENDPOINT), 'OS_TOKEN not set'),
        (auth.Options('admin_token', '127.0.0.1:8779', 'secret'), 'must look like'),
        (auth.Options('admin_token', 'file:///etc/passwd', 'secret'), 'must look like'),
    ],
)
def test_what_is_missing_is_named(options: auth.Options, words: str) -> None:
    with pytest.raises(errors.CliError, match=words) as caught:
        auth.access(options)
    assert caught.value.exit_code == errors.USAGE
    assert 'secret' not in caught.value.message


def test_a_static_token_loads_no_library() -> None:
    code = (
        'import sys; from dbaas.cli.flow import api, auth, main\n'
        f'api.Api(auth.access(auth.Options(None, {ENDPOINT!r}, "t")), 1)\n'
        'heavy = {"keystoneauth1", "openstack", "requests", "rich", "yaml", "oslo_config", "sqlalchemy", "flows"}\n'
        'sys.exit(", ".join(heavy & set(sys.modules)) or 0)'
    )
    done = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def _keystone(request: Request) -> Answer:
    root = f'http://{request.headers["Host"]}/v1.0/demo'
    if request.method == 'GET':
        return 200, {'version': {'id': 'v3.14', 'status': 'stable', 'links': [{'rel': 'self', 'href': f'{root}/v3'}]}}
    user = request.body['auth']['identity']['password']['user']
    if user['password'] != 'right':
        return 401, {'error': {'code': 401, 'title': 'Unauthorized', 'message': 'wrong password'}}
    endpoint = {'interface': 'public', 'region': 'R1', 'region_id': 'R1', 'url': ENDPOINT, 'id': 'e'}
    token = {
        'methods': ['password'],
        'user': {'id': 'u', 'name': 'n', 'domain': {'id': 'default', 'name': 'Default'}},
        'project': {'id': 'p1', 'name': 'p1', 'domain': {'id': 'default', 'name': 'Default'}},
        'catalog': [{'type': 'database', 'name': 'dbaas', 'id': 's', 'endpoints': [endpoint]}],
        'expires_at': '2999-01-01T00:00:00.000000Z',
        'issued_at': '2026-01-01T00:00:00.000000Z',
    }
    return 201, {'token': token}, {'X-Subject-Token': 'from-keystone'}


@pytest.fixture
def keystone(monkeypatch: pytest.MonkeyPatch) -> Iterator[Canned]:
    with serving(_keystone) as canned:
        for name, value in {
            'AUTH_URL': f'{canned.url}/v3', 'USERNAME': 'n', 'PASSWORD': 'right', 'PROJECT_NAME': 'p1',
            'USER_DOMAIN_ID': 'default', 'PROJECT_DOMAIN_ID': 'default', 'REGION_NAME': 'R1', 'AUTH_TYPE': 'password',
            'IDENTITY_API_VERSION': '3',
        }.items():  # fmt: skip
            monkeypatch.setenv(f'OS_{name}', value)
        yield canned


def test_a_password_and_the_catalogue(keystone: Canned) -> None:
    found = auth.access(auth.Options('password', auth_url=keystone.url))
    assert (found.url, found.token) == (ENDPOINT, 'from-keystone')
    assert found.renew is not None and found.renew() == 'from-keystone'
    assert [request.method for request in keystone.asked].count('POST') == 2


def test_a_wrong_password(keystone: Canned, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv('OS_PASSWORD', 'hidden-word')
    with pytest.raises(errors.CliError) as caught:
        auth.access(auth.Options('password', auth_url=keystone.url))
    assert caught.value.exit_code == errors.UNAUTHORIZED
    assert 'Unauthorized' in caught.value.message and 'hidden-word' not in caught.value.message


def test_an_unknown_cloud() -> None:
    with pytest.raises(errors.CliError, match='nowhere') as caught:
        auth.access(auth.Options(cloud='nowhere'))
    assert caught.value.exit_code == errors.UNAUTHORIZED
