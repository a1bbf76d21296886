"""The tokens of the API's own Keystone: how long and where they are valid, who may ask about and revoke them."""

from typing import Any

import pytest

from tests.api.house import ADMIN, KEYRING, MEMBER, STRANGER, House
from tests.api.logins import ELSEWHERE, HASH, TOKENS, WITH_PASSWORD, bearer, by_password, by_token, enter


# -- validity --------------------------------------------------------------------------------------------------------
def test_a_token_is_sealed_and_works_in_every_process(people: House, template: str, tmp_path: Any) -> None:
    folder = tmp_path / 'other'
    folder.mkdir()
    other = House(template, str(folder))
    other.write_identities([WITH_PASSWORD])
    held = bearer(enter(people, by_password()))
    assert 'member' not in held['token'] and len(held['token']) < 500
    other.get('/instances', held)
    other.db.close()


def test_a_token_that_somebody_changed_or_that_is_sealed_for_something_else_is_401(people: House) -> None:
    token = enter(people, by_password()).headers['X-Subject-Token']
    head, _, sealed = token.rpartition('.')
    key_id, nonce, foreign = KEYRING.seal(b'["u-member"]', b'something else')
    bad = [
        head, f'{head}.', f'{head}.{sealed[:-4]}AAAA', f'{head}.{sealed[:20]}', f'{token}.x', 'dbaas1.', 'dbaas1..',
        f'dbaas1.bm8.{sealed}', f'{head}.é', f'dbaas1.{key_id}.{(nonce + foreign).hex()}',
    ]  # fmt: skip
    for one in bad:
        assert people.call('GET', '/instances', who={**MEMBER, 'token': one}).status_code == 401, one
    people.get('/instances', {**MEMBER, 'token': token})


def test_a_token_expires(people: House) -> None:
    held = bearer(enter(people, by_password()))
    people.now += 3598
    people.get('/instances', held)
    people.now += 3
    assert 'expired' in people.call('GET', '/instances', who=held).text


@pytest.mark.parametrize(
    'entries',
    [
        [{**MEMBER, 'password_hash': HASH[:-1] + ('0' if HASH[-1] != '0' else '1')}],  # another password
        [MEMBER],
        [{**ELSEWHERE, 'password_hash': HASH}],  # no longer in the project
        [ADMIN],
    ],
    ids=['new password', 'no password', 'left', 'gone'],
)
def test_what_is_taken_away_in_the_file_ends_tokens_at_once(people: House, entries: list[dict[str, Any]]) -> None:
    held = bearer(enter(people, by_password()))
    people.get('/instances', held)
    people.write_identities(entries)
    assert people.call('GET', '/v1.0/demo/instances', who=held).status_code == 401


def test_roles_are_those_of_today(people: House) -> None:
    held = bearer(enter(people, by_password()))
    wait = ('POST', '/operations', {'type': 'demo.wait', 'inputs': {'seconds': 1}})
    assert people.call(*wait, who=held).status_code == 403
    people.write_identities([{**WITH_PASSWORD, 'roles': ['admin']}])
    assert people.call(*wait, who=held).status_code == 202


# -- validation and revocation ---------------------------------------------------------------------------------------
def subject(house: House, method: str, token: str, who: dict[str, Any]) -> Any:
    return house.call(method, TOKENS, who=who, headers={'X-Subject-Token': token})


def test_validation(people: House) -> None:
    given = enter(people, by_password())
    token = given.headers['X-Subject-Token']
    for who in (MEMBER, ADMIN, bearer(given)):
        answer = subject(people, 'GET', token, who)
        assert answer.status_code == 200 and answer.headers['X-Subject-Token'] == token
        assert answer.json == given.json
        assert subject(people, 'HEAD', token, who).status_code == 200
    for who, one in [(STRANGER, token), (MEMBER, 'x'), (MEMBER, ''), (MEMBER, STRANGER['token'])]:
        assert subject(people, 'GET', one, who).status_code == 404
        assert subject(people, 'HEAD', one, who).status_code == 404
    assert subject(people, 'GET', token, {**MEMBER, 'token': 'x'}).status_code == 401
    assert subject(people, 'GET', STRANGER['token'], ADMIN).json['token']['user']['id'] == 'u-stranger'
    assert 'catalog' not in people.call('GET', f'{TOKENS}?nocatalog', headers={'X-Subject-Token': token}).json['token']


def test_revocation(people: House) -> None:
    token = enter(people, by_password()).headers['X-Subject-Token']
    other = enter(people, by_password()).headers['X-Subject-Token']
    assert subject(people, 'DELETE', token, STRANGER).status_code == 404
    answer = subject(people, 'DELETE', token, MEMBER)
    assert answer.status_code == 204 and answer.data == b''
    assert people.call('GET', '/instances', who={**MEMBER, 'token': token}).status_code == 401
    enter(people, by_token(token), 401)
    people.get('/instances', {**MEMBER, 'token': other})
    assert subject(people, 'DELETE', MEMBER['token'], MEMBER).status_code == 403
