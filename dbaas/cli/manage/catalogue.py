"""The service `database` in Keystone's catalogue: found, and made what it should be, through openstacksdk."""

from typing import Any

from dbaas.cli.manage.deployment import ManageError

TYPE = 'database'
INTERFACES = ('public', 'internal', 'admin')
PROJECT = '%(project_id)s'  # Keystone puts the token's project there
MADE, CHANGED, KEPT = 'made', 'changed', 'kept'

Change = dict[str, str]  # {what, url, result}


def url_of(given: str) -> str:
    """The endpoint's URL; given: the API's, with or without version and project. Raises ManageError."""
    if not given.startswith(('http://', 'https://')):
        raise ManageError(f'{given} is no URL of HTTP: give http://host:port or https://host')
    if any(form in given for form in (PROJECT, '$(project_id)s', '%(tenant_id)s', '$(tenant_id)s')):
        return given
    root = given.rstrip('/').removesuffix('/v1.0')
    return f'{root}/v1.0/{PROJECT}'


def register(cloud: Any, region: str, name: str, urls: dict[str, str]) -> list[Change]:
    """Service, region and an endpoint for each interface of `urls`; what is right already is left alone.

    cloud: openstack.connection.Connection of an administrator. Raises ManageError for several services of the type,
    none of which has the name, and openstack.exceptions.SDKException.
    """
    identity = cloud.identity
    service, change = _service(identity, name)
    changes = [change]
    if region not in {one.id for one in identity.regions()}:
        identity.create_region(id=region)
        changes.append(_change(f'region {region}', MADE))
    there = {one.interface: one for one in identity.endpoints(service_id=service.id, region_id=region)}
    for interface, url in urls.items():
        changes.append(_endpoint(identity, service.id, region, interface, url, there.get(interface)))
    return changes


def _service(identity: Any, name: str) -> tuple[Any, Change]:
    found = list(identity.services(type=TYPE))
    chosen = next((one for one in found if one.name == name), None) or (found[0] if len(found) == 1 else None)
    if chosen is None and found:
        names = ', '.join(sorted(one.name for one in found))
        raise ManageError(f'there are several services of type {TYPE}: name one of {names} by --name')
    if chosen is None:
        made = identity.create_service(type=TYPE, name=name, description='Database as a Service', is_enabled=True)
        return made, _change(f'service {name}', MADE)
    if not chosen.is_enabled:
        return identity.update_service(chosen, is_enabled=True), _change(f'service {chosen.name}', CHANGED)
    return chosen, _change(f'service {chosen.name}', KEPT)


def _endpoint(identity: Any, service: str, region: str, interface: str, url: str, there: Any) -> Change:
    what = f'{interface} endpoint in {region}'
    if there is None:
        identity.create_endpoint(
            service_id=service, region_id=region, interface=interface, url=url, is_enabled=True
        )  # fmt: skip
        return _change(what, MADE, url)
    if there.url == url and there.is_enabled:
        return _change(what, KEPT, url)
    identity.update_endpoint(there, url=url, is_enabled=True)
    return _change(what, CHANGED, url)


def _change(what: str, result: str, url: str = '') -> Change:
    return {'what': what, 'url': url, 'result': result}
