"""Callers by token: a YAML file of identities, read again when it changes."""

import hashlib
import hmac
import logging
import os
import threading
from typing import Any

import yaml

from dbaas import exceptions
from dbaas.context import RequestContext

LOG = logging.getLogger(__name__)
FIELDS = ('token', 'user_id', 'user_name', 'project_id', 'project_name', 'roles')

Stamp = tuple[int, int, int]
Identity = tuple[bytes, dict[str, Any]]  # digest of the token, the rest


class TokenFile:
    """path: a YAML list of {token, user_id, user_name, project_id, project_name, roles}."""

    def __init__(self, path: str):
        self.path = path
        self._lock = threading.Lock()
        self._stamp: Stamp | None = None
        self._identities: list[Identity] = []

    def authenticate(self, token: str) -> RequestContext:
        """The caller. Raises Unauthorized for an unknown token, Unavailable while there is no usable file."""
        digest = _digest(token)
        found = None
        for known, identity in self._current():  # all of them: the time taken says nothing about a token
            if hmac.compare_digest(known, digest):
                found = identity
        if found is None:
            raise exceptions.Unauthorized('The request you have made requires authentication: unknown token.')
        return RequestContext(**found)

    def _current(self) -> list[Identity]:
        with self._lock:
            try:
                stamp = _stamp(self.path)
                if stamp != self._stamp:
                    self._identities = _read(self.path)
                    self._stamp = stamp
            except (OSError, ValueError) as error:
                if self._stamp is None:
                    LOG.error('token file %s: %s', self.path, error)
                    raise exceptions.Unavailable('Identities cannot be read: see the log of the API.') from None
                LOG.warning('token file %s: %s; the identities read before stay valid', self.path, error)
            return self._identities


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode(errors='surrogateescape')).digest()


def _stamp(path: str) -> Stamp:
    seen = os.stat(path)
    return seen.st_mtime_ns, seen.st_size, seen.st_ino


def _read(path: str) -> list[Identity]:
    """Raises ValueError saying which entry lacks what, never showing a token."""
    with open(path) as text:
        try:
            entries = yaml.safe_load(text) or []
        except yaml.YAMLError as error:
            raise ValueError(f'not YAML: {getattr(error, "problem", "cannot be parsed")}') from None
    if not isinstance(entries, list):
        raise ValueError('not a list of identities')
    return [_identity(number, entry) for number, entry in enumerate(entries, 1)]


def _identity(number: int, entry: Any) -> Identity:
    if not isinstance(entry, dict) or not entry.get('token'):
        raise ValueError(f'entry {number} has no token')
    missing = [name for name in FIELDS if name not in entry]
    if missing:
        raise ValueError(f'entry {number} lacks {", ".join(missing)}')
    roles = entry['roles']
    if not isinstance(roles, list):
        raise ValueError(f'entry {number}: roles is not a list')
    values = {name: str(entry[name]) for name in FIELDS if name not in ('token', 'roles')}
    return _digest(str(entry['token'])), {**values, 'roles': tuple(str(role).lower() for role in roles)}
