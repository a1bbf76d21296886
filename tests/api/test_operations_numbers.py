"""stats from history, and what is under way now."""

import sqlalchemy as sa

from dbaas.db.tables import OPERATIONS
from tests.api.house import ADMIN, House, fault
from tests.api.test_operations_why import _operation


def test_a_row_for_the_whole_and_one_for_each_step_in_reading_order(house: House) -> None:
    for name in ('db1', 'db2'):
        house.create(name)
        house.work()
    rows = house.get('/operations/stats', ADMIN)['stats']
    shown = house.get(f'/operations/{house.posted[0].operation_id}')['operation']
    assert [row['step'] for row in rows] == [None, *(step['name'] for step in shown['steps'])]
    assert {row['type'] for row in rows} == {'instance.create'}
    assert all(row['count'] == 2 and row['failures'] == 0 and row['p50'] <= row['p95'] for row in rows)
    assert rows[0]['p95'] >= shown['duration'] > 0


def test_failures_and_undos_are_counted_apart(house: House) -> None:
    house.world.faults.plan('create_server', times=1)
    operation_id = _operation(house)
    house.work()
    house.call('POST', f'/operations/{operation_id}/abort', {'reason': 'why'}, ADMIN)
    house.posted = [job for job in house.posted if job.operation_id == operation_id]
    house.work()
    rows = {(row['step'], row['undo']): row for row in house.get('/operations/stats', ADMIN)['stats']}
    whole, failed = rows[None, False], rows['create-server', False]
    assert (whole['count'], whole['failures'], whole['p50']) == (0, 1, None)
    assert (failed['count'], failed['failures']) == (0, 1)
    assert rows['create-port', True]['count'] == 1


def test_the_window(house: House) -> None:
    house.create()
    house.work()
    assert not house.get('/operations/stats?type=instance.delete', ADMIN)['stats']
    assert house.get('/operations/stats?type=instance.create&samples=1', ADMIN)['stats'][0]['count'] == 1
    house.execute(sa.update(OPERATIONS).values(created=house.now - 3 * 86_400))
    assert not house.get('/operations/stats?days=2', ADMIN)['stats']
    assert house.get('/operations/stats?days=4', ADMIN)['stats']
    for query in ('days=0', 'days=x', 'samples=0', 'samples=100000', 'days=1.5'):
        fault(house.call('GET', f'/operations/stats?{query}', who=ADMIN), 400)


def test_what_is_under_way(house: House) -> None:
    running = _operation(house, state='RUNNING', conductor='conductor-1', beat=house.now)
    held = _operation(house, state='HELD')
    _operation(house, state='SUCCEEDED', finished=house.now)
    found = house.get('/operations/summary?window=60', ADMIN)['summary']
    assert {state: row['count'] for state, row in found['states'].items()} == {'RUNNING': 1, 'HELD': 1}
    assert [(row['name'], row['running']) for row in found['conductors']] == [('conductor-1', 1)]
    assert [row['id'] for row in found['operations']] == [running, held], 'the oldest first'
    assert found['rates'] == {'window': 60.0, 'accepted': 3.0, 'ended': {'succeeded': 1.0}}
    assert not house.get('/operations/summary?limit=0', ADMIN)['summary']['operations']


def test_on_an_empty_database(house: House) -> None:
    found = house.get('/operations/summary', ADMIN)['summary']
    assert (found['states'], found['conductors'], found['operations']) == ({}, [], [])
    assert house.get('/operations/stats', ADMIN) == {'stats': []}
