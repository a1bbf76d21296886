"""The management API of a RabbitMQ, as little of it as accounts need. HTTP by the standard library, no proxy."""

import base64
import json
import ssl
from typing import Any
from urllib import error, parse, request

import tenacity
from oslo_config import cfg

from dbaas.exceptions import Unavailable

TIMEOUT = 5.0  # seconds for one request
ATTEMPTS = 3
_TRANSIENT = (408, 429, 500, 502, 503, 504)


class Refused(Unavailable):
    """The API understood and said no: a wrong password, a right that its user lacks, a name that it does not take."""


class Away(Unavailable):
    """It does not answer, or not now: it may work in a moment."""


class Management:
    """url: http://user:password@host:port; ca_file: who signed its certificate, for https (default: the system's).

    Errors say which call failed, never the password: Refused, and Away after a few attempts.
    """

    def __init__(self, url: str, ca_file: str | None = None) -> None:
        parts = parse.urlsplit(url)
        if parts.scheme not in ('http', 'https') or not parts.hostname or parts.username is None:
            raise cfg.ConfigFileValueError('[messaging] management_url must be http(s)://user:password@host:port')
        netloc = parts.netloc.rpartition('@')[2]
        self._base = f'{parts.scheme}://{netloc}{parts.path.rstrip("/")}/api/'
        pair = f'{parse.unquote(parts.username)}:{parse.unquote(parts.password or "")}'
        self._headers = {
            'Authorization': 'Basic ' + base64.b64encode(pair.encode()).decode(),
            'Content-Type': 'application/json',
        }
        handlers: list[request.BaseHandler] = [request.ProxyHandler({})]
        if parts.scheme == 'https':
            handlers.append(request.HTTPSHandler(context=ssl.create_default_context(cafile=ca_file)))
        self._opener = request.build_opener(*handlers)

    def get(self, *path: str, **query: Any) -> Any:
        """The JSON found there; None: there is nothing. `path` are names, not yet quoted."""
        return self._call('GET', path, query=query)

    def put(self, *path: str, body: Any) -> None:
        self._call('PUT', path, body)

    def delete(self, *path: str) -> None:
        """Not found is fine."""
        self._call('DELETE', path)

    @tenacity.retry(
        retry=tenacity.retry_if_exception_type(Away), reraise=True,
        stop=tenacity.stop_after_attempt(ATTEMPTS), wait=tenacity.wait_random_exponential(multiplier=0.1, max=1),
    )  # fmt: skip
    def _call(self, method: str, path: tuple[str, ...], body: Any = None, query: dict[str, Any] | None = None) -> Any:
        where = '/'.join(parse.quote(name, safe='') for name in path)
        data = None if body is None else json.dumps(body).encode()
        url = self._base + where + (f'?{parse.urlencode(query)}' if query else '')
        asked = request.Request(url, data, self._headers, method=method)
        what = f'{method} {where} of the management API of RabbitMQ'
        try:
            with self._opener.open(asked, timeout=TIMEOUT) as answer:
                text = answer.read()
                return json.loads(text) if text else None
        except error.HTTPError as said:
            with said:
                return _judge(said, method, what)
        except (OSError, ValueError) as failed:
            raise Away(f'{what} failed: {getattr(failed, "reason", failed)}') from failed


def _judge(said: error.HTTPError, method: str, what: str) -> None:
    if said.code == 404 and method in ('GET', 'DELETE'):
        return
    kind = Away if said.code in _TRANSIENT else Refused
    remedy = '; check [messaging] management_url' if said.code == 401 else ''
    raise kind(f'{what} answered {said.code} {said.reason}{remedy}') from None
