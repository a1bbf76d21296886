"""Names of databases and users: what an engine takes, what it would silently change, what is reserved."""

import dataclasses
import functools
import ipaddress
import re
from collections.abc import Iterable, Mapping, Sequence
from importlib import resources
from typing import Any

import yaml

from dbaas import exceptions

NAME = re.compile(r'[A-Za-z0-9_][A-Za-z0-9_.-]*')
ADDRESS = re.compile(r'[0-9A-Fa-f.:]+')
ADDRESS_PATTERN = re.compile(r'[0-9A-Fa-f.:%_]+')  # 10.%, 192.168.1_
UNICODE = {'utf8mb3', 'utf8mb4', 'ucs2', 'utf16', 'utf32'}
ALIASES = {'utf8': 'utf8mb3'}  # what older clients write


@dataclasses.dataclass(frozen=True)
class Rules:
    """Lengths in characters; reserved names in lower case."""

    user_length: int
    database_length: int
    reserved_users: frozenset[str]
    reserved_databases: frozenset[str]
    collations: str  # the file with the character sets and their collations


# by the version's manager
RULES = {
    'mariadb': Rules(
        user_length=128,
        database_length=64,
        reserved_users=frozenset({'root', 'mariadb.sys', 'public', 'mysql', 'os_admin', 'dbaas'}),
        reserved_databases=frozenset({'information_schema', 'performance_schema', 'mysql', 'sys', 'lost+found'}),
        collations='mariadb_collations.yaml',
    )
}


def check(manager: str, databases: Sequence[Mapping[str, Any]], users: Sequence[Mapping[str, Any]]) -> None:
    """databases: [{name, character_set?, collate?}]; users: [{name, host?, databases: [names]}]. Raises BadRequest."""
    rules = RULES.get(manager)
    if rules is None:
        if databases or users:
            raise exceptions.BadRequest(f'Datastore {manager} takes no databases and users at its creation.')
        return
    for database in databases:
        _check_database(rules, database)
    _check_unique('database', (d['name'] for d in databases))
    known = {d['name'] for d in databases}
    for user in users:
        _check_name('user', user['name'], rules.user_length, rules.reserved_users)
        _check_granted(user, known)
    _check_unique('user', (f'{u["name"]}@{host_pattern(u.get("host") or "%")}' for u in users))


def host_pattern(host: str) -> str:
    """A user's host as MariaDB matches it: a network written as 10.0.0.0/8 becomes 10.0.0.0/255.0.0.0.

    Raises BadRequest for what the server would accept and never match: it resolves no names.
    """
    if host in ('%', 'localhost'):
        return host
    if '/' in host or ADDRESS.fullmatch(host):
        return _address(host)
    octets = [part for part in host.split('.') if part.isdigit()]
    if not ADDRESS_PATTERN.fullmatch(host) or host.count('.') > 3 or any(int(part) > 255 for part in octets):
        raise _bad_host(host)
    return host


def _address(host: str) -> str:
    try:
        if '/' in host:
            return ipaddress.IPv4Network(host).with_netmask
        return str(ipaddress.ip_address(host))
    except ValueError:
        raise _bad_host(host) from None


def _bad_host(host: str) -> exceptions.BadRequest:
    return exceptions.BadRequest(
        f"Host {host[:80]!r} is not '%', localhost, an address, a network (10.0.0.0/8) or a pattern (10.%); "
        'names are not resolved.'
    )


def _check_database(rules: Rules, database: Mapping[str, Any]) -> None:
    _check_name('database', database['name'], rules.database_length, rules.reserved_databases)
    charset, collation = database.get('character_set'), database.get('collate')
    known = _collations(rules.collations)
    if charset is not None and charset not in known:
        raise exceptions.BadRequest(f'Character set {charset[:64]!r} is not known.')
    if collation is None:
        return
    owners = [name for name, collations in known.items() if collation in collations]
    if not owners:
        raise exceptions.BadRequest(f'Collation {collation[:64]!r} is not known.')
    if charset is not None and charset not in owners:
        raise exceptions.BadRequest(f'Collation {collation} does not belong to character set {charset}.')


@functools.cache
def _collations(file: str) -> dict[str, frozenset[str]]:
    data = yaml.safe_load(resources.files('dbaas.services').joinpath(file).read_text())
    everywhere = data.pop('uca1400', [])
    for charset in UNICODE & set(data):
        data[charset] += [*everywhere, *(f'{charset}_{name}' for name in everywhere)]
    for name, charset in ALIASES.items():
        data[name] = data[charset] + [c.replace(charset, name, 1) for c in data[charset]]
    return {name: frozenset(collations) for name, collations in data.items()}


def _check_name(kind: str, name: str, length: int, reserved: frozenset[str]) -> None:
    if not NAME.fullmatch(name):
        raise exceptions.BadRequest(
            f'The {kind} name {name[:80]!r} is not allowed: letters, digits and _ . - only, not beginning with . or -.'
        )
    if len(name) > length:
        raise exceptions.BadRequest(f'The {kind} name {name[:80]!r} is longer than {length} characters.')
    if name.lower() in reserved:
        raise exceptions.BadRequest(f'The {kind} name {name!r} is reserved.')


def _check_granted(user: Mapping[str, Any], known: set[str]) -> None:
    missing = sorted(set(user['databases']) - known)
    if missing:
        raise exceptions.BadRequest(
            f'User {user["name"]} is to have access to {missing[0][:80]!r}, which is not in the list of databases.'
        )


def _check_unique(kind: str, names: Iterable[str]) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise exceptions.BadRequest(f'The {kind} {name} is given twice.')
        seen.add(name)
