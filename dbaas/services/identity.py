"""Callers by static token: a YAML file of identities, read again when it changes."""

import hmac
import logging
import os
import threading

from dbaas import exceptions
from dbaas.services import identity_file
from dbaas.services.identity_file import Identity

LOG = logging.getLogger(__name__)

Stamp = tuple[int, int, int]


class TokenFile:
    """path: a YAML list of {token, user_id, user_name, project_id, project_name, roles, password_hash?}."""

    def __init__(self, path: str):
        self.path = path
        self._lock = threading.Lock()
        self._stamp: Stamp | None = None
        self._identities: list[Identity] = []

    def find(self, token: str) -> Identity | None:
        """Whose static token it is. Raises Unavailable while there is no usable file."""
        digest = identity_file.digest(token)
        found = None
        for identity in self.identities():  # all of them: the time taken says nothing about a token
            if hmac.compare_digest(identity.digest, digest):
                found = identity
        return found

    def identities(self) -> list[Identity]:
        """In the file's order. Raises Unavailable while there is no usable file."""
        with self._lock:
            try:
                stamp = _stamp(self.path)
                if stamp != self._stamp:
                    self._identities = identity_file.read(self.path)
                    self._stamp = stamp
            except (OSError, ValueError) as error:
                if self._stamp is None:
                    LOG.error('token file %s: %s', self.path, error)
                    raise exceptions.Unavailable('Identities cannot be read: see the log of the API.') from None
                LOG.warning('token file %s: %s; the identities read before stay valid', self.path, error)
            return self._identities


def _stamp(path: str) -> Stamp:
    seen = os.stat(path)
    return seen.st_mtime_ns, seen.st_size, seen.st_ino
