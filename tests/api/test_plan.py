"""plan: the real request by the same route code, and nothing of it stays."""

import uuid
from typing import Any

import pytest

from tests.api.house import ADMIN, MEMBER, STRANGER, House, fault


def _plan(house: House, method: str, path: str, body: Any = None, who: dict[str, Any] = MEMBER) -> Any:
    """The answer; the database must be what it was, and nothing posted."""
    house.posted.clear()
    before, size = house.content(), _bytes(house)
    answer = house.call('POST', '/operations/plan', {'method': method, 'path': path, 'body': body}, who)
    assert house.content() == before and _bytes(house) == size and not house.posted
    assert 'X-Dbaas-Operation-Id' not in answer.headers
    return answer


def _bytes(house: House) -> bytes:
    with open(house.db.url.removeprefix('sqlite:///'), 'rb') as file:
        return file.read()


def test_the_plan_of_a_create(house: House) -> None:
    body = house.request(
        databases=[{'name': 'shop'}], users=[{'name': 'u', 'password': 'Opensesame-1', 'databases': [{'name': 'shop'}]}]
    )
    answer = _plan(house, 'POST', '/instances', body)
    assert answer.status_code == 200 and 'Opensesame' not in answer.text
    plan = answer.json['plan']
    assert (plan['type'], plan['version'], plan['point_of_no_return']) == ('instance.create', 1, None)
    assert plan['expected_duration'] is None
    assert plan['quota']['instances']['adds'] == 1 and plan['quota']['instances']['limit'] == 10
    assert plan['quota']['ram']['adds'] == 512
    assert all(step['effect'] and step['undo'] for step in plan['steps'])
    assert house.get('/instances') == {'instances': []}
    made = house.create()
    assert made and [
        s['name'] for s in house.get(f'/operations/{house.posted[0].operation_id}')['operation']['steps']
    ] == [step['name'] for step in plan['steps']]


def test_history_tells_how_long_it_takes(house: House) -> None:
    house.create()
    house.work()
    plan = _plan(house, 'POST', '/instances', house.request('second')).json['plan']
    assert plan['expected_duration'] > 0 and all(step['expected'] is not None for step in plan['steps'])


def test_the_plan_of_a_delete_shows_its_point_of_no_return(house: House) -> None:
    made = house.create()
    plan = _plan(house, 'DELETE', f'/instances/{made["id"]}').json['plan']
    assert plan['type'] == 'instance.delete' and plan['point_of_no_return'] == plan['steps'][0]['name']
    assert plan['quota']['instances']['adds'] == -1
    assert house.get(f'/instances/{made["id"]}')['instance']['status'] == 'BUILD'


def test_the_path_may_be_the_real_one(house: House) -> None:
    assert _plan(house, 'POST', '/v1.0/demo/instances', house.request()).status_code == 200
    fault(_plan(house, 'POST', '/v1.0/other/instances', house.request()), 403)


def test_what_the_request_is_refused_for_the_plan_is_too(house: House) -> None:
    foreign = house.create(who=STRANGER)
    for code, method, path, body in [
        (400, 'POST', '/instances', house.request(volume={'size': 'x'})),
        (400, 'POST', '/instances', None),
        (404, 'POST', '/instances', house.request(datastore={'type': 'oracle'})),
        (413, 'POST', '/instances', house.request(volume={'size': 11})),
        (501, 'POST', '/instances', house.request(modules=[{'id': str(uuid.uuid4())}])),
        (400, 'POST', '/instances', house.request(availability_zone='nowhere')),
        (404, 'DELETE', f'/instances/{foreign["id"]}', None),
        (404, 'POST', '/nothing', {}),
        (403, 'POST', '/operations', {'type': 'demo.wait', 'inputs': {'seconds': 1}}),
    ]:
        fault(_plan(house, method, path, body), code)


def test_quota_is_checked(house: House) -> None:
    for number in range(10):
        house.create(f'db{number}')
    assert 'instances' in fault(_plan(house, 'POST', '/instances', house.request()), 413)


@pytest.mark.parametrize(
    ('method', 'path', 'body'),
    [
        ('PUT', '/instances/{}', {'instance': {'name': 'renamed'}}),
        ('POST', '/instances/{}/action', {'reset_status': {}}),
        ('POST', '/operations/{}/abort', {'reason': 'why'}),
        ('POST', '/operations/{}/pause', {'reason': 'why'}),
    ],
)
def test_what_starts_no_operation_is_400_and_not_done_either(house: House, method: str, path: str, body: Any) -> None:
    made = house.create()
    target = house.posted[0].operation_id if 'operations' in path else made['id']
    message = fault(_plan(house, method, path.format(target), body, ADMIN), 400)
    assert 'starts no operation' in message


def test_the_plan_of_demo_wait(house: House) -> None:
    body = {'type': 'demo.wait', 'inputs': {'seconds': 3}}
    plan = _plan(house, 'POST', '/operations', body, ADMIN).json['plan']
    assert plan['type'] == 'demo.wait' and plan['quota'] == {}
