"""A cloud that is away while a step waits, or while one is undone: that is waited for, without a thread."""

from collections.abc import Callable

import pytest

from dbaas.exceptions import CloudError, CloudUnavailable
from flows.why import why
from tests.flows.conftest import Place
from tests.flows.scenarios import INSTANCE

CREATE = 'instance.create'
AWAY = CloudUnavailable('Nova: GET /servers: 503 away')


def what_it_says(place: Place, operation: str) -> str:
    with place.house.db.read() as c:
        return str(why(c, operation, place.house.settings, place.house.now))


@pytest.mark.parametrize('call', ['server', 'volume'])
def test_it_is_waited_for(open_place: Callable[..., Place], call: str) -> None:
    place = open_place(CREATE)
    away = place.house.world.faults.plan(call, error=AWAY, times=5)
    operation = place.start()
    assert place.house.go_on(operation) == 'SUCCEEDED' and away.times == 0
    place.succeeded(operation)


def test_it_is_named_and_the_deadline_of_the_step_ends_it(open_place: Callable[..., Place]) -> None:
    place = open_place(CREATE)
    house = place.house
    house.settings.set_override('server_deadline', 30.0, group='flows')
    house.world.faults.plan('server', error=AWAY, times=10_000)
    operation = place.start()
    while house.operation(operation).step != 'wait-for-server':
        house.now += 1.0
        house.timers.wake_due()
        house.world.settle()
        house.work()
    assert house.state(operation) == 'WAITING'
    said = what_it_says(place, operation)
    assert 'an answer of the cloud (Nova: GET /servers: 503 away)' in said and 'dbaas-manage check' in said
    assert house.go_on(operation) == 'HELD'
    assert 'Nova: GET /servers: 503 away: waited' in house.operation(operation).reason
    house.world.faults.clear()
    house.order(operation, 'resume')
    assert house.go_on(operation) == 'SUCCEEDED'


def test_it_is_left_alone_for_as_long_as_it_asks(open_place: Callable[..., Place]) -> None:
    place = open_place(CREATE)
    house, looks = place.house, []
    house.world.faults.watchers.append(lambda call, when, facts: looks.append(house.now) if call == 'server' else None)
    house.world.faults.plan('server', error=CloudUnavailable('Nova: 429', after=30.0), times=1)
    assert house.go_on(place.start()) == 'SUCCEEDED'
    assert looks[1] - looks[0] >= 30.0


def test_an_undo_waits_for_it(open_place: Callable[..., Place]) -> None:
    place = open_place(CREATE, policy='abort')
    faults = place.house.world.faults
    faults.plan('server', error=CloudError('it will never be'), times=1)
    away = [faults.plan(call, error=AWAY, times=5) for call in ('delete_server', 'delete_volume', 'resources')]
    operation = place.start()
    assert place.house.go_on(operation) == 'ABORTED' and [fault.times for fault in away] == [0, 0, 0]
    assert place.house.world.snapshot() == {'resources': [], 'guests': {}}
    assert place.house.world.cloud.resources(INSTANCE) == []
