"""Instances on the wire: whose they are, renaming, deleting, force delete."""

from typing import Any

import pytest
import sqlalchemy as sa

from dbaas.db import operations, words
from dbaas.db.tables import INSTANCES, OPERATIONS, QUOTAS
from tests.api.house import ADMIN, MEMBER, STRANGER, House, fault


# -- whose -----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ('method', 'suffix', 'body'),
    [
        ('GET', '', None),
        ('PUT', '', {'instance': {'name': 'mine'}}),
        ('PUT', '', {'instance': {'configuration': None}}),
        ('PATCH', '', {'instance': {'name': 'mine'}}),
        ('DELETE', '', None),
        ('POST', '/action', {'reset_status': {'force_delete': True}}),
    ],
)
def test_another_projects_instance_is_404(house: House, method: str, suffix: str, body: Any) -> None:
    made = house.create(who=STRANGER)
    before = house.content()
    fault(house.call(method, f'/instances/{made["id"]}{suffix}', body), 404)
    assert house.content() == before


def test_an_admin_reaches_other_projects_through_his_own_url(house: House) -> None:
    made = house.create(who=STRANGER)
    assert house.get(f'/instances/{made["id"]}', ADMIN)['instance']['tenant_id'] == 'other'
    assert house.get('/instances', ADMIN)['instances'] == []
    assert house.call('DELETE', f'/instances/{made["id"]}', who=ADMIN).status_code == 202
    op = house.execute(sa.select(OPERATIONS).where(OPERATIONS.c.type == 'instance.delete')).one()
    assert (op.project_id, op.user_id) == ('other', 'u-admin')


# -- change ----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize('method', ['PUT', 'PATCH'])
def test_an_instance_is_renamed(house: House, method: str) -> None:
    made = house.create()
    answer = house.call(method, f'/instances/{made["id"]}', {'instance': {'name': 'Übername 2'}})
    assert (answer.status_code, answer.data) == (202, b'')
    assert answer.content_type == 'application/json' and 'X-Dbaas-Operation-Id' not in answer.headers
    assert house.get(f'/instances/{made["id"]}')['instance']['name'] == 'Übername 2'


@pytest.mark.parametrize(
    ('method', 'attributes', 'code'),
    [
        ('PUT', {'configuration': None}, 501),
        ('PUT', {'name': 'new', 'configuration': '6b8f4a3e-9f5d-4a8e-9a53-0c1e0f3c5f11'}, 501),
        ('PUT', {'replica_of': None}, 501),
        ('PUT', {'access': {'is_public': True}}, 501),
        ('PUT', {'datastore_version': '11.4'}, 501),
        ('PUT', {}, 501),
        ('PATCH', {'datastore_version': '11.4'}, 501),
        ('PATCH', {'slave_of': ''}, 501),
        ('PUT', {'slave_of': ''}, 400),
        ('PATCH', {'access': {'is_public': True}}, 400),
        ('PUT', {'access': {'public': True}}, 400),
        ('PUT', {'colour': 'blue'}, 400),
        ('PUT', {'name': 'new', 'replica_of': None, 'configuration': None}, 400),
    ],
)
def test_other_changes_are_refused_by_name_and_rename_nothing(
    house: House, method: str, attributes: dict[str, Any], code: int
) -> None:
    made = house.create()
    before = house.content()
    fault(house.call(method, f'/instances/{made["id"]}', {'instance': attributes}), code)
    assert house.content() == before


# -- delete ----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize('state', sorted(set(words.ALL) - set(words.TERMINAL)))
def test_delete_is_accepted_whatever_goes_on_and_shown_from_then_on(house: House, state: str) -> None:
    made = house.create()
    house.execute(sa.update(OPERATIONS).values(state=state))
    answer = house.call('DELETE', f'/instances/{made["id"]}')
    assert (answer.status_code, answer.data) == (202, b'')
    assert house.get(f'/instances/{made["id"]}')['instance']['status'] == 'SHUTDOWN'


def test_a_second_delete_is_202_and_starts_nothing(house: House) -> None:
    made = house.create()
    first = house.call('DELETE', f'/instances/{made["id"]}')
    before = house.content()
    second = house.call('DELETE', f'/instances/{made["id"]}')
    assert second.status_code == 202 and house.content() == before
    assert second.headers['X-Dbaas-Operation-Id'] == first.headers['X-Dbaas-Operation-Id']


def test_what_is_deleted_is_404_and_its_quota_is_back(house: House) -> None:
    made = house.create()
    house.call('DELETE', f'/instances/{made["id"]}')

    def finish(c: Any) -> None:
        for op in operations.active(c, made['id']):
            operations.set_state(c, op, 'SUCCEEDED', house.now)

    house.db.run(finish)
    fault(house.call('GET', f'/instances/{made["id"]}'), 404)
    fault(house.call('DELETE', f'/instances/{made["id"]}'), 404)
    assert house.get('/instances')['instances'] == []
    assert house.execute(sa.select(QUOTAS.c.used).where(QUOTAS.c.resource == 'instances')).scalar() == 0


# -- force delete ----------------------------------------------------------------------------------------------------
def test_reset_status_holds_what_is_under_way(house: House) -> None:
    made = house.create()
    answer = house.call('POST', f'/instances/{made["id"]}/action', {'reset_status': {}}, ADMIN)
    assert (answer.status_code, answer.data) == (202, b'')
    view = house.get(f'/instances/{made["id"]}', ADMIN)['instance']
    assert view['status'] == 'ERROR'
    assert (
        'reset-status by admin' in view['fault']['message'] and 'an operator can resume it' in view['fault']['message']
    )
    assert house.call('DELETE', f'/instances/{made["id"]}', who=ADMIN).status_code == 202


def test_reset_status_without_an_operation_changes_nothing(house: House) -> None:
    made = house.create()
    house.activate(made['id'])
    before = house.content()
    assert house.call('POST', f'/instances/{made["id"]}/action', {'reset_status': {}}, ADMIN).status_code == 202
    assert house.content() == before


def test_a_member_resets_only_to_delete(house: House) -> None:
    made = house.create()
    path = f'/instances/{made["id"]}/action'
    fault(house.call('POST', path, {'reset_status': {}}), 403)
    assert house.call('POST', path, {'reset_status': {'force_delete': True}}).status_code == 202


@pytest.mark.parametrize('key', ['restart', 'resize', 'promote_to_replica_source', 'eject_replica_source'])
def test_actions_not_built_yet_are_501(house: House, key: str) -> None:
    made = house.create()
    before = house.content()
    fault(house.call('POST', f'/instances/{made["id"]}/action', {key: {}}, MEMBER), 501)
    assert house.content() == before


def test_a_project_keeps_its_own_list(house: House) -> None:
    house.create('mine')
    house.create('theirs', STRANGER)
    assert [i['name'] for i in house.get('/instances')['instances']] == ['mine']
    assert house.execute(sa.select(sa.func.count()).select_from(INSTANCES)).scalar() == 2
