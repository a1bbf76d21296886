"""Who calls: what a deployment's identity makes of a request's headers."""

from collections.abc import Mapping
from typing import Any, Protocol

from dbaas.context import RequestContext
from dbaas.exceptions import Unauthorized
from dbaas.services.logins import Logins

NO_TOKEN = 'The request you have made requires authentication: no X-Auth-Token.'


class Callers(Protocol):
    """challenge: what WWW-Authenticate says in a 401; None: nothing."""

    @property
    def challenge(self) -> str | None: ...

    def of(self, environ: Mapping[str, Any]) -> RequestContext:
        """The caller of a request, by its WSGI environment. Raises Unauthorized or Unavailable."""


class FileCallers:
    """Those of the token file."""

    challenge: str | None = None

    def __init__(self, logins: Logins):
        self._logins = logins

    def of(self, environ: Mapping[str, Any]) -> RequestContext:
        token = environ.get('HTTP_X_AUTH_TOKEN')
        if not token:
            raise Unauthorized(NO_TOKEN)
        return self._logins.authenticate(token)
