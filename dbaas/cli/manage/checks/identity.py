"""Keystone as the API uses it: our credentials, a token looked at, the roles, and the API's place in the catalogue."""

import time
from collections.abc import Iterator
from typing import Any
from urllib import parse

from dbaas.cli.manage.checks import clocks
from dbaas.cli.manage.deployment import Deployment
from dbaas.cli.manage.findings import Finding, failed, ok, warning
from dbaas.context import RequestContext

GROUP = 'keystone_authtoken'
ROLES = ('admin', 'member', 'reader')
TRY = 10  # seconds for an answer
TYPE = 'database'
PORTS = {'http': 80, 'https': 443}


def keystone(deployment: Deployment) -> Iterator[Finding]:
    from keystoneauth1.exceptions import ClientException

    from dbaas.api.keystone import Keystone
    from dbaas.exceptions import DbaasError

    mend = f'mend [{GROUP}]: see "Keystone" in docs/deployment.md'
    try:
        callers = Keystone(deployment.conf)
        session = _session(deployment.conf)
        token = session.get_token()
    except (DbaasError, ClientException) as error:
        yield failed('Keystone', f'no token for the service user: {_first_line(error)}', mend)
        return
    try:
        found = callers.of({'REQUEST_METHOD': 'GET', 'PATH_INFO': '/', 'HTTP_X_AUTH_TOKEN': token})
    except DbaasError as error:
        yield failed(
            'Keystone', f'a valid token is not taken for one: {error}', 'give the service user the role service'
        )
        return
    yield _judge(found, deployment.conf[GROUP].www_authenticate_uri)
    yield from _clock(session)
    yield from _roles(session)
    yield from _entry(deployment, session)


def _judge(user: RequestContext, uri: str) -> Finding:
    """Anybody may look at his own token; at those of others only who has one of these roles, unless policy differs."""
    if not {'admin', 'service'} & set(user.roles):
        remedy = f'openstack role add --user {user.user_name} --project {user.project_name} service'
        return warning('Keystone', f'user {user.user_name} has neither role service nor admin to judge tokens', remedy)
    return ok('Keystone', f'{uri}; user {user.user_name} judges tokens')


def _session(conf: Any) -> Any:
    """By the credentials that the middleware uses."""
    from keystoneauth1 import loading

    login = loading.load_auth_from_conf_options(conf, GROUP)
    given = conf[GROUP]
    verify = False if given.insecure else given.cafile or True
    return loading.session.Session().load_from_options(auth=login, timeout=TRY, verify=verify)


def _clock(session: Any) -> Iterator[Finding]:
    from keystoneauth1.plugin import AUTH_INTERFACE

    before = time.time()
    answer = session.get('', endpoint_filter={'interface': AUTH_INTERFACE}, raise_exc=False)
    found = clocks.of_answer('Keystone', answer.headers, before, time.time())
    if found:
        yield found


def _roles(session: Any) -> Iterator[Finding]:
    """Of the product's policy; who may not list roles cannot say."""
    answer = session.get('/roles', endpoint_filter=_identity(), raise_exc=False)
    if answer.status_code != 200:
        yield warning(
            'roles', 'the service user may not list them', f'look yourself for {", ".join(ROLES)}: openstack role list'
        )  # fmt: skip
        return
    there = {role['name'].lower() for role in answer.json()['roles']}
    missing = [name for name in ROLES if name not in there]
    if missing:
        yield failed(
            'roles', f'{", ".join(missing)} is missing', '; '.join(f'openstack role create {n}' for n in missing)
        )
    else:
        yield ok('roles', ', '.join(ROLES))


def _identity() -> dict[str, str]:
    return {'service_type': 'identity', 'interface': 'public', 'version': '3'}


def _entry(deployment: Deployment, session: Any) -> Iterator[Finding]:
    """That clients find the API, and that it answers there."""
    from keystoneauth1.exceptions import ClientException

    remedy = 'dbaas-manage keystone register --url URL'
    region = deployment.conf[GROUP].region_name
    catalog = session.auth.get_access(session).service_catalog
    url = next(iter(catalog.get_urls(service_type=TYPE, interface='public', region_name=region)), None)
    if not url:
        yield failed('catalogue', f'it has no service {TYPE}{f" in {region}" if region else ""}', remedy)
        return
    root = _root(url)
    try:
        status = session.get(f'{root}/healthcheck', authenticated=False, raise_exc=False).status_code
    except ClientException as error:
        yield failed('catalogue', f'{url} does not answer: {_first_line(error)}', f'start the API there, or {remedy}')
        return
    if status == 200:
        yield ok('catalogue', url)
        yield from _links(session, root)
    else:
        yield failed(
            'catalogue', f'{root}/healthcheck answers {status}', f'look at the log of the API there, or {remedy}'
        )


def _links(session: Any, root: str) -> Iterator[Finding]:
    """That the API's links lead where the catalogue does; what a web server before it says of itself decides."""
    from keystoneauth1.exceptions import ClientException

    try:
        found = session.get(f'{root}/', authenticated=False).json()['versions'][0]['links'][0]['href']
    except (ClientException, ValueError, LookupError, TypeError) as error:
        remedy = 'let the web server pass every path on to the API, / too'
        yield warning('links', f'{root}/ has not the versions of the API: {_first_line(error)}', remedy)
        return
    made = _root(str(found))
    if made == root:
        yield ok('links', f'the API at {root} makes links to itself')
    else:
        remedy = (
            '[api] proxies: how many web servers are before it; each of them sets X-Forwarded-Proto and -Host,'
            ' see "Behind a web server" in docs/deployment.md; or dbaas-manage keystone register --url URL'
        )
        yield failed('links', f'the API at {root} makes links to {made}', remedy)


def _root(url: str) -> str:
    """What stands before the version, comparable: https://host:443/ is https://host."""
    parts = parse.urlsplit(url)
    host = f'[{parts.hostname}]' if ':' in (parts.hostname or '') else parts.hostname
    port = '' if parts.port in (None, PORTS.get(parts.scheme)) else f':{parts.port}'
    return f'{parts.scheme}://{host}{port}{parts.path.partition("/v1.0")[0].rstrip("/")}'


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0][:200]
