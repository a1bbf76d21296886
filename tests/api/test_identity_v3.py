"""Keystone's calls without Keystone: documents, logins, scopes, projects, what is refused."""

import datetime
from typing import Any

import pytest

from dbaas.services import passwords
from tests.api.house import ADMIN, MEMBER, House
from tests.api.logins import (
    TOKENS,
    V3,
    bearer,
    by_password,
    by_token,
    enter,
    project,
)


# -- documents -------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize('path', ['/identity', '/identity/'])
def test_versions(house: House, path: str) -> None:
    """300 as Keystone's; clients look for the version in versions.values and follow its link."""
    answer = house.call('GET', path, who=None)
    assert answer.status_code == 300
    (version,) = answer.json['versions']['values']
    assert version['id'].startswith('v3.') and version['status'] == 'stable'
    assert version['links'] == [{'rel': 'self', 'href': 'http://localhost/identity/v3/'}]


@pytest.mark.parametrize('path', [V3, f'{V3}/'])
def test_the_version(house: House, path: str) -> None:
    assert house.call('GET', path, who=None).json['version']['id'].startswith('v3.')


def test_a_login_with_password(people: House) -> None:
    answer = enter(people, by_password(scope=project('demo')))
    token = answer.json['token']
    assert (token['user']['id'], token['user']['name'], token['methods']) == ('u-member', 'member', ['password'])
    assert token['project'] == {'id': 'demo', 'name': 'demo', 'domain': {'id': 'default', 'name': 'Default'}}
    assert [role['name'] for role in token['roles']] == ['member']
    urls = {
        service['type']: {e['interface']: (e['url'], e['region']) for e in service['endpoints']}
        for service in token['catalog']
    }
    database = ('http://localhost/v1.0/demo', 'RegionOne')
    assert urls['database'] == {'public': database, 'internal': database, 'admin': database}
    assert urls['identity']['public'][0] == 'http://localhost/identity'
    issued, expires = (
        datetime.datetime.strptime(token[key], '%Y-%m-%dT%H:%M:%S.%fZ') for key in ('issued_at', 'expires_at')
    )
    assert abs((expires - issued).total_seconds() - 3600) < 1
    assert people.get('/instances', bearer(answer)) == {'instances': []}


def test_links_and_urls_have_the_scheme_and_host_of_the_request(people: House) -> None:
    answer = people.call('POST', TOKENS, by_password(), who=None, base_url='https://db.example:8443')
    urls = {e['url'] for service in answer.json['token']['catalog'] for e in service['endpoints']}
    assert urls == {'https://db.example:8443/v1.0/demo', 'https://db.example:8443/identity'}


# -- scopes ----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ('scope', 'there', 'roles'),
    [
        (None, 'demo', ['member']),
        ({'project': {'id': 'demo'}}, 'demo', ['member']),
        ({'project': {'id': 'p2'}}, 'p2', ['admin']),
        (project('second'), 'p2', ['admin']),
        ({'project': {'name': 'second', 'domain': {'id': 'default'}}}, 'p2', ['admin']),
    ],
)
def test_the_scope_says_which_project(people: House, scope: Any, there: str, roles: list[str]) -> None:
    token = enter(people, by_password(scope=scope)).json['token']
    assert token['project']['id'] == there and [r['id'] for r in token['roles']] == roles


@pytest.mark.parametrize(
    'scope',
    [
        project('other'), {'project': {'id': 'other'}}, {'project': {'id': 'none'}}, {'project': {}},
        {'project': {'name': 'demo', 'domain': {'name': 'Elsewhere'}}}, {'domain': {'name': 'Default'}},
        {'system': {'all': True}}, {'OS-TRUST:trust': {'id': 'x'}},
    ],
)  # fmt: skip
def test_no_scope_but_ones_own_projects(people: House, scope: Any) -> None:
    enter(people, by_password(scope=scope), 401)


def test_an_unscoped_token_opens_nothing_but_can_be_exchanged(people: House) -> None:
    answer = enter(people, by_password(scope='unscoped'))
    assert not {'project', 'catalog', 'roles'} & set(answer.json['token'])
    held = bearer(answer)
    for path in ('/v1.0/demo/instances', '/v1.0//instances', '/v1.0/'):
        assert people.call('GET', path, who=held).status_code == 401
    listed = people.call('GET', f'{V3}/auth/projects', who=held).json['projects']
    assert [one['name'] for one in listed] == ['demo', 'second']
    assert people.call('GET', f'{V3}/auth/catalog', who=held).json['catalog'] == []
    exchanged = enter(people, by_token(held['token'], project('second')))
    assert exchanged.json['token']['methods'] == ['token', 'password']
    people.get('/v1.0/p2/instances', bearer(exchanged))


# -- by token --------------------------------------------------------------------------------------------------------
def test_a_static_token_is_exchanged_for_its_own_project_only(people: House) -> None:
    token = enter(people, by_token(MEMBER['token'])).json['token']
    assert (token['project']['id'], token['methods']) == ('demo', ['token'])
    enter(people, by_token(MEMBER['token'], project('second')), 401)
    given = enter(people, by_token(MEMBER['token'], 'unscoped')).headers['X-Subject-Token']
    enter(people, by_token(given, project('second')), 401)
    enter(people, by_token('unknown'), 401)


def test_an_exchange_does_not_prolong(people: House) -> None:
    first = enter(people, by_password())
    people.now += 1800
    second = enter(people, by_token(first.headers['X-Subject-Token'], project('second')))
    assert second.json['token']['expires_at'] == first.json['token']['expires_at']
    people.now += 1801
    assert people.call('GET', '/v1.0/p2/instances', who=bearer(second)).status_code == 401


# -- wrong -----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    'body',
    [
        by_password(password='wrong'),
        by_password(password=''),
        by_password('nobody'),
        by_password('admin'),  # has no password
        by_password(domain={'name': 'Elsewhere'}),
        by_password(domain={'id': 'elsewhere'}),
        by_password(id='u-nobody'),
        by_password(id='u-admin'),
    ],
)
def test_whatever_is_wrong_is_refused_alike(people: House, body: dict[str, Any]) -> None:
    message = enter(people, body, 401).json['error']['message']
    assert message == 'The request you have made requires authentication.'


@pytest.mark.parametrize(
    'body',
    [
        {}, {'auth': {}}, {'auth': {'identity': {}}}, {'auth': {'identity': {'methods': []}}}, {'auth': []},
        by_password() | {'more': 1}, by_password(scope='other'), by_password(scope={}), by_password(scope=7),
        by_password(scope={'project': 'demo'}), by_password(password=7), by_password(password='\ud800'),
        by_password(password='x' * 1025), by_password(name=['member']),
    ],
)  # fmt: skip
def test_what_is_no_login_is_400(people: House, body: dict[str, Any]) -> None:
    enter(people, body, 400)


@pytest.mark.parametrize('methods', [['totp'], ['password', 'totp'], ['application_credential'], ['token']])
def test_other_methods_are_401(people: House, methods: list[str]) -> None:
    body = by_password()
    body['auth']['identity']['methods'] = methods
    enter(people, body, 401)


def test_nobody_learns_from_the_time_whether_a_user_exists(people: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """One comparison of the same cost for each refusal, also for users who do not exist or have to wait."""
    compared: list[str] = []
    check = passwords.security.check_password_hash
    monkeypatch.setattr(
        passwords.security, 'check_password_hash', lambda kept, given: compared.append(kept) or check(kept, given)
    )
    for body in [by_password('nobody'), by_password('admin'), *[by_password(password='wrong')] * 7]:
        enter(people, body, 401)
    assert len(compared) == 9 and {kept.split('$')[0] for kept in compared} == {'scrypt:32768:8:1'}


def test_after_wrong_passwords_a_user_waits(people: House) -> None:
    for _ in range(5):
        enter(people, by_password(password='wrong'), 401)
    enter(people, by_password(), 401)
    people.get('/instances')  # tokens are not affected
    people.now += 31
    enter(people, by_password())
    enter(people, by_password(password='wrong'), 401)
    enter(people, by_password())


# -- projects and users ----------------------------------------------------------------------------------------------
def names(house: House, who: dict[str, Any], query: str = '') -> list[str]:
    answer = house.call('GET', f'{V3}/projects{query}', who=who)
    assert answer.status_code == 200, answer.text
    return [one['name'] for one in answer.json['projects']]


def test_projects(people: House) -> None:
    assert names(people, MEMBER) == ['demo', 'second']
    assert names(people, ADMIN) == ['demo', 'second', 'other']
    assert names(people, ADMIN, '?name=other&domain_id=default') == ['other']
    assert names(people, MEMBER, '?name=other') == names(people, ADMIN, '?domain_id=x') == []
    shown = people.call('GET', f'{V3}/projects/demo').json['project']
    assert (shown['id'], shown['name'], shown['domain_id'], shown['enabled']) == ('demo', 'demo', 'default', True)
    for who, one, code in [(MEMBER, 'other', 404), (ADMIN, 'other', 200), (ADMIN, 'none', 404)]:
        assert people.call('GET', f'{V3}/projects/{one}', who=who).status_code == code


def test_users(people: House) -> None:
    shown = people.call('GET', f'{V3}/users/u-member').json['user']
    assert (shown['id'], shown['name'], shown['domain_id']) == ('u-member', 'member', 'default')
    for who, one, code in [(MEMBER, 'u-admin', 404), (ADMIN, 'u-stranger', 200), (ADMIN, 'none', 404)]:
        assert people.call('GET', f'{V3}/users/{one}', who=who).status_code == code


def test_errors_are_keystones(people: House) -> None:
    for method, path, code in [
        ('GET', '/identity/v2.0', 404), ('PUT', TOKENS, 404), ('GET', f'{V3}/projects', 401), ('OPTIONS', TOKENS, 404),
        ('HEAD', '/identity/nothing', 404),
    ]:  # fmt: skip
        answer = people.call(method, path, who=None)
        assert answer.status_code == code
        assert method == 'HEAD' or answer.json['error']['code'] == code
    assert list(people.call('GET', '/identityx', who=None).json) == ['itemNotFound']


def test_it_can_be_switched_off(template: str, tmp_path: Any) -> None:
    house = House(template, str(tmp_path), identity_serve_v3=False)
    for path in ('/identity', V3, TOKENS, f'{V3}/projects'):
        assert house.call('GET', path, who=ADMIN).status_code == 404
    house.get('/instances')
    house.db.close()


def test_the_document_says_what_errors_look_like(house: House) -> None:
    document = house.app.test_client().get('/openapi.json').json
    for verb, code in {'get': '200', 'post': '201', 'delete': '204'}.items():
        answers = document['paths'][TOKENS][verb]['responses']
        assert code in answers and 'KeystoneFault' in str(answers['401'])
