"""dbaas-manage keystone: the deployment's place in an OpenStack cloud's service catalogue."""

from typing import Any

import click

from dbaas.cli import output
from dbaas.cli.manage import catalogue
from dbaas.cli.manage.deployment import Deployment, ManageError, explained, pass_deployment
from dbaas.cli.text import Table


@click.group()
def keystone() -> None:
    """Put the API into Keystone's catalogue, where clients look for it."""


@keystone.command()
@click.option('--url', required=True, metavar='URL', help='Of the API, as clients reach it: http://host:port.')
@click.option('--internal-url', metavar='URL', help='As other services reach it.  [default: as --url]')
@click.option('--admin-url', metavar='URL', help='[default: as --internal-url]')
@click.option('--region', metavar='NAME', help='[default: that of the credentials, else [api] region]')
@click.option('--name', default='trove', show_default=True, metavar='NAME', help='Of the service.')
@click.option(
    '--os-cloud', envvar='OS_CLOUD', metavar='NAME', help='Entry of clouds.yaml.  [default: [openstack], or OS_*]'
)
@pass_deployment
@explained
def register(
    deployment: Deployment,
    url: str,
    internal_url: str | None,
    admin_url: str | None,
    region: str | None,
    name: str,
    os_cloud: str | None,
) -> None:
    """Make the service `database` and its endpoints, or make them say what is given here; a second time does nothing.

    It takes an administrator of the cloud: by --os-cloud or OS_CLOUD, else the credentials of [openstack] where
    that is the cloud, else the variables that `openstack` reads. /v1.0 and the project are added to a URL that
    lacks them.

    \b
    Examples:
      dbaas-manage keystone register --os-cloud admin --url https://database.example
      dbaas-manage keystone register --url 'http://10.0.0.5:8779/v1.0/%(project_id)s' --region RegionOne
    """
    internal = internal_url or url
    given = dict(zip(catalogue.INTERFACES, (url, internal, admin_url or internal), strict=True))
    urls = {interface: catalogue.url_of(text) for interface, text in given.items()}
    changes = _registered(deployment, os_cloud, region, name, urls)
    cells = [(one['result'], one['what'], one['url']) for one in changes]
    output.emit(deployment.format, changes, lambda: [Table(('RESULT', 'WHAT', 'URL'), cells, wide=('URL',))])


def _registered(
    deployment: Deployment, os_cloud: str | None, region: str | None, name: str, urls: dict[str, str]
) -> list[catalogue.Change]:
    """Raises ManageError for whatever Keystone or the credentials do not allow."""
    from keystoneauth1.exceptions import ClientException
    from openstack.exceptions import ConfigException, SDKException

    try:
        cloud = _connection(deployment, os_cloud)
        where = region or cloud.config.get_region_name() or deployment.conf.api.region
        return catalogue.register(cloud, where, name, urls)
    except (SDKException, ClientException, ConfigException) as error:
        raise ManageError(
            f'Keystone did not do it: {error}; give the credentials of an administrator of the cloud, by --os-cloud'
        ) from error


def _connection(deployment: Deployment, os_cloud: str | None) -> Any:
    import openstack

    from dbaas.cloud.openstack.services import Services

    if os_cloud or deployment.conf.cloud.driver != 'openstack':
        return openstack.connect(cloud=os_cloud)
    return Services(deployment.conf.openstack).connection
