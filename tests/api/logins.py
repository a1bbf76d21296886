"""Logging in at the API's own Keystone: who can, bodies as clients send them."""

from typing import Any

from dbaas.services import passwords
from tests.api.house import ADMIN, MEMBER, STRANGER, House

V3 = '/identity/v3'
TOKENS = f'{V3}/auth/tokens'
PASSWORD = 'correct horse'
HASH = passwords.hashed(PASSWORD)  # once: each takes its time on purpose
DOMAIN = {'domain': {'name': 'Default'}}
WITH_PASSWORD = {**MEMBER, 'password_hash': HASH}
ELSEWHERE = {**MEMBER, 'token': 'member-elsewhere', 'project_id': 'p2', 'project_name': 'second', 'roles': ['admin']}


def with_passwords(house: House) -> House:
    """The member has a password, and a place in a second project."""
    house.write_identities([WITH_PASSWORD, ELSEWHERE, ADMIN, STRANGER])
    return house


def by_password(name: str = 'member', password: str = PASSWORD, scope: Any = None, **user: Any) -> dict[str, Any]:
    """A body as clients send it."""
    user = {'name': name, **DOMAIN, **user, 'password': password}
    auth = {'identity': {'methods': ['password'], 'password': {'user': user}}}
    return {'auth': auth if scope is None else {**auth, 'scope': scope}}


def by_token(token: str, scope: Any = None) -> dict[str, Any]:
    auth = {'identity': {'methods': ['token'], 'token': {'id': token}}}
    return {'auth': auth if scope is None else {**auth, 'scope': scope}}


def enter(house: House, body: dict[str, Any], code: int = 201) -> Any:
    answer = house.call('POST', TOKENS, body, who=None)
    assert answer.status_code == code, answer.text
    if code != 201:
        assert (
            answer.json['error']['code'] == code
            and answer.json['error']['title']
            and 'X-Subject-Token' not in answer.headers
        )
    return answer


def bearer(answer: Any) -> dict[str, Any]:
    return {**MEMBER, 'token': answer.headers['X-Subject-Token']}


def project(name: str) -> dict[str, Any]:
    return {'project': {'name': name, **DOMAIN}}
