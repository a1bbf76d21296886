"""The OpenStack cloud of [openstack]: our login, and each service with the versions that the driver needs."""

from collections.abc import Iterator
from typing import Any

from dbaas.cli.manage.checks.furnishing import furnishing
from dbaas.cli.manage.checks.tried import tried
from dbaas.cli.manage.deployment import Deployment
from dbaas.cli.manage.findings import Finding, failed, ok

# attribute of openstacksdk's connection, name for people, a call that costs little, least microversion
SERVICES: tuple[tuple[str, str, str, tuple[int, int] | None], ...] = (
    ('compute', 'Nova', '/limits', (2, 57)),
    ('block_storage', 'Cinder', '/limits', (3, 42)),
    ('network', 'Neutron', '/networks?limit=1', None),
    ('image', 'Glance', '/images?limit=1', None),
    ('object_store', 'Swift', '?limit=1', None),
)


def openstack(deployment: Deployment) -> Iterator[Finding]:
    from dbaas.cloud.openstack.services import Services
    from dbaas.exceptions import DbaasError

    try:
        services = Services(deployment.conf.openstack)
        project, connection = services.project, services.connection
    except DbaasError as error:
        yield failed('cloud', str(error), 'mend [openstack] and clouds.yaml, see docs/openstack-cloud.md')
        return
    yield ok('cloud', f'logged in, project {project}')
    answers = True
    for attribute, title, path, least in SERVICES:
        found = _service(connection, attribute, title, path, least)
        answers = answers and found.result != 'FAILED'
        yield found
    if answers:
        yield from furnishing(deployment, services)


def _service(connection: Any, attribute: str, title: str, path: str, least: tuple[int, int] | None) -> Finding:
    remedy = f'start {title}, or correct its endpoint in the catalogue: openstack endpoint list'
    proxy = getattr(connection, attribute)
    answer, reason = tried(lambda: proxy.get(path, raise_exc=False))
    if reason or answer.status_code >= 400:
        return failed(title, reason or f'it answers {answer.status_code} to GET {path}', remedy)
    if least is None:
        return ok(title, str(proxy.get_endpoint()))
    newest, reason = tried(lambda: proxy.get_endpoint_data().max_microversion)
    if reason or not newest or newest < least:
        said = '.'.join(map(str, newest or ())) or 'no microversion'
        needed = '.'.join(map(str, least))
        return failed(title, reason or f'{said}; {needed} is needed', f'upgrade {title}')
    return ok(title, f'{proxy.get_endpoint()}, up to {".".join(map(str, newest))}')
