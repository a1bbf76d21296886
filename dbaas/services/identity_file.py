"""identity.yaml: who may call. Reading and writing it; messages name the entry that is wrong and show no secret."""

import contextlib
import dataclasses
import fcntl
import hashlib
import os
import re
from collections.abc import Iterator
from typing import Any

import yaml

from dbaas.context import RequestContext
from guestagent.contract import processes

TEXTS = {'token': 512, 'user_id': 64, 'user_name': 255, 'project_id': 64, 'project_name': 255}  # longest
REQUIRED = (*TEXTS, 'roles')
OPTIONAL = ('password_hash',)
KNOWN_ROLES = {'admin', 'member', 'reader'}
HASH = re.compile(r'scrypt:\d{1,9}:\d{1,3}:\d{1,3}\$[^$\s]+\$[0-9a-f]{128}')

Entry = dict[str, Any]  # one identity as it stands in the file


@dataclasses.dataclass(frozen=True)
class Identity:
    """One user in one project. digest: SHA-256 of the static token; the token itself is not kept."""

    digest: bytes
    user_id: str
    user_name: str
    project_id: str
    project_name: str
    roles: tuple[str, ...]  # lower case
    password_hash: str | None = None

    def context(self) -> RequestContext:
        """Who has none of the roles that policy knows counts as a member: only `reader` makes somebody read only."""
        roles = self.roles if KNOWN_ROLES & set(self.roles) else (*self.roles, 'member')
        return RequestContext(self.project_id, self.user_id, self.user_name, self.project_name, roles)


def digest(token: str) -> bytes:
    return hashlib.sha256(token.encode(errors='surrogateescape')).digest()


def read(path: str) -> list[Identity]:
    """Raises OSError, or ValueError saying which entry is wrong."""
    return parsed(entries(path))


def entries(path: str) -> list[Entry]:
    """What the file says, unchecked. Raises OSError, or ValueError when it is no list."""
    with open(path) as text:
        try:
            found = yaml.safe_load(text) or []
        except yaml.YAMLError as error:
            raise ValueError(f'not YAML: {getattr(error, "problem", "cannot be parsed")}') from None
    if not isinstance(found, list):
        raise ValueError('not a list of identities')
    return found


def parsed(found: list[Entry]) -> list[Identity]:
    """Raises ValueError saying which entry is wrong."""
    identities = [_identity(f'entry {number}', entry) for number, entry in enumerate(found, 1)]
    _one('token', 'entry', [(f'of entry {n}', one.digest, n) for n, one in enumerate(identities, 1)])
    for what in ('user', 'project'):
        pairs = [(getattr(one, f'{what}_name'), getattr(one, f'{what}_id')) for one in identities]
        _one(f'{what}_name', f'{what}_id', [(name, name, id_) for name, id_ in pairs])
        _one(f'{what}_id', f'{what}_name', [(id_, id_, name) for name, id_ in pairs])
    hashed = [one for one in identities if one.password_hash]
    _one('user', 'password_hash', [(one.user_name, one.user_id, one.password_hash) for one in hashed])
    return identities


@contextlib.contextmanager
def editing(path: str) -> Iterator[list[Entry]]:
    """The entries, to be changed in place; written when the block ends well. One editor at a time; comments are lost.

    A missing file is an empty list. Raises OSError, or ValueError when the old or the new content is wrong.
    """
    folder = os.open(os.path.dirname(os.path.abspath(path)), os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        before = os.stat(path) if os.path.exists(path) else None
        found = entries(path) if before else []
        parsed(found)
        yield found
        parsed(found)
        processes.replace(path, yaml.safe_dump(found, sort_keys=False))
        if before and os.geteuid() == 0:
            os.chown(path, before.st_uid, before.st_gid)  # root edits it for whoever reads it
    finally:
        os.close(folder)


def _one(what: str, of: str, rows: list[tuple[str, Any, Any]]) -> None:
    """rows: (how to name it, key, value). Raises ValueError where a key has two values."""
    seen: dict[Any, Any] = {}
    for name, key, value in rows:
        if seen.setdefault(key, value) != value:
            raise ValueError(f'{what} {name} has more than one {of}')


def _identity(where: str, entry: Any) -> Identity:
    if not isinstance(entry, dict) or not entry.get('token'):
        raise ValueError(f'{where} has no token')
    missing = [name for name in REQUIRED if name not in entry]
    if missing:
        raise ValueError(f'{where} lacks {", ".join(missing)}')
    if 'password' in entry:
        raise ValueError(f'{where} has a password: only its hash is kept here, see `dbaas-manage identity passwd`')
    foreign = [str(name) for name in entry if name not in REQUIRED + OPTIONAL]
    if foreign:
        raise ValueError(f'{where} has what nobody knows: {", ".join(foreign)}')
    texts = {name: _text(f'{where}: {name}', entry[name], longest) for name, longest in TEXTS.items()}
    if '/' in texts['project_id'] or '/' in texts['user_id']:
        raise ValueError(f'{where}: an id has a / in it')
    token = texts.pop('token')
    return Identity(digest(token), **texts, roles=_roles(where, entry['roles']), password_hash=_hash(where, entry))


def _text(where: str, value: Any, longest: int) -> str:
    if not isinstance(value, str):
        raise ValueError(f'{where} is not text: put it in quotes')
    if not value.strip() or len(value) > longest or not value.isprintable():
        raise ValueError(f'{where} is empty, longer than {longest} characters, or not printable')
    return value


def _roles(where: str, roles: Any) -> tuple[str, ...]:
    if not isinstance(roles, list):
        raise ValueError(f'{where}: roles is not a list')
    return tuple(_text(f'{where}: a role', role, 255).lower() for role in roles)


def _hash(where: str, entry: Entry) -> str | None:
    found = entry.get('password_hash')
    if found is not None and not (isinstance(found, str) and HASH.fullmatch(found)):
        raise ValueError(f'{where}: password_hash is none: set the password with `dbaas-manage identity passwd`')
    return found
