"""The duties that one conductor has for all move when it dies or freezes: due waits wake, lost jobs are posted."""

from collections.abc import Iterator

import pytest
from kazoo.client import KazooClient

from tests.functional import lateness, verdict
from tests.functional.fleet import PATIENCE, SESSION, Fleet
from tests.waiting import until

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group('fleet-duties')]

DUE = 1.0  # seconds from the start of a demo.wait to its alarm: nobody is elected yet, and it has parked
NUMBER = 10
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


def late(fleet: Fleet, operations: list[str]) -> list[float]:
    """Seconds from the alarms' times to the wakes; of one that had no time to park before there is none."""
    query = (
        'SELECT w.at - s.at AS took, w.operation_id AS id FROM operation_event w JOIN operation_event s'
        " ON w.operation_id = s.operation_id WHERE w.kind = 'woken' AND s.kind = 'done' AND s.step = 'set-alarm'"
    )
    return [row.took - DUE for row in fleet.rows(query) if row.id in operations]


@pytest.mark.parametrize('how', ['kill', 'freeze'])
def test_due_waits_wake_after_the_death_of_the_elected_one(fleet: Fleet, how: str) -> None:
    """They are ordered and due while nobody is elected; another conductor runs them so far."""
    fleet.begin(*fleet.conductors)
    leader = elected(fleet)
    body = {'type': 'demo.wait', 'inputs': {'seconds': DUE}}
    with lateness.measured() as machine:
        getattr(fleet, how)(leader)
        waiting = [fleet.call('POST', '/operations', body).json()['operation']['id'] for _ in range(NUMBER)]
        until(lambda: all(fleet.states()[one] == 'SUCCEEDED' for one in waiting), PATIENCE, 'they wake')
    found = late(fleet, waiting)
    print(f'woken {min(found):.2f} to {max(found):.2f} s after they were due; slowness {machine.slowness:.1f}')
    assert max(found) <= SESSION + WORK * machine.slowness
    assert elected(fleet) != leader
    if how == 'freeze':
        fleet.thaw(leader)
    assert verdict.violations(fleet) == []
