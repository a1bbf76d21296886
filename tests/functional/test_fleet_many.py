"""200 creates at once through conductors that come and go: all succeed, none twice, and the quota is exact."""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from dbaas.cloud.simulated.control import twice
from tests.functional import verdict
from tests.functional.fleet import PATIENCE, PROJECT, Fleet
from tests.waiting import until

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group('fleet-many')]

MANY = 200
MORE = 20


@pytest.fixture(scope='module')
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    made = Fleet(tmp_path_factory.mktemp('many'), quota={'instances': MANY})
    try:
        made.up()
        yield made
    finally:
        made.close()


def used(fleet: Fleet) -> int:
    query = "SELECT used FROM quotas WHERE project_id = :p AND resource = 'instances'"
    return fleet.rows(query, p=PROJECT)[0].used


def succeeded(fleet: Fleet) -> int:
    return sum(state == 'SUCCEEDED' for state in fleet.states().values())


def test_many_at_once_while_conductors_come_and_go(fleet: Fleet) -> None:
    with ThreadPoolExecutor(1) as pool:
        asked: Future[list[tuple[str, str]]] = pool.submit(fleet.create, MANY, 'many')
        until(lambda: succeeded(fleet) > 10, PATIENCE, 'the first')
        another = fleet.add_conductor()
        fleet.remove_conductor('conductor-1')
        until(lambda: succeeded(fleet) > MANY // 3, PATIENCE, 'a third')
        fleet.kill('conductor-2')
        created = asked.result()
    fleet.begin('conductor-2')
    states = fleet.settled()
    assert {states[operation] for _, operation in created} == {'SUCCEEDED'}, verdict.held(fleet)
    assert len(created) == MANY == len(states)
    assert twice(fleet.control.effects()) == []
    made = [effect['instance'] for effect in fleet.control.effects() if effect['call'] == 'create_server']
    assert sorted(made) == sorted(instance for instance, _ in created)
    assert verdict.violations(fleet) == []
    assert fleet.pid(another) is not None


def test_the_quota_is_exact(fleet: Fleet) -> None:
    """Full to the last, and empty when all is gone."""
    if not fleet.states():  # alone
        fleet.create(MANY, 'many')
        fleet.settled()
    assert used(fleet) == MANY
    with ThreadPoolExecutor(MORE) as pool:
        statuses = list(pool.map(lambda n: fleet.order(f'more-{n}').status_code, range(MORE)))
    assert statuses == [413] * MORE
    assert used(fleet) == MANY == len(fleet.states())
    instances = [row.id for row in fleet.rows('SELECT id FROM instances')]
    with ThreadPoolExecutor(8) as pool:
        deleted = list(pool.map(fleet.delete, instances))
    states = fleet.settled()
    assert {states[operation] for operation in deleted} == {'SUCCEEDED'}, verdict.held(fleet)
    assert used(fleet) == 0
    assert fleet.control.snapshot() == {'resources': [], 'guests': {}}
    assert verdict.violations(fleet) == []
