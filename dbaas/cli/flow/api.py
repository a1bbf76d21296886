"""The API as dbaas-flow calls it: JSON over HTTP by the standard library, faults as errors with codes."""

import http.client
import ipaddress
import json
import ssl
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from dbaas.cli.flow.auth import Access
from dbaas.cli.flow.errors import CliError, Unreachable, of_status


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A redirect would carry the token to another place."""

    def redirect_request(self, *_: Any) -> None:
        return None


class Api:
    """timeout: seconds for one answer."""

    def __init__(self, access: Access, timeout: float):
        self._access = access
        self._token = access.token
        self._timeout = timeout
        self._opener = _opener(access)

    @property
    def url(self) -> str:
        return self._access.url

    @property
    def source(self) -> str:
        """Where everything that is shown comes from."""
        return f'source: API {self.url}'

    def path(self, *names: str) -> str:
        """Path of a resource as the API sees it, for `plan`."""
        return '/'.join([urlsplit(self.url).path, *(quote(name, safe='') for name in names)])

    def get(self, *names: str, **query: Any) -> dict[str, Any]:
        return self._call('GET', names, query=query)

    def post(self, *names: str, body: dict[str, Any]) -> dict[str, Any]:
        return self._call('POST', names, body=body)

    def pages(self, collection: str, **query: Any) -> Iterator[dict[str, Any]]:
        """Every item of a list, page after page."""
        while True:
            answer = self.get(collection, **query)
            yield from answer[collection]
            following = [link['href'] for link in answer.get('links', []) if link.get('rel') == 'next']
            if not following:
                return
            query = dict(parse_qsl(urlsplit(following[0]).query))

    def _call(self, method: str, names: tuple[str, ...], query: Any = None, body: Any = None) -> dict[str, Any]:
        try:
            return self._once(method, names, query, body)
        except CliError as error:
            if error.__cause__ is None or getattr(error.__cause__, 'code', 0) != 401 or not self._access.renew:
                raise
        self._token = self._access.renew()
        return self._once(method, names, query, body)

    def _once(self, method: str, names: tuple[str, ...], query: Any, body: Any) -> dict[str, Any]:
        given = {name: value for name, value in (query or {}).items() if value is not None}
        url = '/'.join([self.url, *(quote(name, safe='') for name in names)])
        url += '?' + urlencode(given) if given else ''
        data = None if body is None else json.dumps(body).encode()
        headers = {'Accept': 'application/json', 'User-Agent': 'dbaas-flow'}
        if data is not None:
            headers['Content-Type'] = 'application/json'
        if self._token:
            headers['X-Auth-Token'] = self._token
        try:
            request = urllib.request.Request(url, data, headers, method=method)
            with self._opener.open(request, timeout=self._timeout) as answer:
                return _parse(answer.read(), self.url)
        except urllib.error.HTTPError as error:
            raise _refused(error, self.url) from error
        except (OSError, http.client.HTTPException) as error:
            cause = getattr(error, 'reason', None) or error
            cause = getattr(cause, 'strerror', None) or cause or type(cause).__name__
            raise Unreachable(
                f'no answer from {self.url}: {cause}; does the API run? (OS_ENDPOINT); --db reads the database'
            ) from error
        except ValueError as error:  # a token or a URL that HTTP cannot carry
            raise CliError(
                f'cannot ask {self.url}: the endpoint or the token has characters it may not have'
            ) from error


def _opener(access: Access) -> urllib.request.OpenerDirector:
    handlers: list[urllib.request.BaseHandler] = [_NoRedirect()]
    if _loopback(urlsplit(access.url).hostname or ''):
        handlers.append(urllib.request.ProxyHandler({}))
    if access.url.startswith('https:'):
        handlers.append(urllib.request.HTTPSHandler(context=_tls(access.verify)))
    return urllib.request.build_opener(*handlers)


def _tls(verify: bool | str) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=verify if isinstance(verify, str) else None)
    except OSError as error:
        raise CliError(f'cannot read the authorities in {verify}: {error}') from error
    if verify is False:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == 'localhost'


def _parse(content: bytes, url: str) -> dict[str, Any]:
    try:
        answer = json.loads(content or b'{}')
    except ValueError:
        answer = None
    if not isinstance(answer, dict):
        raise CliError(f'{url} answers, but not as this API does: is OS_ENDPOINT right?')
    return answer


def _refused(error: urllib.error.HTTPError, url: str) -> CliError:
    """Trove's fault, {name: {code, message}}, as one line."""
    try:
        fault = json.loads(error.read() or b'{}')
        message = str(next(iter(fault.values()))['message'])
    except (ValueError, AttributeError, KeyError, TypeError, StopIteration, OSError):
        message = str(error.reason)
    if error.code == 401:
        message = f'{url} refuses the token (OS_TOKEN): {message}'
    elif error.code == 403:
        message = f'{url} does not allow this to you: {message}'
    elif error.code >= 500:
        message = f'{url}: {error.code} {message}'
    return of_status(error.code, message)
