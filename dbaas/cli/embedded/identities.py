"""Who may call an embedded deployment: identity.yaml, made at the first start; token and openrc follow from it."""

import os
import secrets
import uuid
from typing import Any

import yaml

from dbaas.exceptions import Unavailable
from guestagent.contract import processes

PROJECT = 'demo'
_OPENRC = """\
# Environment of openstack, openstacksdk and dbaas-flow; to be sourced. Other OS_ variables would get in the way.
for _os_name in $(env | sed -n 's/^\\(OS_[A-Za-z0-9_]*\\)=.*/\\1/p'); do unset "$_os_name"; done
unset _os_name
export OS_AUTH_TYPE=admin_token
export OS_ENDPOINT={endpoint}
export OS_TOKEN={token}
"""


def first_start(path: str) -> None:
    """Make the token file, with an admin and a member of one project, unless it is there."""
    if os.path.exists(path):
        return
    project = {'project_id': uuid.uuid4().hex, 'project_name': PROJECT}
    people = [_person('admin', ['admin', 'member'], project), _person('member', ['member'], project)]
    processes.replace(path, yaml.safe_dump(people, sort_keys=False))


def admin(path: str) -> dict[str, Any]:
    """The first identity with the role admin: {token, user_id, user_name, project_id, project_name, roles}."""
    try:
        with open(path) as text:
            people = yaml.safe_load(text)
        return next(person for person in people if 'admin' in person['roles'])
    except (OSError, yaml.YAMLError, KeyError, TypeError, StopIteration) as error:
        raise Unavailable(
            f'{path} holds no identity with the role admin: mend it, or remove it for a new one'
        ) from error


def write_environment(state: str, person: dict[str, Any], url: str) -> None:
    """token and openrc of `person`; url: http://host:port of the API."""
    endpoint = f'{url}/v1.0/{person["project_id"]}'
    _write(os.path.join(state, 'token'), person['token'] + '\n')
    _write(os.path.join(state, 'openrc'), _OPENRC.format(endpoint=endpoint, token=person['token']))


def _person(name: str, roles: list[str], project: dict[str, str]) -> dict[str, Any]:
    return {
        'token': secrets.token_urlsafe(32), 'user_id': uuid.uuid4().hex, 'user_name': name, **project, 'roles': roles,
    }  # fmt: skip


def _write(path: str, text: str) -> None:
    """Only when it changes: a reader never finds it missing."""
    try:
        with open(path) as seen:
            if seen.read() == text:
                return
    except FileNotFoundError:
        pass
    processes.replace(path, text)
