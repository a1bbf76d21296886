"""why: what is waited for, in words, in every state; beside history."""

from typing import Any

import pytest
import sqlalchemy as sa

from dbaas.db.tables import EVENTS, LOCKS, OPERATIONS, REQUESTS, WAITS
from dbaas.db.words import ALL
from tests.api.house import ADMIN, House


def _operation(house: House, **values: Any) -> str:
    """The id of a new create with these columns."""
    house.create(f'db{len(house.posted)}')
    operation_id = house.posted[-1].operation_id
    if values:
        house.execute(sa.update(OPERATIONS).where(OPERATIONS.c.id == operation_id).values(**values))
    return operation_id


def _why(house: House, operation_id: str) -> dict[str, Any]:
    return house.get(f'/operations/{operation_id}/why', ADMIN)['why']


def _resource(house: House, operation_id: str) -> str:
    return house.get(f'/operations/{operation_id}', ADMIN)['operation']['instance_id']


def _wait(house: House, operation_id: str, key: str, ago: float = 90.0) -> str:
    """What it says to waiting for this key; it has for `ago` seconds."""
    since = house.now - ago
    house.execute(sa.delete(WAITS))
    values = {'operation_id': operation_id, 'key': key, 'step': 'wait-for-guest', 'since': since}
    house.execute(sa.insert(WAITS).values(**values, wake_at=house.now + 1, deadline=since + 600))
    return _why(house, operation_id)['summary']


@pytest.mark.parametrize('state', ALL)
@pytest.mark.parametrize('version', [1, 99])
def test_every_state_has_an_answer(house: House, state: str, version: int) -> None:
    operation_id = _operation(house, state=state, version=version, conductor='c-1', beat=house.now)
    answer = _why(house, operation_id)
    assert answer['state'] == state and answer['summary'].endswith(('.', 'recorded'))
    if version == 99 and state not in ('SUCCEEDED', 'ABORTED', 'CANCELLED', 'SUPERSEDED'):
        assert 'instance.create version 99' in answer['summary']


def test_what_is_waited_for_in_words(house: House) -> None:
    operation_id = _operation(house, state='WAITING', step='wait-for-guest')
    instance = _resource(house, operation_id)
    said = _wait(house, operation_id, f'guest:{instance}')
    assert said.startswith(f'Step wait-for-guest has waited 1 min 30 s for the first heartbeat of guest {instance}')
    assert 'gives up at 2023-11-14T' in said
    house.activate(_resource(house, _operation(house)))  # another's heartbeat changes nothing
    assert 'first heartbeat' in _why(house, operation_id)['summary']
    command = f'{operation_id}:prepare-database:do:2'
    assert f'command prepare-database of guest {instance} (attempt 2)' in _wait(house, operation_id, command)
    assert f'server {instance} to be up' in _wait(house, operation_id, f'server:{instance}')
    assert 'something-new' in _wait(house, operation_id, 'something-new')
    answer = _why(house, operation_id)
    assert answer['waiting_on'][0]['what'] == 'something-new' and answer['waiting_on'][0]['deadline']
    assert answer['advice'][0] == f"Look at once: dbaas-flow retry-now {operation_id} --reason '...'"


def test_its_turn_behind_another(house: House) -> None:
    first = _operation(house, state='HELD')
    instance = _resource(house, first)
    second = _operation(house, state='ACCEPTED', resource_id=instance)
    house.execute(sa.update(LOCKS).where(LOCKS.c.operation_id == second).values(resource_id=instance, slot='x', seq=2))
    answer = _why(house, second)
    assert f'behind operation {first} (instance.create, HELD)' in answer['summary']
    assert answer['lock'] == {'operation': first, 'type': 'instance.create', 'state': 'HELD'}
    assert f'dbaas-flow why {first}' in answer['advice'][0]
    assert [other['operation'] for other in _why(house, first)['behind']] == [second]


def test_a_free_conductor(house: House) -> None:
    waiting = _operation(house, updated=house.now - 12)
    assert 'none has claimed it for 12 s. No conductor is seen to run anything.' in _why(house, waiting)['summary']
    for number in (1, 2):
        _operation(house, state='RUNNING', conductor=f'conductor-{number}', beat=house.now)
    _operation(house, state='RUNNING', conductor='conductor-3', beat=house.now - 600)
    assert 'Working now: conductor-1 (1), conductor-2 (1).' in _why(house, waiting)['summary']


def test_a_conductor_that_gives_no_sign_of_life(house: House) -> None:
    operation_id = _operation(house, state='RUNNING', conductor='conductor-1', beat=house.now)
    assert 'conductor-1 is running it' in _why(house, operation_id)['summary']
    house.now += 45
    answer = _why(house, operation_id)
    assert 'conductor-1 claimed it and has given no sign of life for 45 s' in answer['summary']
    assert 'after 1 min 00 s at the latest' in answer['summary']
    assert answer['beat'] < answer['since'] or answer['beat']


def test_a_verb_that_waits_for_the_next_step(house: House) -> None:
    operation_id = _operation(house, state='RUNNING', conductor='conductor-1', beat=house.now)
    house.call('POST', f'/operations/{operation_id}/pause', {'reason': 'maintenance'}, ADMIN)
    house.now += 5
    answer = _why(house, operation_id)
    assert answer['state'] == 'PAUSING' and answer['requests'][0]['reason'] == 'maintenance'
    assert 'admin asked 5 s ago to pause it: that takes effect after the step that runs now' in answer['summary']
    house.execute(sa.update(REQUESTS).values(state='refused'))
    assert _why(house, operation_id)['state'] == 'RUNNING'


def test_slower_than_usual(house: House) -> None:
    for took in (10, 11, 12, 13, 20):
        done = _operation(house, state='SUCCEEDED')
        event = {'seq': 9, 'kind': 'done', 'step': 'create-server', 'started': house.now - took, 'at': house.now}
        house.execute(sa.insert(EVENTS).values(operation_id=done, **event))
    slow = _operation(house, state='RUNNING', conductor='c', beat=house.now, epoch=1)
    event = {'seq': 9, 'kind': 'running', 'step': 'create-server', 'epoch': 1, 'started': house.now, 'at': house.now}
    house.execute(sa.insert(EVENTS).values(operation_id=slow, **event))
    house.now += 19
    answer = _why(house, slow)
    assert 'Slower' not in answer['summary'] and answer['pace']['slower'] is False
    house.now += 10
    house.execute(sa.update(OPERATIONS).where(OPERATIONS.c.id == slow).values(beat=house.now))
    answer = _why(house, slow)
    assert answer['summary'].endswith('Slower than usual: 29 s, usually 12 s (p95 20 s).')
    assert (answer['pace']['count'], answer['pace']['p50'], answer['pace']['p95']) == (5, 12.0, 20.0)
    assert answer['pace']['deadline'], 'when the step is given up'
