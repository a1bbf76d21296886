"""ZooKeeper and the database go for a while, suddenly or in order, and come back; what is on ZooKeeper may be lost."""

import contextlib
import shutil
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest
from kazoo.client import KazooClient
from kazoo.exceptions import NotEmptyError

from tests.functional import verdict
from tests.functional.fleet import PATIENCE, Fleet
from tests.waiting import until

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group('fleet-servers')]

AWAY = 10.0  # seconds
BEFORE, MEANWHILE, AFTER = 6, 4, 2  # creates


@pytest.fixture(scope='module')
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    made = Fleet(tmp_path_factory.mktemp('servers'))
    try:
        made.up()
        yield made
    finally:
        made.close()


def whole(fleet: Fleet, created: list[tuple[str, str]]) -> None:
    """All have succeeded by themselves: nobody had to resume one. Nothing is twice."""
    states = fleet.settled()
    assert {states[operation] for _, operation in created} == {'SUCCEEDED'}, verdict.held(fleet)
    assert verdict.violations(fleet) == []


@pytest.mark.parametrize('how', ['kill', 'end'])
def test_zookeeper_is_away(fleet: Fleet, how: str) -> None:
    """What is asked for meanwhile is accepted at once, and runs when it is back."""
    created = fleet.create(BEFORE, f'before-{how}')
    getattr(fleet, how)('zookeeper')
    gone = time.monotonic()
    created += fleet.create(MEANWHILE, f'meanwhile-{how}')
    until(lambda: time.monotonic() - gone > AWAY, 2 * AWAY, 'it has been away')
    fleet.zookeeper.start()
    created += fleet.create(AFTER, f'after-{how}')
    whole(fleet, created)


@pytest.mark.parametrize('how', ['kill', 'end'])
def test_the_database_is_away(fleet: Fleet, how: str) -> None:
    """What is asked for meanwhile is refused as something that passes."""
    created = fleet.create(BEFORE, f'before-sql-{how}')
    getattr(fleet, how)('sql')
    gone = time.monotonic()
    assert fleet.order('refused').status_code == 503
    until(lambda: time.monotonic() - gone > AWAY, 2 * AWAY, 'it has been away')
    fleet.sql.start()
    created += fleet.create(AFTER, f'after-sql-{how}')
    whole(fleet, created)


def forget_nodes(fleet: Fleet) -> None:
    """Jobs, claims, the election: whatever is there; conductors write anew at once."""
    client = KazooClient(fleet.zookeeper.hosts)
    client.start(30)
    try:
        with contextlib.suppress(NotEmptyError):
            client.delete('/dbaas', recursive=True)
    finally:
        client.stop()
        client.close()


def forget_data(fleet: Fleet) -> None:
    fleet.kill('zookeeper')
    shutil.rmtree(fleet.zookeeper.folder)
    fleet.zookeeper.start()


@pytest.mark.parametrize('forget', [forget_nodes, forget_data])
def test_the_board_is_lost(fleet: Fleet, forget) -> None:
    """While instances are asked for: SQL knows what is to run."""
    with ThreadPoolExecutor(1) as pool:
        asked: Future[list[tuple[str, str]]] = pool.submit(fleet.create, 24, forget.__name__)
        until(lambda: fleet.rows("SELECT 1 FROM operation WHERE state = 'RUNNING'"), PATIENCE, 'some run')
        forget(fleet)
        created = asked.result()
    whole(fleet, created)
