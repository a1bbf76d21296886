"""Tokens: who is let in, and what a token file that changes or breaks does."""

import os

import pytest

from tests.api.house import ADMIN, MEMBER, STRANGER, House, fault


@pytest.mark.parametrize('token', ['', 'x', 'member-token ', 'MEMBER-TOKEN', 'member-tokenmember-token', 'é', '\x7f'])
def test_an_unknown_token_is_401(house: House, token: str) -> None:
    fault(house.call('GET', '/instances', who={**MEMBER, 'token': token}), 401)


def test_no_token_is_401_before_anything_else(house: House) -> None:
    for method, path in [('GET', '/instances'), ('POST', '/instances'), ('GET', '/nothing'), ('GET', '')]:
        fault(house.call(method, path, who=None), 401)


@pytest.mark.parametrize('who', [MEMBER, ADMIN], ids=['member', 'admin'])
def test_the_urls_project_must_be_the_tokens(house: House, who: dict[str, str]) -> None:
    for path in ('/v1.0/other/instances', '/v1.0/other/nothing', '/v1.0/', '/v1.0/other'):
        fault(house.call('GET', path, who=who), 403)


def test_each_token_opens_its_own_project(house: House) -> None:
    assert house.get('/instances', STRANGER) == {'instances': []}
    fault(house.call('GET', '/v1.0/demo/instances', who=STRANGER), 403)


def test_a_changed_file_is_read_again(house: House) -> None:
    house.get('/instances')
    house.write_identities([{**MEMBER, 'token': 'another'}, ADMIN])
    fault(house.call('GET', '/instances'), 401)
    house.get('/instances', {**MEMBER, 'token': 'another'})


def test_a_file_that_breaks_leaves_the_identities_read_before(house: House) -> None:
    house.get('/instances')
    with open(house.identities, 'w') as out:
        out.write('- {token: [')
    house.get('/instances')
    os.unlink(house.identities)
    house.get('/instances')


@pytest.mark.parametrize('content', ['{', 'a: b', '- 3', '- {token: x}', '- {token: x, roles: admin}', '- [x]'])
def test_without_a_usable_file_nobody_is_let_in(house: House, content: str, caplog: pytest.LogCaptureFixture) -> None:
    with open(house.identities, 'w') as out:
        out.write(content)
    fault(house.call('GET', '/instances'), 503)
    assert 'identity.yaml' in caplog.text


def test_a_missing_file_is_503_and_an_empty_one_lets_nobody_in(house: House) -> None:
    os.unlink(house.identities)
    fault(house.call('GET', '/instances'), 503)
    house.write_identities([])
    fault(house.call('GET', '/instances'), 401)


def test_roles_are_compared_in_lower_case(house: House) -> None:
    house.write_identities([{**MEMBER, 'roles': ['Admin']}])
    assert house.call('POST', '/operations', {'type': 'demo.wait', 'inputs': {'seconds': 1}}).status_code == 202
