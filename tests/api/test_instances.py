"""Instances on the wire: what Trove's clients send and see."""

from typing import Any

import pytest
import sqlalchemy as sa

from dbaas.db.tables import OPERATIONS, QUOTAS, SECRETS
from guestagent.contract import verifiers
from tests.api.house import ADMIN, House, fault

USERS = [{'name': 'ann', 'password': 'Opensesame-1', 'databases': [{'name': 'shop'}], 'host': '10.0.0.0/8'}]
DATABASES = [{'name': 'shop', 'character_set': 'utf8', 'collate': 'utf8_general_ci'}]
BRIEF = {
    'id', 'name', 'status', 'operating_status', 'links', 'flavor', 'datastore', 'region', 'access', 'volume',
}  # fmt: skip


# -- create ----------------------------------------------------------------------------------------------------------
def test_a_create_answers_200_in_build_and_names_its_operation(house: House) -> None:
    answer = house.call('POST', '/instances', house.request('db1', databases=DATABASES, users=USERS))
    assert answer.status_code == 200
    made = answer.json['instance']
    assert (made['status'], made['operating_status'], made['name']) == ('BUILD', '', 'db1')
    assert made['datastore'] == {'type': 'mariadb', 'version': '10.11', 'version_number': '10.11'}
    assert made['flavor']['id'] == '1' and made['volume'] == {'size': 1}
    assert made['created'] == made['updated'] == '2023-11-14T22:13:20'
    job = house.posted[0]
    assert answer.headers['X-Dbaas-Operation-Id'] == job.operation_id
    assert [op['type'] for op in house.get('/operations')['operations']] == ['instance.create']


def test_what_the_flow_gets_has_no_password(house: House) -> None:
    house.create(databases=DATABASES, users=USERS, access={'is_public': False})
    op = house.execute(sa.select(OPERATIONS)).one()
    user = op.inputs['users'][0]
    assert user | {'verifier_secret': ''} == {
        'name': 'ann', 'host': '10.0.0.0/255.0.0.0', 'databases': ['shop'], 'verifier_secret': '',
    }  # fmt: skip
    assert house.secrets.open(user['verifier_secret']).decode() == verifiers.mysql_native('Opensesame-1')
    assert op.inputs['databases'] == [{'name': 'shop', 'character_set': 'utf8', 'collate': 'utf8_general_ci'}]
    assert op.inputs['access'] == {'is_public': False}
    assert 'Opensesame-1' not in repr(house.content())
    owners = {row.purpose: row.owner for row in house.execute(sa.select(SECRETS))}
    assert owners == {'user-verifier': op.id, 'guest-key': op.resource_id}
    assert len(house.secrets.open(op.inputs['guest_key_id'])) == 32


def test_a_public_instance_needs_a_cloud_that_has_such_addresses(house: House) -> None:
    assert house.create(access={'is_public': True})['access']['is_public']
    house.world.cloud.offers = {**house.world.cloud.offers, 'public address': ()}
    house.posted.clear()
    before, wish = house.content(), house.request(access={'is_public': True})
    for path, body in (
        ('/instances', wish),
        ('/operations/plan', {'method': 'POST', 'path': '/instances', 'body': wish}),
    ):
        said = fault(house.call('POST', path, body), 400)
        assert said == 'The instance cannot be placed so: there are no public addresses here.'
    assert house.content() == before and not house.posted
    house.create(access={'is_public': False})


@pytest.mark.parametrize('flavor', ['1', 1, 'http://nova.example/v2/flavors/1', {'id': '1'}])
def test_a_flavor_is_named_by_id_or_url(house: House, flavor: Any) -> None:
    assert house.create(flavorRef=flavor)['flavor']['id'] == '1'


def test_openstacksdk_calls_the_flavor_flavor(house: House) -> None:
    body = {'instance': {'name': 'sdk', 'flavor': '2', 'volume': {'size': '1'}}}
    assert house.call('POST', '/instances', body).json['instance']['flavor']['id'] == '2'


@pytest.mark.parametrize(
    'datastore', [{'type': 'mariadb'}, {'type': 'mariadb', 'version': '10.11'}, {'version_number': '10.11'}, {}]
)
def test_the_datastore_is_found_by_name_or_omitted(house: House, datastore: dict[str, str]) -> None:
    assert house.create(datastore=datastore)['datastore']['version'] == '10.11'


def test_unknown_attributes_of_a_new_instance_are_ignored(house: House) -> None:
    assert house.create(colour='blue', configuration_id='x', nics=[], modules=[])['status'] == 'BUILD'


@pytest.mark.parametrize(
    'attributes',
    [
        {'replica_of': '6b8f4a3e-9f5d-4a8e-9a53-0c1e0f3c5f11'},
        {'restorePoint': {'backupRef': 'b1'}},
        {'configuration': '6b8f4a3e-9f5d-4a8e-9a53-0c1e0f3c5f11'},
        {'modules': [{'id': '6b8f4a3e-9f5d-4a8e-9a53-0c1e0f3c5f11'}]},
    ],
    ids=lambda attributes: next(iter(attributes)),
)
def test_what_is_not_built_yet_is_501_and_changes_nothing(house: House, attributes: dict[str, Any]) -> None:
    before = house.content()
    message = fault(house.call('POST', '/instances', house.request(**attributes)), 501)
    assert next(iter(attributes)) in message
    assert house.content() == before


def test_the_eleventh_instance_is_over_quota_and_leaves_nothing(house: House) -> None:
    for number in range(10):
        house.create(f'db{number}')
    before = house.content()
    assert 'instances' in fault(house.call('POST', '/instances', house.request('one-more')), 413)
    assert house.content() == before


def test_quota_counts_instances_ram_and_volume(house: House) -> None:
    house.create(flavorRef='2', volume={'size': 3})
    used = {row.resource: row.used for row in house.execute(sa.select(QUOTAS))}
    assert used == {'instances': 1, 'ram': 1024, 'volumes': 3, 'backups': 0}


# -- read ------------------------------------------------------------------------------------------------------------
def test_a_list_shows_briefs_and_admins_see_whose(house: House) -> None:
    house.create()
    assert set(house.get('/instances')['instances'][0]) == BRIEF
    assert house.get('/instances', ADMIN)['instances'][0]['tenant_id'] == 'demo'


def test_details_and_what_only_admins_see(house: House) -> None:
    made = house.create()
    house.activate(made['id'], server_id='s-1', volume_id='v-1')
    for view in (
        house.get('/instances/detail')['instances'][0],
        house.get(f'/instances/{made["id"]}')['instance'],
    ):
        assert (view['status'], view['operating_status']) == ('ACTIVE', 'HEALTHY')
        assert view['ip'] == ['127.64.0.9']
        assert view['addresses'] == [{'address': '127.64.0.9', 'type': 'private', 'network': 'local'}]
        assert {'created', 'updated', 'service_status_updated'} <= set(view)
        assert not {'server_id', 'volume_id', 'tenant_id', 'fault'} & set(view)
    view = house.get(f'/instances/{made["id"]}', ADMIN)['instance']
    assert (view['server_id'], view['volume_id'], view['encrypted_rpc_messaging']) == ('s-1', 'v-1', True)


def test_only_show_tells_the_volumes_use(house: House) -> None:
    made = house.create()
    house.activate(made['id'])
    assert house.get(f'/instances/{made["id"]}')['instance']['volume'] == {
        'size': 1, 'used': 0.25, 'used_percent': 25.0,
    }  # fmt: skip
    assert house.get('/instances/detail')['instances'][0]['volume'] == {'size': 1}


def test_links_carry_the_scheme_and_host_of_the_request(house: House) -> None:
    made = house.create()
    url = f'https://api.example:8779/v1.0/demo/instances/{made["id"]}'
    answer = house.call('GET', f'/v1.0/demo/instances/{made["id"]}', base_url='https://api.example:8779')
    assert answer.json['instance']['links'] == [
        {'rel': 'self', 'href': url},
        {'rel': 'bookmark', 'href': f'https://api.example:8779/instances/{made["id"]}'},
    ]


def test_pages_are_cut_by_id_and_shown_newest_first(house: House) -> None:
    made = [house.create(f'db{number}') for number in range(5)]
    by_id = sorted(made, key=lambda instance: instance['id'])
    age = {instance['id']: number for number, instance in enumerate(made)}
    path, seen = '/instances?limit=2&include_clustered=true', []
    while path:
        page = house.get(path)
        ids = [instance['id'] for instance in page['instances']]
        assert ids == sorted(ids, key=lambda i: -age[i])
        assert set(ids) == {instance['id'] for instance in by_id[len(seen) : len(seen) + 2]}
        seen += ids
        assert page.get('links') == page.get('instances_links')
        following = page.get('links', [{'rel': 'next', 'href': ''}])
        assert [link['rel'] for link in following] == ['next']
        path = following[0]['href'].replace('http://localhost', '')
        assert not path or 'include_clustered=true' in path
    assert len(seen) == 5


@pytest.mark.parametrize('limit', ['0', '-1', 'x', '1.5', '', '٣', '9' * 30])
def test_a_bad_limit_is_400(house: House, limit: str) -> None:
    fault(house.call('GET', '/instances', query_string={'limit': limit}), 400)


def test_a_page_is_never_longer_than_the_deployments(house: House) -> None:
    house.conf.set_override('page_size', 2, group='api')
    for number in range(3):
        house.create(f'db{number}')
    assert len(house.get('/instances?limit=1000')['instances']) == 2
