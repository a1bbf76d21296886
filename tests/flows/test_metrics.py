"""What a real conductor's run leaves in the metrics, on every kind of database."""

from collections.abc import Callable

import pytest

from dbaas.db.gauges import Gauges
from dbaas.db.logbook.claim import claim
from dbaas.exceptions import ClaimLost
from flows import registry
from tests.flows.conftest import Place
from tests.flows.scenarios import INSTANCE
from tests.scrape import Scrape, scrape

CREATE = 'instance.create'


@pytest.fixture
def place(open_place: Callable[..., Place]) -> Place:
    return open_place(CREATE)


def look(place: Place) -> Scrape:
    return scrape(Gauges(place.house.db))


def test_a_create_from_the_request_to_its_end(place: Place) -> None:
    house, before = place.house, look(place)
    operation_id = place.start()
    house.now += 3.0
    waiting = look(place)
    assert waiting('dbaas_operations', state='QUEUED') == 1 and waiting('dbaas_oldest_runnable_seconds') == 3.0
    assert waiting('dbaas_most_silent_claim_seconds') == 0

    house.work()
    parked = look(place)
    step = house.operation(operation_id).step
    assert parked('dbaas_operations', state='WAITING') == 1 and parked('dbaas_oldest_runnable_seconds') == 0
    kinds = {labels['kind'] for labels in parked.labels('dbaas_parked')}
    assert kinds <= {'guest', 'alarm', 'command', 'broker', 'cloud'}
    assert sum(parked('dbaas_parked', step=step, kind=kind) for kind in kinds) == 1

    assert house.go_on(operation_id) == 'SUCCEEDED'
    after = look(place)
    steps = len(registry.graph(house.operation(operation_id)).steps)

    def more(name: str, **labels: str) -> float:
        return after(name, **labels) - before(name, **labels)

    assert more('dbaas_steps_total', type=CREATE, outcome='done') == steps
    assert more('dbaas_steps_total', type=CREATE, outcome='parked') == len(house.kinds(operation_id, 'parked'))
    assert more('dbaas_steps_total', type=CREATE, outcome='failed') == 0
    assert more('dbaas_accept_to_claim_seconds_count') == 1
    assert more('dbaas_accept_to_claim_seconds_sum') == pytest.approx(3.0)
    claims = sum(event.kind == 'claimed' for event in house.events(operation_id))
    assert more('dbaas_claim_to_first_step_seconds_count') == claims
    assert more('dbaas_guest_heartbeats_total') >= 1
    assert sum(after('dbaas_guests', **labels) for labels in after.labels('dbaas_guests')) == 1
    assert all(after('dbaas_operations', state=s['state']) == 0 for s in after.labels('dbaas_operations'))
    house.now += 7.0
    assert look(place)('dbaas_oldest_heartbeat_seconds') >= 7.0


def test_steps_that_fail_and_are_undone(open_place: Callable[..., Place]) -> None:
    place = open_place(CREATE, policy='abort')
    before = look(place)
    place.house.world.faults.plan('create_server', times=9)
    assert place.house.go_on(place.start()) == 'ABORTED'
    after = look(place)
    for outcome in ('failed', 'undone'):
        labels = {'type': CREATE, 'outcome': outcome}
        assert after('dbaas_steps_total', **labels) > before('dbaas_steps_total', **labels)


@pytest.mark.parametrize('recheck_after', [0.0, 3600.0], ids=['looks first', 'writes at once'])
def test_a_fenced_write_is_counted(place: Place, recheck_after: float) -> None:
    """Two conductors have claimed it; the first one thaws."""
    house = place.house
    house.settings.set_override('recheck_after', recheck_after, group='conductor')
    house.restart()
    place.start()
    (job,) = (job for job in house.posted if job.type == CREATE)
    frozen = house.worker._engine.claim(job)
    assert frozen is not None
    claimed = look(place)
    assert house.worker._engine.claim(job) is not None
    before = look(place)
    assert claimed('dbaas_fenced_writes_total') == before('dbaas_fenced_writes_total')
    with pytest.raises(ClaimLost):
        house.worker._engine.run(frozen)
    assert look(place)('dbaas_fenced_writes_total') > before('dbaas_fenced_writes_total')


def test_a_claim_that_falls_silent_and_a_guest_that_says_strange_things(place: Place) -> None:
    house = place.house
    operation_id = place.start()
    (job,) = (job for job in house.posted if job.type == CREATE)
    house.db.run(lambda c: claim(c, job, 'dead', house.now, lambda op: []))
    house.now += 40
    found = look(place)
    assert found('dbaas_most_silent_claim_seconds') == 40 and found('dbaas_operations', state='RUNNING') == 1
    for state in ('HEALTHY', 'x' * 60, INSTANCE):
        house.reports.on_heartbeat(INSTANCE, {'state': state})
    assert {s['state'] for s in look(place).labels('dbaas_guests')} == {
        'HEALTHY', 'SHUTDOWN', 'BUILD', 'ERROR', 'other',
    }  # fmt: skip
    assert look(place)('dbaas_guests', state='other') == 1
    assert operation_id not in look(place).text and INSTANCE not in look(place).text
