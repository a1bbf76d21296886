"""Who may call an embedded deployment: identity.yaml, made at the first start; what clients read follows from it.

token, openrc and clouds.yaml are for the administrator. His first password is generated; it is kept in the file
`password` beside identity.yaml, and is in clouds.yaml for as long as it is right.
"""

import os
import secrets
import uuid
from typing import Any

import yaml

from dbaas.exceptions import Unavailable
from guestagent.contract import processes

PROJECT = 'demo'
CLOUD = 'dbaas'  # its name in clouds.yaml
_LOGIN = '/identity/v3'  # of the API: where clients get tokens
_OPENRC = """\
# Environment of openstack, openstacksdk and dbaas-flow; to be sourced. Other OS_ variables would get in the way.
for _os_name in $(env | sed -n 's/^\\(OS_[A-Za-z0-9_]*\\)=.*/\\1/p'); do unset "$_os_name"; done
unset _os_name
export OS_AUTH_TYPE=admin_token
export OS_ENDPOINT={endpoint}
export OS_TOKEN={token}
"""
_CLOUDS = """\
# For clients that log in: export OS_CLIENT_CONFIG_FILE={path} OS_CLOUD={cloud}
"""


def first_start(path: str) -> None:
    """Make the token file, with an admin and a member of one project, unless it is there. Only the admin can log in."""
    if os.path.exists(path):
        return
    from dbaas.services import passwords

    project = {'project_id': uuid.uuid4().hex, 'project_name': PROJECT}
    people = [new_person('admin', ['admin', 'member'], project), new_person('member', ['member'], project)]
    password = secrets.token_urlsafe(24)
    people[0]['password_hash'] = passwords.hashed(password)
    processes.replace(_password_file(path), password + '\n')
    processes.replace(path, yaml.safe_dump(people, sort_keys=False))


def admin(path: str) -> dict[str, Any]:
    """The first identity with the role admin, as it stands in the file, and its `password` where that is known."""
    try:
        with open(path) as text:
            people = yaml.safe_load(text)
        found = dict(next(person for person in people if 'admin' in person['roles']))
    except (OSError, yaml.YAMLError, KeyError, TypeError, StopIteration) as error:
        raise Unavailable(
            f'{path} holds no identity with the role admin: mend it, or remove it for a new one'
        ) from error
    password = _generated(path, found.get('password_hash'))
    return {**found, 'password': password} if password else found


def write_environment(state: str, person: dict[str, Any], url: str) -> None:
    """token, openrc and clouds.yaml of `person`, as `admin` gives it; url: http://host:port of the API."""
    endpoint = f'{url}/v1.0/{person["project_id"]}'
    _write(os.path.join(state, 'token'), person['token'] + '\n')
    _write(os.path.join(state, 'openrc'), _OPENRC.format(endpoint=endpoint, token=person['token']))
    path = os.path.join(state, 'clouds.yaml')
    clouds = {'clouds': {CLOUD: _cloud(person, url + _LOGIN)}}
    _write(path, _CLOUDS.format(path=path, cloud=CLOUD) + yaml.safe_dump(clouds, sort_keys=False))


def told(state: str) -> str | None:
    """The URL that `write_environment` has told clients last; None: none yet, or somebody else has written there."""
    try:
        with open(os.path.join(state, 'clouds.yaml')) as text:
            url = yaml.safe_load(text)['clouds'][CLOUD]['auth']['auth_url']
    except (FileNotFoundError, yaml.YAMLError, KeyError, TypeError):
        return None
    return str(url).removesuffix(_LOGIN)


def new_person(name: str, roles: list[str], project: dict[str, str]) -> dict[str, Any]:
    """A new identity, with a token of its own. project: {project_id, project_name}."""
    return {
        'token': secrets.token_urlsafe(32), 'user_id': uuid.uuid4().hex, 'user_name': name, **project, 'roles': roles,
    }  # fmt: skip


def _cloud(person: dict[str, Any], auth_url: str) -> dict[str, Any]:
    """By password where that is known, else by the static token."""
    auth = {'auth_url': auth_url, 'project_id': person['project_id']}
    if 'password' in person:
        names = {'username': person['user_name'], 'password': person['password'], 'user_domain_name': 'Default'}
        return {'auth_type': 'password', 'auth': {**auth, **names}, 'identity_api_version': 3}
    return {'auth_type': 'v3token', 'auth': {**auth, 'token': person['token']}, 'identity_api_version': 3}


def _generated(path: str, password_hash: str | None) -> str | None:
    """The generated password, unless another one has been set since."""
    from dbaas.services import passwords

    try:
        with open(_password_file(path)) as text:
            password = text.read().rstrip('\n')
    except OSError:
        return None
    return password if passwords.matches(password_hash, password) else None


def _password_file(path: str) -> str:
    return os.path.join(os.path.dirname(os.path.abspath(path)), 'password')


def _write(path: str, text: str) -> None:
    """Only when it changes: a reader never finds it missing."""
    try:
        with open(path) as seen:
            if seen.read() == text:
                return
    except FileNotFoundError:
        pass
    processes.replace(path, text)
