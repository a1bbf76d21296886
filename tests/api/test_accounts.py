"""Hosts, character sets and names as the engine takes them."""

from typing import Any

import pytest

from dbaas.exceptions import BadRequest
from dbaas.services import accounts


@pytest.mark.parametrize(
    ('written', 'kept'),
    [
        ('%', '%'),
        ('localhost', 'localhost'),
        ('10.1.2.3', '10.1.2.3'),
        ('10.%', '10.%'),
        ('192.168.1_', '192.168.1_'),
        ('192.168.%.1', '192.168.%.1'),
        ('10.0.0.0/8', '10.0.0.0/255.0.0.0'),
        ('10.0.0.0/255.0.0.0', '10.0.0.0/255.0.0.0'),
        ('::1', '::1'),
        ('fe80:%', 'fe80:%'),
    ],
)
def test_a_host_is_kept_in_the_form_that_the_server_matches(written: str, kept: str) -> None:
    assert accounts.host_pattern(written) == kept


@pytest.mark.parametrize(
    'host',
    ['10.0.0.1/8', '10.0.0.0/33', '::/0', '10.0', '300.1.1.1', '300.%', '1.2.3.4.%', 'db.example', '%.example', 'a b'],
)
def test_a_host_that_would_never_match_is_refused(host: str) -> None:
    with pytest.raises(BadRequest, match='names are not resolved'):
        accounts.host_pattern(host)


@pytest.mark.parametrize(
    'database',
    [
        {'name': 'a', 'character_set': 'utf8', 'collate': 'utf8_general_ci'},
        {'name': 'a', 'character_set': 'utf8mb4', 'collate': 'uca1400_ai_ci'},
        {'name': 'a', 'collate': 'utf8mb4_uca1400_ai_ci'},
        {'name': 'a', 'character_set': 'latin1'},
        {'name': '_x.y-z0'},
        {'name': 'd' * 64},
    ],
)
def test_databases_that_the_server_takes(database: dict[str, Any]) -> None:
    accounts.check('mariadb', [database], [{'name': 'u' * 128, 'databases': [database['name']]}])


def test_the_same_user_from_two_hosts_is_two_users() -> None:
    user = {'name': 'ann', 'databases': []}
    accounts.check('mariadb', [], [user, {**user, 'host': '10.%'}])
    with pytest.raises(BadRequest, match='twice'):
        accounts.check('mariadb', [], [{**user, 'host': '10.0.0.0/8'}, {**user, 'host': '10.0.0.0/255.0.0.0'}])


def test_a_datastore_without_rules_takes_no_accounts() -> None:
    accounts.check('redis', [], [])
    with pytest.raises(BadRequest):
        accounts.check('redis', [{'name': 'a'}], [])
