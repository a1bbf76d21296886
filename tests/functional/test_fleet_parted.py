"""A conductor whose session with ZooKeeper ends while it lives and works: its network is parted. Others go on."""

from collections.abc import Iterator

import pytest

from dbaas.cloud.simulated.control import twice
from tests.functional import overtaken, verdict
from tests.functional.fleet import PATIENCE, Fleet
from tests.servers.partition import Partition
from tests.waiting import until

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group('fleet-parted')]

FIRST, SECOND = 'conductor-1', 'conductor-2'


@pytest.fixture(scope='module')
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    with overtaken.served(tmp_path_factory.mktemp('parted')) as made:
        yield made


@pytest.fixture(scope='module')
def line(fleet: Fleet) -> Iterator[Partition]:
    """Between the first conductor and ZooKeeper."""
    made = Partition(fleet.zookeeper.port)
    fleet.own[FIRST] = {'board': {'hosts': f'127.0.0.1:{made.port}'}}
    yield made
    made.close()


def test_the_session_ends_in_the_midst_of_steps(fleet: Fleet, line: Partition) -> None:
    created = overtaken.hold_in_calls(fleet, FIRST)
    fleet.begin(SECOND)
    line.part()
    overtaken.finished_by(fleet, SECOND, created)
    fleet.control.clear()
    overtaken.fenced(fleet, FIRST, len(created))
    assert len(twice(fleet.control.effects())) == len(overtaken.THINGS), 'calls came late'
    overtaken.swept(fleet, created)
    line.mend()
    overtaken.works_alone(fleet, FIRST, SECOND)
    assert verdict.violations(fleet, late=True) == []


def test_the_session_ends_while_operations_run(fleet: Fleet, line: Partition) -> None:
    """Wherever each is just then."""
    fleet.begin(*(name for name in fleet.conductors if fleet.pid(name) is None))
    created = fleet.create(16, 'running')
    line.part()
    states = fleet.settled()
    assert {states[operation] for _, operation in created} == {'SUCCEEDED'}, verdict.held(fleet)
    line.mend()
    overtaken.works_alone(fleet, FIRST, SECOND)
    until(lambda: verdict.violations(fleet, late=True) == [], PATIENCE, 'nothing is violated')
