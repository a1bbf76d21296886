"""Clients that log in with a password, as subprocesses against the served API: openstack, its SDK, clouds.yaml."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests
import yaml

from dbaas.cli.embedded import identities
from tests.api.house import House

pytestmark = pytest.mark.slow
BIN = os.path.dirname(sys.executable)
DOMAINS = {'OS_PROJECT_DOMAIN_ID': 'default', 'OS_USER_DOMAIN_ID': 'default'}
SDK = """
import json, openstack
cloud = openstack.connect(cloud='dbaas')
print(json.dumps({'project': cloud.current_project_id, 'flavors': [f.name for f in cloud.database.flavors()],
                  'user': cloud.identity.get_user(cloud.current_user_id).name,
                  'projects': [p.name for p in cloud.identity.projects()]}))
"""


class Site:
    """A served house of a first start, and what its clients are given."""

    def __init__(self, house: House, folder: str, url: str):
        self.house, self.folder, self.url = house, folder, url
        self.person = identities.admin(house.identities)
        identities.write_environment(folder, self.person, url)
        clean = {k: v for k, v in os.environ.items() if not k.startswith('OS_')}
        self.clean = {**clean, 'HOME': folder}  # clients keep caches there
        with open(os.path.join(folder, 'clouds.yaml')) as text:
            self.auth = yaml.safe_load(text)['clouds']['dbaas']['auth']

    @property
    def cloud(self) -> dict[str, str]:
        """OS_CLOUD with our clouds.yaml."""
        return {'OS_CLOUD': 'dbaas', 'OS_CLIENT_CONFIG_FILE': os.path.join(self.folder, 'clouds.yaml')}

    @property
    def password(self) -> dict[str, str]:
        """The variables of an openrc file as OpenStack's dashboard gives it."""
        return {
            'OS_AUTH_TYPE': 'password', 'OS_AUTH_URL': f'{self.url}/identity/v3', 'OS_USERNAME': 'admin',
            'OS_PASSWORD': self.auth['password'], 'OS_PROJECT_NAME': 'demo', 'OS_USER_DOMAIN_NAME': 'Default',
            'OS_PROJECT_DOMAIN_NAME': 'Default', 'OS_IDENTITY_API_VERSION': '3', 'OS_REGION_NAME': 'RegionOne',
            'OS_INTERFACE': 'public',
        }  # fmt: skip

    def run(self, command: list[str], env: dict[str, str], code: int = 0) -> str:
        done = subprocess.run(
            command, env={**self.clean, **env}, capture_output=True, text=True, timeout=180, check=False
        )
        assert done.returncode == code, f'{command}: {done.stdout}{done.stderr}'
        return done.stdout if code == 0 else done.stderr

    def openstack(self, *words: str, env: dict[str, str] | None = None) -> Any:
        command = [os.path.join(BIN, 'openstack'), *words, '-f', 'json']
        return json.loads(self.run(command, self.cloud if env is None else env))


@pytest.fixture
def site(template: str, tmp_path: Any) -> Iterator[Site]:
    house = House(template, str(tmp_path), clock=time.time)
    os.unlink(house.identities)
    identities.first_start(house.identities)
    with house.served() as url:
        yield Site(house, str(tmp_path), url)
    house.db.close()


def test_what_is_written_is_for_its_owner_only(site: Site) -> None:
    for name in ('clouds.yaml', 'openrc', 'token', 'password', 'identity.yaml'):
        assert os.stat(os.path.join(site.folder, name)).st_mode & 0o777 == 0o600, name
    with open(site.house.identities) as text:
        assert site.auth['password'] not in text.read()


def test_a_password_set_by_somebody_is_written_nowhere(site: Site) -> None:
    """clouds.yaml then has the token, which works as well."""
    with open(site.house.identities) as text:
        people = yaml.safe_load(text)
    people[0].pop('password_hash')
    site.house.write_identities(people)
    again = Site(site.house, site.folder, site.url)
    assert 'password' not in again.auth and again.auth['token'] == people[0]['token']
    assert again.openstack('database', 'instance', 'list') == []


def test_python_openstackclient(site: Site) -> None:
    me = site.person
    commands = {
        'instances': ('database', 'instance', 'list'),
        'quota': ('database', 'quota', 'show', 'demo'),
        'token': ('token', 'issue'),
        'project': ('project', 'show', 'demo'),
        'projects': ('project', 'list'),
        'user': ('user', 'show', me['user_id']),
        'catalog': ('catalog', 'list'),
        'updated': ('database', 'quota', 'update', 'demo', 'instances', '7'),
    }
    with ThreadPoolExecutor(2) as pool:  # most of a command's time is its start
        answers = pool.map(lambda words: site.openstack(*words, env=site.password), commands.values())
        told = dict(zip(commands, answers, strict=True))
    assert told['instances'] == []
    assert {row['Resource']: row['In Use'] for row in told['quota']} == dict.fromkeys(
        ('instances', 'ram', 'volumes', 'backups'), 0
    )
    assert (told['token']['project_id'], told['token']['user_id']) == (me['project_id'], me['user_id'])
    assert told['project']['id'] == me['project_id'] and told['user']['name'] == 'admin'
    assert [row['Name'] for row in told['projects']] == ['demo']
    assert {row['Type'] for row in told['catalog']} == {'database', 'identity'}
    assert told['updated'] == {'instances': 7}
    shown = site.openstack('database', 'quota', 'show', me['project_id'])
    assert {row['Resource']: row['Limit'] for row in shown}['instances'] == 7


def test_clouds_yaml_and_the_sdk(site: Site) -> None:
    told = json.loads(site.run([sys.executable, '-c', SDK], site.cloud))
    me = site.person['project_id']
    assert told == {'project': me, 'flavors': ['tiny', 'small', 'medium'], 'user': 'admin', 'projects': ['demo']}
    issued = site.openstack('token', 'issue')
    env = {
        'OS_AUTH_TYPE': 'v3token', 'OS_AUTH_URL': f'{site.url}/identity', 'OS_TOKEN': issued['id'],
        'OS_PROJECT_NAME': 'demo', 'OS_PROJECT_DOMAIN_ID': 'default',
    }  # fmt: skip
    assert site.openstack('database', 'instance', 'list', env=env) == []


def test_our_own_client_and_the_old_one(site: Site) -> None:
    assert json.loads(site.run([os.path.join(BIN, 'dbaas-flow'), 'list', '-o', 'json'], site.cloud)) == []
    env = {**site.password, **DOMAINS}
    assert 'instances' in site.run([os.path.join(BIN, 'trove'), 'quota-show', site.person['project_id']], env)


def test_a_wrong_password_is_said_to_be_one(site: Site) -> None:
    env = {**site.password, 'OS_PASSWORD': 'wrong'}
    said = site.run([os.path.join(BIN, 'openstack'), 'database', 'instance', 'list'], env, code=1)
    assert 'requires authentication' in said and '401' in said


def test_what_gophercloud_sends(site: Site) -> None:
    """The requests of gophercloud (openstack.AuthenticatedClient, NewDBV1), which Terraform's provider is built on.

    It looks for the version only where the URL names none, wants v3 in `versions.values`, takes the token from
    X-Subject-Token, finds `database` by type, interface and region, and adds a slash to its URL.
    """
    (version,) = requests.get(f'{site.url}/identity/', timeout=30).json()['versions']['values']
    base = next(link['href'] for link in version['links'] if link['rel'] == 'self')
    assert 'v3' in version['id'] and version['status'] in ('stable', 'supported', 'current') and base.endswith('/v3/')
    user = {'name': 'admin', 'password': site.auth['password'], 'domain': {'name': 'Default'}}
    body = {
        'auth': {
            'identity': {'methods': ['password'], 'password': {'user': user}},
            'scope': {'project': {'id': site.person['project_id']}},
        }
    }
    answer = requests.post(f'{base}auth/tokens', json=body, headers={'X-Auth-Token': ''}, timeout=30)
    assert answer.status_code == 201
    token = answer.headers['X-Subject-Token']
    found = [
        endpoint['url'].rstrip('/') + '/'
        for service in answer.json()['token']['catalog']
        if service['type'] == 'database'
        for endpoint in service['endpoints']
        if endpoint['interface'] == 'public' and 'RegionOne' in (endpoint['region'], endpoint['region_id'])
    ]
    assert len(found) == 1
    headers = {'X-Auth-Token': token, 'Cache-Control': 'no-cache'}
    for path in ('instances', 'flavors', 'datastores', f'mgmt/quotas/{site.person["project_id"]}'):
        assert requests.get(found[0] + path, headers=headers, timeout=30).status_code == 200, path
    checked = requests.get(f'{base}auth/tokens', headers={**headers, 'X-Subject-Token': token}, timeout=30)
    assert checked.status_code == 200 and checked.headers['X-Subject-Token'] == token
    assert 'catalog' in checked.json()['token']
