"""Who a token stands for, and tokens that are given for a password: sealed, so that no table and no sharing is needed.

A sealed token carries user, project, expiry and a fingerprint of the credential that it was given for. Roles, and
whether the user still exists, are looked up in the token file at each use.
"""

import base64
import dataclasses
import hashlib
import hmac
import json
import secrets
import threading
from collections.abc import Callable
from typing import Any

from cryptography.exceptions import InvalidTag

from dbaas.context import RequestContext
from dbaas.exceptions import Forbidden, Unauthorized
from dbaas.services.identity import TokenFile
from dbaas.services.identity_file import Identity
from dbaas.services.keyring import Keyring, KeyringError
from dbaas.services.passwords import Gate

PREFIX = 'dbaas1.'
PURPOSE = b'identity token'  # what else the same keys seal does not open as a token
UNKNOWN = 'The request you have made requires authentication: unknown token.'
REFUSED = 'The request you have made requires authentication.'  # one text for every reason


@dataclasses.dataclass(frozen=True)
class Scope:
    """Which project a token is wanted for; nothing given: the user's first one."""

    project_id: str | None = None
    project_name: str | None = None
    none: bool = False

    def covers(self, identity: Identity) -> bool:
        return self.project_id in (None, identity.project_id) and self.project_name in (None, identity.project_name)


@dataclasses.dataclass(frozen=True)
class Login:
    """A valid token. identity: the user, in the project where `scoped`; times: seconds since the epoch."""

    token: str
    identity: Identity
    scoped: bool
    methods: tuple[str, ...]
    issued: float
    expires: float
    audit: str
    proof: str  # fingerprint of the credential

    def context(self) -> RequestContext:
        ctx = self.identity.context()
        return ctx if self.scoped else dataclasses.replace(ctx, project_id='', project_name='', roles=())


class Logins:
    """ttl: seconds that a token given for a password is valid."""

    def __init__(self, file: TokenFile, keyring: Keyring, clock: Callable[[], float], ttl: float):
        self.file = file
        self._keyring, self._clock, self._ttl = keyring, clock, ttl
        self._gate = Gate(clock)
        self._lock = threading.Lock()
        self._revoked: dict[str, float] = {}  # audit id -> expiry

    def authenticate(self, token: str) -> RequestContext:
        """The caller. Raises Unauthorized for a token that is unknown, expired or revoked."""
        return self.look(token).context()

    def look(self, token: str) -> Login:
        """Raises Unauthorized."""
        found = self.file.find(token)
        if found is not None:
            now = self._clock()
            proof = _fingerprint(found.digest)
            return Login(token, found, True, ('token',), now, now + self._ttl, _audit(proof), proof)
        login = self._opened(token)
        with self._lock:
            if login.audit in self._revoked:
                raise Unauthorized(UNKNOWN)
        return login

    def by_password(self, password: str, scope: Scope, *, user_id: str | None = None, name: str | None = None) -> Login:
        """user_id or name. Raises Unauthorized, always with the same text and after the same time."""
        mine = [
            one
            for one in self.file.identities()
            if (one.user_id == user_id if user_id is not None else one.user_name == name)
        ]
        kept = next((one.password_hash for one in mine if one.password_hash), None)
        if not self._gate.opens(mine[0].user_id if mine else None, kept, password) or kept is None:
            raise Unauthorized(REFUSED)
        now = self._clock()
        return self._issue(mine, scope, ('password',), now + self._ttl, _fingerprint(kept.encode()))

    def by_token(self, token: str, scope: Scope) -> Login:
        """A token for another one, valid no longer than that. Raises Unauthorized."""
        old = self.look(token)
        mine = _provable(self.file.identities(), old.identity.user_id, old.proof)
        if not old.scoped and scope == Scope():
            scope = Scope(none=True)
        elif old.scoped and scope == Scope():
            scope = Scope(project_id=old.identity.project_id)
        methods = old.methods if 'token' in old.methods else ('token', *old.methods)
        return self._issue(mine, scope, methods, old.expires, old.proof)

    def opened_by(self, token: str) -> list[Identity]:
        """The user in every project that the token can be exchanged for. Raises Unauthorized."""
        login = self.look(token)
        return _provable(self.file.identities(), login.identity.user_id, login.proof)

    def revoke(self, login: Login) -> None:
        """This process refuses it from now on; others until it expires. Raises Forbidden for a static token."""
        if not login.token.startswith(PREFIX) or self.file.find(login.token) is not None:
            raise Forbidden('A static token is revoked by removing it from the token file.')
        now = self._clock()
        with self._lock:
            self._revoked = {audit: until for audit, until in self._revoked.items() if until > now}
            self._revoked[login.audit] = login.expires

    def _issue(self, mine: list[Identity], scope: Scope, methods: tuple[str, ...], expires: float, proof: str) -> Login:
        fitting = [one for one in mine if scope.covers(one)]
        if not fitting:
            raise Unauthorized(REFUSED)
        identity, now, audit = fitting[0], self._clock(), secrets.token_urlsafe(16)
        project = None if scope.none else identity.project_id
        content = [identity.user_id, project, methods, now, expires, audit, proof]
        key_id, nonce, sealed = self._keyring.seal(json.dumps(content).encode(), PURPOSE)
        token = f'{PREFIX}{_text(key_id.encode())}.{_text(nonce + sealed)}'
        return Login(token, identity, project is not None, methods, now, expires, audit, proof)

    def _opened(self, token: str) -> Login:
        if not token.startswith(PREFIX):
            raise Unauthorized(UNKNOWN)
        try:
            key_id, sealed = map(_bytes, token.removeprefix(PREFIX).split('.'))
            opened = self._keyring.open(key_id.decode(), sealed[:12], sealed[12:], PURPOSE)
        except (ValueError, InvalidTag, KeyringError):
            raise Unauthorized(UNKNOWN) from None
        user_id, project, methods, issued, expires, audit, proof = json.loads(opened)
        if self._clock() >= expires:
            raise Unauthorized('The request you have made requires authentication: the token has expired.')
        for one in _provable(self.file.identities(), user_id, proof):
            if project in (None, one.project_id):
                return Login(token, one, project is not None, tuple(methods), issued, expires, audit, proof)
        raise Unauthorized(UNKNOWN)  # the user, his place in the project or the credential is gone


def _provable(identities: list[Identity], user_id: str, proof: str) -> list[Identity]:
    """What a credential opens: a password all projects of its user, a static token its own."""
    mine = [one for one in identities if one.user_id == user_id]
    kept = next((one.password_hash for one in mine if one.password_hash), None)
    if kept is not None and hmac.compare_digest(_fingerprint(kept.encode()), proof):
        return mine
    return [one for one in mine if hmac.compare_digest(_fingerprint(one.digest), proof)]


def _fingerprint(credential: bytes) -> str:
    return hashlib.sha256(b'proof' + credential).hexdigest()[:32]


def _audit(proof: str) -> str:
    return _text(hashlib.sha256(b'audit' + proof.encode()).digest()[:16])


def _text(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b'=').decode()


def _bytes(text: str) -> bytes:
    """Raises ValueError."""
    raw: Any = text.encode('ascii') + b'=' * (-len(text) % 4)
    return base64.b64decode(raw, altchars=b'-_', validate=True)
