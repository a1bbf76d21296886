"""The configuration files of all services, from the texts in etc/: written anew for each start, as ports change."""

import pathlib

from tests.servers.openstack import place

REGION = 'RegionOne'
PASSWORD = 'secret'  # everybody's: all of it listens on loopback only, and for the time of the tests
DATABASES = ('keystone', 'glance', 'placement', 'neutron', 'nova_api', 'nova', 'nova_cell0', 'cinder')
SERVICE_USER = 'services'

LOGIN = f"""\
auth_type = password
auth_url = {{url_keystone}}/v3
username = {SERVICE_USER}
password = {PASSWORD}
project_name = service
user_domain_name = Default
project_domain_name = Default
region_name = {REGION}"""
ACCEPTING = """\
www_authenticate_uri = {url_keystone}
service_token_roles_required = true
service_token_roles = service"""
FOLDERS = (
    'keystone', 'glance/images', 'glance/lock', 'neutron/lock', 'nova/lock', 'cinder/lock', 'cinder/coordination',
    'swift/disk',
)  # fmt: skip


def render(state: pathlib.Path, ports: dict[str, int], database_url: str) -> None:
    """ports: of the services themselves, by name. database_url: with `{}` for the name of a database."""
    facts: dict[str, object] = {
        'state': state, 'etc': state / 'etc', 'files': state / 'files', 'venv': place.services(),
        **{f'port_{name}': port for name, port in ports.items()},
        **{f'url_{name}': f'http://127.0.0.1:{port}' for name, port in ports.items()},
        **{f'db_{name}': database_url.format(name) for name in DATABASES},
    }  # fmt: skip
    facts |= {'login': LOGIN.format(**facts), 'accepting': ACCEPTING.format(**facts)}
    for folder in FOLDERS:
        (state / 'files' / folder).mkdir(parents=True, exist_ok=True)
    for text in (place.HERE / 'etc').rglob('*.conf'):
        target = state / 'etc' / text.relative_to(place.HERE / 'etc')
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text.read_text().format(**facts))
