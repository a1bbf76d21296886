"""Who there is in the test cloud: projects, users and roles, in the template from the start; and their clouds.yaml."""

import pathlib
from typing import Any

import openstack
import yaml
from openstack.connection import Connection

from tests.servers.openstack import catalog
from tests.servers.openstack.rendering import PASSWORD, REGION, SERVICE_USER

SERVICE_PROJECT = 'database-service'  # where the resources of instances live
USERS = (  # name, project, roles
    (SERVICE_USER, 'service', ('admin', 'service')),
    ('dbaas', SERVICE_PROJECT, ('admin', 'service')),
    ('demo', 'demo', ('member',)),
    ('reader', 'demo', ('reader',)),
    ('other', 'other', ('member',)),
)
APPLICATION = 'dbaas'  # name of the application credential of the user dbaas


def connect(auth_url: str, user: str = 'admin', project: str = 'admin', interface: str = 'public') -> Connection:
    return openstack.connect(load_yaml_config=False, load_envvars=False, **_entry(auth_url, user, project, interface))


def _entry(auth_url: str, user: str, project: str, interface: str = 'public') -> dict[str, Any]:
    login = {'auth_url': auth_url, 'username': user, 'password': PASSWORD, 'project_name': project,
             'user_domain_name': 'Default', 'project_domain_name': 'Default'}  # fmt: skip
    return {'auth': login, 'region_name': REGION, 'interface': interface, 'identity_api_version': '3'}


def register(auth_url: str, ports: dict[str, int]) -> None:
    """Into a Keystone that was just bootstrapped."""
    admin = connect(auth_url).identity
    roles = {role.name: role for role in admin.roles()}
    projects = {name: admin.create_project(name=name, domain_id='default') for _, name, _ in USERS[:3] + USERS[4:]}
    for name, project, wanted in USERS:
        user = admin.create_user(name=name, password=PASSWORD, domain_id='default', default_project_id=None)
        for role in wanted:
            if role not in roles:
                roles[role] = admin.create_role(name=role)
            admin.assign_project_role_to_user(projects[project], user, roles[role])
    for service, (kind, _) in catalog.SERVICES.items():
        if service != 'keystone':  # the bootstrap did
            made = admin.create_service(name=service, type=kind)
            for interface in ('public', 'internal'):
                admin.create_endpoint(
                    service_id=made.id, interface=interface, region_id=REGION, url=catalog.url(service, ports[service])
                )
    own = connect(auth_url, 'dbaas', SERVICE_PROJECT)
    own.identity.create_application_credential(own.current_user_id, APPLICATION, secret=PASSWORD, unrestricted=False)


def write_clouds(path: pathlib.Path, auth_url: str) -> None:
    """Entries: admin; demo, reader and other; dbaas, by its application credential; dbaas-password, the same user."""
    clouds = {'admin': _entry(auth_url, 'admin', 'admin'), 'dbaas-password': _entry(auth_url, 'dbaas', SERVICE_PROJECT)}
    clouds |= {name: _entry(auth_url, name, project) for name, project, _ in USERS[2:]}
    credential = {'auth_url': auth_url, 'username': 'dbaas', 'user_domain_name': 'Default',
                  'application_credential_name': APPLICATION, 'application_credential_secret': PASSWORD}  # fmt: skip
    clouds['dbaas'] = {**clouds['admin'], 'auth_type': 'v3applicationcredential', 'auth': credential}
    path.touch(0o600)
    path.write_text(yaml.safe_dump({'clouds': clouds}))
