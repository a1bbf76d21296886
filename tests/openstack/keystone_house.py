"""An API whose callers are Keystone's, on the simulated cloud; and people of the test cloud who call it."""

import pathlib
import time
from typing import Any

import openstack

from tests.api.house import House
from tests.servers.openstack.cloud import Cloud

SERVICE_PASSWORD = 'secret'


def configuration(cloud: Cloud, folder: pathlib.Path, **options: Any) -> str:
    """Path of a file with what the API needs of Keystone; options: more of [keystone_authtoken]."""
    given = {
        'www_authenticate_uri': cloud.auth_url, 'auth_url': cloud.auth_url, 'auth_type': 'password',
        'username': 'dbaas', 'password': SERVICE_PASSWORD, 'project_name': 'database-service',
        'user_domain_name': 'Default', 'project_domain_name': 'Default', 'interface': 'public', **options,
    }  # fmt: skip
    lines = [f'{name} = {value}' for name, value in given.items()]
    path = folder / 'keystone.conf'
    path.touch(0o600)
    path.write_text('\n'.join(['[identity]', 'driver = keystone', '[keystone_authtoken]', *lines, '']))
    return str(path)


def house(template: str, cloud: Cloud, folder: pathlib.Path, **options: Any) -> House:
    return House(template, str(folder), clock=time.time, config_files=[configuration(cloud, folder, **options)])


def person(cloud: Cloud, name: str) -> dict[str, Any]:
    """As House.call takes one: {token, project_id}, with a new token."""
    connection = cloud.connect(name)
    return {'token': connection.session.get_token(), 'project_id': connection.session.get_project_id()}


def unscoped(cloud: Cloud, **scope: str) -> str:
    """A token of demo for no project, or for what `scope` says."""
    login = {
        'auth_url': cloud.auth_url,
        'username': 'demo',
        'password': SERVICE_PASSWORD,
        'user_domain_name': 'Default',
    }
    return openstack.connect(auth={**login, **scope}, load_yaml_config=False, load_envvars=False).session.get_token()


def by_credential(cloud: Cloud, id: str, secret: str) -> str:
    """A token by an application credential."""
    auth = {'auth_url': cloud.auth_url, 'application_credential_id': id, 'application_credential_secret': secret}
    made = openstack.connect(
        auth_type='v3applicationcredential', auth=auth, load_yaml_config=False, load_envvars=False
    )  # fmt: skip
    return made.session.get_token()
