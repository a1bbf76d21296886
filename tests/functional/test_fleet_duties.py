"""The duties that one conductor has for all move when it dies or freezes: due waits wake, lost jobs are posted."""

from collections.abc import Iterator

import pytest
from kazoo.client import KazooClient

from tests.functional import lateness, verdict
from tests.functional.fleet import PATIENCE, SESSION, Fleet
from tests.waiting import until

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group('fleet-duties')]

DUE = 3.0  # seconds from the order to its alarm
WORK = 1.0  # seconds from the end of the session to the wake, on a machine that is idle


@pytest.fixture(scope='module')
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    made = Fleet(tmp_path_factory.mktemp('duties'))
    try:
        made.up()
        yield made
    finally:
        made.close()


def elected(fleet: Fleet) -> str:
    client = KazooClient(fleet.zookeeper.hosts)
    client.start(30)
    try:
        return until(lambda: client.exists('/dbaas/elected') and client.get('/dbaas/elected')[0].decode(), PATIENCE)
    finally:
        client.stop()
        client.close()


def waits(fleet: Fleet, number: int, seconds: float) -> list[str]:
    """demo.waits, once all are parked."""
    body = {'type': 'demo.wait', 'inputs': {'seconds': seconds}}
    made = [fleet.call('POST', '/operations', body).json()['operation']['id'] for _ in range(number)]
    until(lambda: all(fleet.states()[one] in ('WAITING', 'SUCCEEDED') for one in made), PATIENCE, 'all are parked')
    return made


@pytest.mark.parametrize('how', ['kill', 'freeze'])
def test_due_waits_wake_after_the_death_of_the_elected_one(fleet: Fleet, how: str) -> None:
    leader = elected(fleet)
    waiting = waits(fleet, 10, DUE)
    with lateness.measured() as machine:
        getattr(fleet, how)(leader)
        until(lambda: all(fleet.states()[one] == 'SUCCEEDED' for one in waiting), PATIENCE, 'they wake')
    query = (
        'SELECT w.at - a.at AS took FROM operation_event w JOIN operation_event a ON w.operation_id = a.operation_id'
        " AND w.kind = 'woken' AND a.kind = 'done' AND a.step = 'set-alarm'"
    )
    late = [row.took - DUE for row in fleet.rows(query)][-len(waiting) :]
    print(f'woken {min(late):.2f} to {max(late):.2f} s after they were due; slowness {machine.slowness:.1f}')
    assert max(late) <= SESSION + WORK * machine.slowness
    assert elected(fleet) != leader
    if how == 'freeze':
        fleet.thaw(leader)
    else:
        fleet.begin(leader)
    assert verdict.violations(fleet) == []
