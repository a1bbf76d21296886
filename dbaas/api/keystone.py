"""Callers with Keystone's tokens. keystonemiddleware looks at the request; what it finds becomes our context or fault.

It runs on a copy of the request, with nothing behind it. So a refusal is ours to word, log and count like any other,
and a rehearsal, which repeats the headers of its request, is checked in the same way.
"""

import contextlib
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import webob
from keystoneauth1.exceptions import ClientException
from keystonemiddleware import auth_token
from oslo_config import cfg

from dbaas import exceptions
from dbaas.api.callers import NO_TOKEN
from dbaas.api.places import Full, Places
from dbaas.api.remembered import Looked, Remembered
from dbaas.context import RequestContext

GROUP = 'keystone_authtoken'
CACHE = 'dbaas.tokens'  # key in the WSGI environment where the middleware finds its cache
SERVICE_TYPE = 'database'  # in the catalogue; access rules of application credentials name it
TIMEOUT = 5  # seconds for one answer of Keystone, unless [keystone_authtoken] http_connect_timeout says so
RETRIES = 1
TOKENS = ('HTTP_X_AUTH_TOKEN', 'HTTP_X_SERVICE_TOKEN')


class Keystone:
    """Raises Unavailable, with the remedy, when [keystone_authtoken] lacks what cannot be guessed."""

    def __init__(self, conf: cfg.ConfigOpts):
        given = options(conf)
        for name in ('www_authenticate_uri', 'auth_type'):
            if not given[name]:
                raise exceptions.Unavailable(
                    f'[{GROUP}] {name} is not set, and [identity] driver is keystone: see "Keystone" in'
                    f' docs/deployment.md'
                )
        own: dict[str, Any] = {'delay_auth_decision': False, 'service_type': SERVICE_TYPE}
        self._remembered = None if given.memcached_servers else Looked(Remembered(), self._take_place)
        if self._remembered is not None:
            own['cache'] = CACHE
        self.challenge = f'Keystone uri="{given.www_authenticate_uri}"'
        self._places, self._request = Places(conf.api.threads), threading.local()
        self._middleware = auth_token.AuthProtocol(_nothing, {'oslo_config_config': conf, **own})

    def of(self, environ: Mapping[str, Any]) -> RequestContext:
        """Raises Unauthorized, or Unavailable when Keystone cannot be asked."""
        if not environ.get('HTTP_X_AUTH_TOKEN'):
            raise exceptions.Unauthorized(NO_TOKEN)
        if not all(_sendable(environ.get(name, '')) for name in TOKENS):
            raise exceptions.Unauthorized('The request you have made requires authentication.')
        copy = {**environ, CACHE: self._remembered}
        try:
            with self._one_request():
                status = webob.Request(copy).get_response(self._middleware).status_int
        except ClientException as error:
            raise _away(type(error).__name__) from None  # its text may repeat what was sent
        except Full as full:
            raise _away(str(full)) from None
        if status == 401:
            raise exceptions.Unauthorized('The request you have made requires authentication.')
        if status != 204:
            raise _away(f'the middleware answered {status}')
        return _context(copy['keystone.token_auth'])

    @contextlib.contextmanager
    def _one_request(self) -> Iterator[None]:
        """It has a place from when Keystone is asked. Where memcached remembers, that is asked, too."""
        with contextlib.ExitStack() as self._request.place:
            self._request.inside = False
            if self._remembered is None:
                self._take_place()
            yield

    def _take_place(self) -> None:
        """Once for each request. Raises Full."""
        if not self._request.inside:
            self._request.place.enter_context(self._places.one())
            self._request.inside = True


def options(conf: cfg.ConfigOpts) -> Any:
    """[keystone_authtoken] as it is in force; registers its options."""
    for group, registered in auth_token.list_opts():
        conf.register_opts(registered, group=group)
    conf.set_default('http_connect_timeout', TIMEOUT, group=GROUP)  # theirs waits for ever
    conf.set_default('http_request_max_retries', RETRIES, group=GROUP)
    return conf[GROUP]


def _nothing(_environ: Mapping[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """What stands behind the middleware: it is reached when the request may pass."""
    start_response('204 No Content', [])
    return []


def _context(found: Any) -> RequestContext:
    """found: the middleware's authentication plugin, with what it knows of user and service."""
    user, service = found.user, found.service
    return RequestContext(
        project_id=user.project_id or '',
        user_id=user.user_id,
        user_name=user.username,
        project_name=user.project_name or '',
        roles=_lower(user.role_names),
        service_roles=_lower(service.role_names) if service else (),
    )


def _lower(roles: Iterable[str]) -> tuple[str, ...]:
    return tuple(role.lower() for role in roles)


def _sendable(token: str) -> bool:
    """Whether it could be a token: it goes to Keystone in a header."""
    return token.isascii() and token.isprintable()


def _away(reason: str) -> exceptions.Unavailable:
    error = exceptions.Unavailable('Keystone does not answer; try again in a moment.')
    error.reason = reason  # type: ignore[attr-defined]
    return error
