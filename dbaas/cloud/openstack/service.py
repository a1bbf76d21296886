"""One service of the cloud: a single try of a call, and what its answer means to us."""

import email.utils
import re
import time
from typing import Any
from urllib.parse import urlsplit

import requests
from keystoneauth1 import exceptions as kse
from keystoneauth1.session import Session
from openstack import exceptions as sdk

from dbaas.cloud.openstack.tries import Passing, Row
from dbaas.exceptions import CloudError

_PASSING = (408, 425, 429, 500, 502, 503, 504)
_REMEDIES = {
    401: 'check the credentials in [openstack]',
    403: "check the roles of the service user and the quotas of the service project (docs/openstack-cloud.md)",
    404: 'check that it exists and that the service user may see it',
    409: 'look at its state with the openstack client, then resume',
    413: 'raise the quota of the service project, then resume',
}  # fmt: skip
_LONGEST_REASON = 300
_NO_ANSWER = (
    kse.RetriableConnectionFailure, kse.UnknownConnectionError, kse.DiscoveryFailure, requests.RequestException,
)  # fmt: skip


class Refused(CloudError):
    """An answer that another try does not change; `status`: its HTTP code."""

    def __init__(self, message: str, status: int):
        super().__init__(message)
        self.code = status


class Service:
    """Its methods make one try each. Errors: Passing, Refused, CloudError; none of them holds what was sent.

    title: its name for people; microversion: what calls ask for when they say nothing else.
    """

    def __init__(self, session: Session, title: str, type: str, url: str, microversion: str | None = None):
        self._session, self._title, self._type, self._url = session, title, type, url.rstrip('/')
        self._microversion = microversion

    def above(self) -> 'Service':
        """The same without version and account in its address: what says of itself what it can do."""
        root = re.sub(r'(?<=[^/])/v\d[^/]*(/.*)?$', '', self._url)
        return Service(self._session, self._title, self._type, root, self._microversion)

    def list(self, path: str, key: str, **params: Any) -> list[Row]:
        """All pages. params of value None are left out."""
        given = {name: value for name, value in params.items() if value is not None}
        answer = self.send('GET', path, params=given).json()
        rows: list[Row] = list(answer[key])
        while following := [link['href'] for link in answer.get(f'{key}_links', []) if link['rel'] == 'next']:
            answer = self.send('GET', f'{path}?{urlsplit(following[0]).query}').json()
            rows += answer[key]
        return rows

    def find(self, path: str, key: str, version: str | None = None, **params: Any) -> Row | None:
        """None: there is none of that id."""
        try:
            row: Row = self.send('GET', path, params=params, version=version).json()[key]
        except Refused as error:
            if error.code == 404:
                return None
            raise
        return row

    def post(self, path: str, body: Row, key: str | None = None, *, about: str = '', version: str | None = None) -> Row:
        """about: the name of what is made, for the error. -> what stands under `key` of the answer."""
        answer = self.send('POST', path, json=body, about=about, version=version)
        found: Row = answer.json()[key] if key else {}
        return found

    def delete(self, path: str) -> None:
        """What is not there is gone already."""
        try:
            self.send('DELETE', path)
        except Refused as error:
            if error.code != 404:
                raise

    def send(
        self, method: str, path: str, *, about: str = '', version: str | None = None, **options: Any
    ) -> requests.Response:
        """options: those of requests. Nothing is logged: bodies hold the user data."""
        what = f'{self._title}: {method} {path.partition("?")[0]}{f" ({about})" if about else ""}'
        asked = version or self._microversion
        try:
            answer = self._session.request(
                self._url + path, method, raise_exc=False, log=False, microversion=asked,
                endpoint_filter={'service_type': self._type}, **options,
            )  # fmt: skip
        except _NO_ANSWER as error:
            raise Passing(f'{what}: no answer ({_cause(error)})') from error
        except (kse.ClientException, sdk.SDKException) as error:
            raise refusal(what, error) from error
        return self._judged(what, answer)

    @staticmethod
    def _judged(what: str, answer: requests.Response) -> requests.Response:
        code = answer.status_code
        if code < 400:
            return answer
        reason = f'{what}: {code} {_reason(answer)}'
        if code in _PASSING:
            raise Passing(reason, _retry_after(answer))
        raise Refused(f'{reason}; {_REMEDIES.get(code, "see the log of the service")}', code)


def refusal(what: str, error: Exception) -> CloudError:
    """What Keystone or the configuration refuses, before the service itself has been asked."""
    if isinstance(error, kse.HttpError) and error.http_status in _PASSING:
        return Passing(f'{what}: Keystone answers {error.http_status}', getattr(error, 'retry_after', None) or None)
    if isinstance(error, kse.Unauthorized):
        return Refused(f'{what}: Keystone refuses the service user; {_REMEDIES[401]}', 401)
    return CloudError(f'{what}: {_cause(error)}; check [openstack] and the catalog')


def _cause(error: BaseException) -> str:
    """Its kind and first line: the texts of HTTP clients are long, and some hold addresses of objects in memory."""
    lines = str(error).splitlines() or ['']
    return re.sub(r'<[^>]*object at 0x[0-9a-f]+>', '…', f'{type(error).__name__}: {lines[0]}')[:_LONGEST_REASON]


def _reason(answer: requests.Response) -> str:
    """The service's own words. Nova and Cinder repeat a value that they refuse, the user data too: that is cut."""
    try:
        document = answer.json()
    except ValueError:
        return answer.reason or ''
    found = next((part for part in _parts(document) if isinstance(part.get('message'), str)), {})
    text = ' '.join(str(found.get('message') or answer.reason).split())
    return text.partition(' Value: ')[0][:_LONGEST_REASON]


def _parts(document: Any) -> list[Row]:
    """{"badRequest": {"message"…}}, {"NeutronError": {…}}, {"error": {…}}."""
    return [part for part in document.values() if isinstance(part, dict)] if isinstance(document, dict) else []


def _retry_after(answer: requests.Response) -> float | None:
    """Seconds; the header may hold a date, too."""
    given = answer.headers.get('Retry-After', '')
    if given.isdigit():
        return float(given)
    moment = email.utils.parsedate_to_datetime(given) if given.endswith('GMT') else None
    return max(0.0, moment.timestamp() - time.time()) if moment else None
