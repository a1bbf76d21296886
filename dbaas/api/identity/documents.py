"""Keystone's documents from logins and identities. There is one domain; links have the request's scheme and host."""

import datetime
from typing import Any

import flask

from dbaas.api.negotiation import VERSION
from dbaas.api.parts import parts
from dbaas.services.identity_file import Identity
from dbaas.services.logins import Login

DOMAIN = {'id': 'default', 'name': 'Default'}
INTERFACES = ('public', 'internal', 'admin')


def version() -> dict[str, Any]:
    media = {'base': 'application/json', 'type': 'application/vnd.openstack.identity-v3+json'}
    return {
        'id': 'v3.14',
        'status': 'stable',
        'updated': '2020-04-07T00:00:00Z',
        'links': [{'rel': 'self', 'href': _url('/')}],
        'media-types': [media],
    }


def token(login: Login, with_catalog: bool) -> dict[str, Any]:
    identity = login.identity
    document: dict[str, Any] = {
        'methods': list(login.methods),
        'user': {'id': identity.user_id, 'name': identity.user_name, 'domain': DOMAIN, 'password_expires_at': None},
        'audit_ids': [login.audit],
        'issued_at': _time(login.issued),
        'expires_at': _time(login.expires),
    }
    if login.scoped:
        document |= {
            'project': {'id': identity.project_id, 'name': identity.project_name, 'domain': DOMAIN},
            'is_domain': False,
            'roles': [{'id': role, 'name': role} for role in identity.roles],
        }
        if with_catalog:
            document['catalog'] = catalog(identity.project_id)
    return document


def catalog(project_id: str) -> list[dict[str, Any]]:
    """The two services that there are."""
    return [
        _service('database', 'trove', f'{flask.request.root_url}{VERSION}/{project_id}'),
        _service('identity', 'keystone', f'{flask.request.root_url}identity'),
    ]


def project(identity: Identity) -> dict[str, Any]:
    return {
        'id': identity.project_id,
        'name': identity.project_name,
        'domain_id': DOMAIN['id'],
        'parent_id': DOMAIN['id'],
        'description': '',
        'enabled': True,
        'is_domain': False,
        'tags': [],
        'options': {},
        'links': {'self': _url(f'/projects/{identity.project_id}')},
    }


def user(identity: Identity) -> dict[str, Any]:
    return {
        'id': identity.user_id,
        'name': identity.user_name,
        'domain_id': DOMAIN['id'],
        'enabled': True,
        'password_expires_at': None,
        'options': {},
        'links': {'self': _url(f'/users/{identity.user_id}')},
    }


def links(path: str) -> dict[str, Any]:
    """Of a list: it has one page."""
    return {'self': _url(path), 'next': None, 'previous': None}


def _service(kind: str, name: str, url: str) -> dict[str, Any]:
    region = parts().conf.api.region
    endpoints = [
        {'id': f'{kind}-{interface}', 'interface': interface, 'region': region, 'region_id': region, 'url': url}
        for interface in INTERFACES
    ]
    return {'id': kind, 'type': kind, 'name': name, 'endpoints': endpoints}


def _url(path: str) -> str:
    return f'{flask.request.root_url}identity/v3{path}'


def _time(seconds: float) -> str:
    return datetime.datetime.fromtimestamp(seconds, datetime.UTC).strftime('%Y-%m-%dT%H:%M:%S.%fZ')
