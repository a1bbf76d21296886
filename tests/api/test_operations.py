"""Operations: who sees which, what they show, the verbs, and what they answer when they do not fit."""

from typing import Any

import pytest
import sqlalchemy as sa

from dbaas.api.operations import schemas
from dbaas.db.tables import OPERATIONS
from dbaas.db.words import TERMINAL
from flows import plan, progress, why
from tests.api.house import ADMIN, MEMBER, STRANGER, House, fault

WHY = {'reason': 'because'}


def _operation(house: House, who: dict[str, Any] = MEMBER) -> str:
    """The id of a new create."""
    house.create(who=who)
    return house.posted[-1].operation_id


def _set(house: House, operation_id: str, **values: Any) -> None:
    house.execute(sa.update(OPERATIONS).where(OPERATIONS.c.id == operation_id).values(**values))


# -- list ------------------------------------------------------------------------------------------------------------
def test_tenants_see_their_own_and_admins_all(house: House) -> None:
    mine, theirs = _operation(house), _operation(house, STRANGER)

    def ids(who: dict[str, Any], **query: str) -> list[str]:
        return [o['id'] for o in house.get('/operations', who, query_string=query)['operations']]

    assert ids(MEMBER) == [mine] and ids(STRANGER) == [theirs]
    assert ids(ADMIN) == [theirs, mine]  # newest first
    assert ids(ADMIN, project_id='other') == [theirs]
    assert ids(MEMBER, project_id='demo') == [mine]
    fault(house.call('GET', '/operations', query_string={'project_id': 'other'}), 403)


def test_filters(house: House) -> None:
    first, second = _operation(house), _operation(house)
    _set(house, second, state='HELD')
    created = house.get(f'/operations/{second}')['operation']['created']
    instance_id = house.get(f'/operations/{first}')['operation']['instance_id']
    for query, found in [
        ({'state': 'HELD'}, [second]),
        ({'state': 'QUEUED'}, [first]),
        ({'type': 'instance.create'}, [second, first]),
        ({'type': 'instance.delete'}, []),
        ({'instance': instance_id}, [first]),
        ({'since': created}, [second]),
        ({'since': '2023-11-14T22:13:20+00:00'}, [second, first]),
        ({'since': '2023-11-14'}, [second, first]),
        ({'since': '2030-01-01T00:00:00Z'}, []),
        ({'state': 'QUEUED', 'since': created}, []),
    ]:
        listed = house.get('/operations', query_string=query)['operations']
        assert [o['id'] for o in listed] == found, query


def test_pages(house: House) -> None:
    made = [_operation(house) for _ in range(5)]
    path, seen = '/operations?limit=2&state=QUEUED', []
    while path:
        page = house.get(path)
        seen += [o['id'] for o in page['operations']]
        path = page['links'][0]['href'].replace('http://localhost', '') if 'links' in page else ''
    assert seen == made[::-1]


# -- one -------------------------------------------------------------------------------------------------------------
def test_a_finished_create_shows_its_steps_events_and_reasons(house: House) -> None:
    operation_id = _operation(house)
    house.work()
    shown = house.get(f'/operations/{operation_id}')['operation']
    assert shown['state'] == 'SUCCEEDED' and shown['duration'] > 0
    assert {s['state'] for s in shown['steps']} == {'SUCCESS'}
    assert all(s['started'] and s['finished'] and s['conductor'] for s in shown['steps'])
    assert shown['links'][0]['href'].endswith(f'/v1.0/demo/operations/{operation_id}')
    listed = house.get('/operations')['operations'][0]
    assert listed.items() <= shown.items() and set(shown) - set(listed) == {'steps', 'waits', 'requests'}
    events = house.get(f'/operations/{operation_id}/events')['events']
    assert [e['seq'] for e in events] == list(range(1, len(events) + 1))
    assert (events[0]['kind'], events[-1]['kind']) == ('accepted', 'succeeded')
    assert house.get(f'/operations/{operation_id}/why')['why']['state'] == 'SUCCEEDED'
    instance = house.get(f'/instances/{shown["instance_id"]}')['instance']
    assert instance['status'] == 'ACTIVE' and instance['ip']


def test_a_held_create_says_so_everywhere(house: House) -> None:
    house.world.faults.plan('create_server', times=1)
    operation_id = _operation(house)
    house.work()
    shown = house.get(f'/operations/{operation_id}')['operation']
    assert (shown['state'], shown['step']) == ('HELD', 'create-server')
    instance = house.get(f'/instances/{shown["instance_id"]}')['instance']
    assert instance['status'] == 'ERROR' and instance['fault']['details'] is None
    assert instance['fault']['message'].startswith('create stopped at step create-server: ')
    assert instance['fault']['message'].endswith(f'. Operation {operation_id}; an operator can resume it.')
    assert house.get(f'/instances/{shown["instance_id"]}', ADMIN)['instance']['fault']['details'] == shown['reason']
    reasons = house.get(f'/operations/{operation_id}/why')['why']
    assert reasons['last_error']['step'] == 'create-server' and any('resume' in line for line in reasons['advice'])
    answer = house.call('POST', f'/operations/{operation_id}/resume', WHY, ADMIN)
    assert answer.status_code == 202 and answer.json['operation']['state'] == 'QUEUED'
    house.work()
    assert house.get(f'/operations/{operation_id}')['operation']['state'] == 'SUCCEEDED'


@pytest.mark.parametrize('suffix', ['', '/events', '/why'])
def test_another_projects_operation_is_404_but_for_admins(house: House, suffix: str) -> None:
    operation_id = _operation(house, STRANGER)
    fault(house.call('GET', f'/operations/{operation_id}{suffix}'), 404)
    house.get(f'/operations/{operation_id}{suffix}', ADMIN)


def test_the_answers_show_all_that_there_is(house: House) -> None:
    """What the schemas do not name would be dropped from answers silently."""
    _operation(house)
    house.world.faults.plan('create_server', times=1)
    house.work()
    house.call('DELETE', f'/instances/{house.create()["id"]}')
    with house.db.read() as c:
        for operation_id in {job.operation_id for job in house.posted}:
            shown = progress.show(c, operation_id)
            for found, schema in [
                ([{**shown, 'links': []}], schemas.Operation),
                (shown['steps'], schemas.Step),
                (shown['waits'], schemas.Wait),
                (shown['requests'], schemas.Request),
                (progress.history(c, operation_id), schemas.Event),
                ([why.why(c, operation_id, house.conf, house.now)], schemas.Why),
                ([plan.plan(c, operation_id).told(house.world.cloud)], schemas.Plan),
                (plan.plan(c, operation_id).told(house.world.cloud)['steps'], schemas.PlannedStep),
            ]:
                for one in found:
                    assert set(one) == set(schema().fields), schema


# -- verbs -----------------------------------------------------------------------------------------------------------
def test_pause_resume_and_abort_with_actor_and_reason(house: House) -> None:
    operation_id = _operation(house)
    path = f'/operations/{operation_id}'
    assert house.call('POST', f'{path}/pause', WHY, ADMIN).json['operation']['state'] == 'PAUSED'
    jobs = len(house.posted)
    assert house.call('POST', f'{path}/resume', WHY, ADMIN).json['operation']['state'] == 'QUEUED'
    assert [job.operation_id for job in house.posted[jobs:]] == [operation_id]
    answer = house.call('POST', f'{path}/abort', {'reason': 'wrong flavor'})
    assert answer.status_code == 202 and answer.json['operation']['state'] == 'CANCELLED'
    *_, told, ordered = house.get(f'{path}/events')['events']
    assert (told['kind'], told['actor']) == ('cancelled', 'member') and 'wrong flavor' in told['reason']
    assert (ordered['kind'], ordered['before'], ordered['after']) == ('abort', 'QUEUED', 'CANCELLED')
    instance = house.get('/instances/detail')['instances'][0]
    assert instance['status'] == 'ERROR' and 'wrong flavor' in instance['fault']['message']


def test_skip_attests_a_step_with_its_result(house: House) -> None:
    house.world.faults.plan('create_security_group', times=1)
    operation_id = _operation(house)
    house.work()
    body = {'reason': 'made by hand', 'step': 'create-security-group', 'output': {'id': 'sg-1'}}
    answer = house.call('POST', f'/operations/{operation_id}/skip', body, ADMIN)
    step = answer.json['operation']['steps'][1]
    assert (step['name'], step['state'], step['attested_by']) == ('create-security-group', 'SKIPPED', 'admin')
    house.work()
    assert house.get(f'/operations/{operation_id}')['operation']['state'] == 'SUCCEEDED'


@pytest.mark.parametrize('verb', ['pause', 'resume', 'retry-now', 'abort'])
@pytest.mark.parametrize('state', TERMINAL)
def test_a_verb_on_what_has_ended_is_409_naming_the_state(house: House, verb: str, state: str) -> None:
    operation_id = _operation(house)
    _set(house, operation_id, state=state)
    before = house.content()
    assert state in fault(house.call('POST', f'/operations/{operation_id}/{verb}', WHY, ADMIN), 409)
    assert house.content() == before


def test_an_admins_verbs_reach_every_project_and_a_tenants_only_his_own(house: House) -> None:
    operation_id = _operation(house, STRANGER)
    path = f'/operations/{operation_id}'
    fault(house.call('POST', f'{path}/abort', WHY, MEMBER), 404)
    assert house.call('POST', f'{path}/pause', WHY, ADMIN).status_code == 202
    fault(house.call('POST', f'{path}/resume', WHY, STRANGER), 403)
    assert house.call('POST', f'{path}/abort', WHY, STRANGER).json['operation']['state'] == 'CANCELLED'


# -- demo.wait -------------------------------------------------------------------------------------------------------
def test_demo_wait_is_started_by_admins(house: House) -> None:
    body = {'type': 'demo.wait', 'inputs': {'seconds': 2.5}}
    answer = house.call('POST', '/operations', body, ADMIN)
    assert answer.status_code == 202
    operation = answer.json['operation']
    assert answer.headers['X-Dbaas-Operation-Id'] == operation['id'] == house.posted[0].operation_id
    assert (operation['type'], operation['instance_id']) == ('demo.wait', None)
    fault(house.call('POST', '/operations', body, MEMBER), 403)
    house.work()
    assert house.get(f'/operations/{operation["id"]}')['operation']['state'] == 'SUCCEEDED'


def test_a_board_that_fails_does_not_fail_the_request(house: House) -> None:
    def broken(_: Any) -> None:
        raise ConnectionError('no board')

    house.post_to(broken)
    assert house.create()['status'] == 'BUILD'
    assert house.get('/operations')['operations'][0]['state'] == 'QUEUED'
