"""Endpoint and token from the variables that `openstack` reads.

OS_AUTH_TYPE=admin_token (and none) need no library, so they cost nothing at start. Every other way (password,
application credentials, clouds.yaml...) goes through openstacksdk, imported only then.
"""

import dataclasses
from collections.abc import Callable
from urllib.parse import urlsplit

from dbaas.cli.flow.errors import UNAUTHORIZED, USAGE, CliError

STATIC = ('admin_token', 'token_endpoint', 'none')


@dataclasses.dataclass(frozen=True)
class Access:
    """url: http(s)://host:port/v1.0/<project_id>; renew: a new token for an expired one, if possible."""

    url: str
    token: str | None
    renew: Callable[[], str | None] | None = None
    verify: bool | str = True  # False: any certificate; a path: the authorities to trust


@dataclasses.dataclass(frozen=True)
class Options:
    """What the command line and the environment say."""

    auth_type: str | None = None
    endpoint: str | None = None
    token: str | None = None
    auth_url: str | None = None
    cloud: str | None = None
    cacert: str | None = None
    insecure: bool = False


def access(options: Options) -> Access:
    """Raises CliError naming what is missing."""
    return _static(options) if is_static(options) else _catalogue(options)


def is_static(options: Options) -> bool:
    """Whether no other service is asked for endpoint and token."""
    return options.auth_type in STATIC if options.auth_type else not (options.cloud or options.auth_url)


def _static(options: Options) -> Access:
    wanted = {'OS_ENDPOINT': options.endpoint}
    if options.auth_type != 'none':
        wanted['OS_TOKEN'] = options.token
    missing = [name for name, value in wanted.items() if not value]
    if missing:
        raise CliError(
            f'{" and ".join(missing)} not set: source the openrc file in the state directory of `dbaas up`, '
            'or set OS_AUTH_TYPE=admin_token, OS_ENDPOINT=http://HOST:PORT/v1.0/PROJECT_ID and OS_TOKEN',
            USAGE,
        )
    url = (options.endpoint or '').rstrip('/')
    if urlsplit(url).scheme not in ('http', 'https') or not urlsplit(url).hostname:
        raise CliError(f'OS_ENDPOINT is {url!r}: it must look like http://HOST:PORT/v1.0/PROJECT_ID', USAGE)
    return Access(url, options.token, verify=_verify(options))


def _verify(options: Options) -> bool | str:
    return False if options.insecure else options.cacert or True


def _catalogue(options: Options) -> Access:
    """The `database` endpoint of the service catalogue and a token, as openstacksdk finds them."""
    from keystoneauth1 import exceptions
    from openstack import config
    from openstack import exceptions as openstack_exceptions

    try:
        given = {'verify': False} if options.insecure else {'cacert': options.cacert} if options.cacert else {}
        cloud = config.OpenStackConfig(load_envvars=True).get_one(cloud=options.cloud, **given)
        session = cloud.get_session()
        url = options.endpoint or session.get_endpoint(
            service_type='database',
            interface=cloud.get_interface('database'),
            region_name=cloud.get_region_name('database'),
            skip_discovery=True,
        )
        token = session.get_token()
    except (exceptions.ClientException, openstack_exceptions.ConfigException) as error:
        raise CliError(f'no token from {options.auth_url or options.cloud}: {error}', UNAUTHORIZED) from error
    if not url:
        raise CliError('the service catalogue has no endpoint of type "database"; give --os-endpoint', USAGE)

    def renew() -> str | None:
        session.invalidate()
        return session.get_token()

    return Access(url.rstrip('/'), token, renew, _verify(options))
