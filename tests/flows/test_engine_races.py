"""Directed cases: two conductors on one operation, the first frozen and then thawed."""

import pytest

from conductor.reconciler import Reconciler
from tests.flows.frozen import CALLS, COMMITS, Frozen
from tests.flows.moments import take_over, thaw_and_see
from tests.flows.toy import TWO


@pytest.mark.parametrize('count', range(1, 12))
@pytest.mark.parametrize('points', [COMMITS, CALLS])
def test_a_frozen_conductor_that_thaws_writes_nothing_and_its_commands_are_refused(open_toy, points, count):
    house = open_toy(TWO)
    frozen = Frozen(house, points, count)
    if frozen.alive:
        take_over(house)
        finish_with_time(house)
        assert house.state(house.id) == 'SUCCEEDED'
        thaw_and_see(house, frozen)
    else:
        assert frozen.error is None and house.finish() == 'SUCCEEDED'
    assert sorted(house.remains()[1].values()) == ['done', 'done']
    assert set(house.world.executed().values()) == {1}


def finish_with_time(house):
    for _ in range(5):
        house.run()
        house.finish()
        house.pass_time(3)


def test_a_stale_command_is_refused_by_the_guest(open_toy):
    """Frozen just before it sends s1: by then the other one has sent and finished everything."""
    house = open_toy([['submit', 's1'], ['submit', 's2'], ['wait', 'w', ['s1', 's2']], ['make', 'b']])
    frozen = Frozen(house, ('call',), 1)
    take_over(house)
    assert house.run() == 'WAITING'
    before, refused = house.rows(), house.world.refused()
    frozen.thaw()
    assert house.world.refused() == refused + 1
    assert house.rows() == before and set(house.world.executed().values()) == {1}
    assert house.finish() == 'SUCCEEDED'


def test_a_late_cloud_call_of_a_frozen_conductor_is_swept(open_toy):
    """Cloud calls cannot be fenced: it had looked before, and makes a second thing after its thaw."""
    house = open_toy([['make', 'a'], ['make', 'b']])
    frozen = Frozen(house, ('call',), 1)
    take_over(house)
    assert house.run() == 'SUCCEEDED'
    before = house.rows()
    frozen.thaw()
    assert house.rows() == before and house.remains()[0] == ['a', 'a', 'b']
    Reconciler(house.db, house.board, house.world.cloud, house.settings).sweep()
    assert house.remains()[0] == ['a', 'b']


def test_a_step_past_its_deadline_is_given_up_and_its_run_is_stale(open_toy):
    house = open_toy([['make', 'a'], ['make', 'b']])
    frozen = Frozen(house, ('call',), 1)
    house.timers._claims = frozen.claims
    house.now += house.settings.flows.step_deadline + 1
    house.timers.tick()
    assert house.state(house.id) == 'HELD' and 'ran longer' in house.operation(house.id).reason
    thaw_and_see(house, frozen)
    house.verb('resume')
    assert house.run() == 'SUCCEEDED'
