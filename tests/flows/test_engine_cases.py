"""Directed cases: the places where the design's words and TaskFlow 6.5 do not meet by themselves."""

import pytest
from taskflow import engines, states, task
from taskflow.patterns import unordered_flow

from dbaas import exceptions
from tests.flows.harness import Killed
from tests.flows.moments import at_begin, die_at, during
from tests.flows.toy import NOTHING, TWO


# -- one step at a time ----------------------------------------------------------------------------------------------
def test_stock_parallel_engine_saves_no_sibling_before_all_have_run():
    """Why we run one future at a time: in an unordered block stock executes all, then saves all."""
    seen = []

    class Plain(task.Task):
        def execute(self):
            seen.append(('run', self.name))

    engine = engines.load(unordered_flow.Flow('f').add(Plain('a'), Plain('b'), Plain('c')))
    engine.atom_notifier.register('SUCCESS', lambda state, details: seen.append(('saved', details['task_name'])))
    engine.run()
    assert [kind for kind, _ in seen] == ['run'] * 3 + ['saved'] * 3


def test_each_sibling_is_committed_before_the_next_starts(open_toy, injection):
    house, counts = open_toy([['unordered', [['make', 'a'], ['make', 'b'], ['make', 'c']]]]), []
    injection.watches.append(lambda *_: counts.append(list(house.found().values()).count(states.SUCCESS)))
    assert house.run() == 'SUCCEEDED' and counts == [0, 1, 2]


def test_siblings_of_a_failed_step_do_not_start(open_toy, injection):
    house = open_toy([['unordered', [['make', 'a'], ['make', 'b'], ['make', 'c']]]])
    for name in 'abc':
        injection.fail(name, when='after')
    assert house.run() == 'HELD' and len(injection.began) == 1
    assert sorted(house.found().values()) == ['FAILURE', 'PENDING', 'PENDING']


SIBLINGS = [['unordered', [['make', 'a'], ['make', 'b'], ['make', 'c']]]]


def test_a_sibling_that_is_only_queued_is_not_recorded_as_running(open_toy):
    """TaskFlow marks all ready siblings at once."""
    house = open_toy(SIBLINGS)
    die_at(house, 'after', 2)
    assert sorted(house.found().values()) == ['PENDING', 'PENDING', 'SUCCESS']


def test_an_irreversible_sibling_that_never_began_does_not_forbid_the_abort(open_toy):
    house = open_toy([['make', 'a'], ['unordered', [['make', 'b'], ['make', 'c'], ['make', 'd'], ['final', 'f']]]])
    die_at(house, 'after', 3)  # claim, a, one of the siblings or the start of f
    if house.kinds(house.id, 'started'):
        with pytest.raises(exceptions.Conflict, match='point of no return'):
            house.verb('abort')
    else:
        house.verb('abort')
        assert house.run() == 'ABORTED' and house.remains() == NOTHING


@pytest.mark.parametrize('spec', [SIBLINGS, [['make', 'a'], ['final', 'f'], ['make', 'b']]])
@pytest.mark.parametrize('count', [1, 2, 3])
def test_a_verb_stops_a_run_whose_predecessor_died_in_a_step(open_toy, spec, count):
    """The step is RUNNING already when it is taken up again, and is called off before it begins."""
    house = open_toy(spec)
    die_at(house, 'after', count)
    at_begin(house, 2, lambda: house.request(house.id, 'pause'))  # the claim is the first
    state = house.run()
    if state == 'PAUSED':
        house.verb('resume')
        state = house.run()
    assert state == 'SUCCEEDED' and len(set(house.remains()[0])) == len(house.remains()[0])


def test_one_transaction_per_step(open_toy):
    house, points = open_toy([['make', f'm{i}'] for i in range(10)]), []
    house.hook = points.append
    assert house.run() == 'SUCCEEDED'
    assert points.count('after') == 11  # the claim and ten steps


@pytest.mark.parametrize('point', ['before', 'after'])
@pytest.mark.parametrize('count', [2, 3])
def test_the_last_step_the_flow_the_operation_and_its_lock_end_in_one_commit(open_toy, point, count):
    house = open_toy([['make', 'a'], ['make', 'b']])
    die_at(house, point, count)
    done = set(house.found().values()) == {states.SUCCESS}
    assert done == (house.state(house.id) == 'SUCCEEDED') == (not house.rows()['operation_lock'])
    house.run()
    assert house.state(house.id) == 'SUCCEEDED'


def test_nested_blocks_are_undone_newest_first(open_toy, injection):
    inner = ['unordered', [['linear', [['make', 'b'], ['make', 'c']]], ['make', 'd']]]
    house = open_toy([['make', 'a'], inner, ['make', 'e']])
    injection.fail('e', when='after')
    house.run()
    house.verb('abort')
    assert house.run() == 'ABORTED' and house.remains() == NOTHING
    undone = house.kinds(house.id, 'undone')
    assert undone[0] == 'e' and undone[-1] == 'a' and undone.index('c') < undone.index('b')


# -- attempts ----------------------------------------------------------------------------------------------------------
def resumed_then_died(house):
    """s1 and s2 ran and failed; resume reset both; then the conductor died before it did either anew."""
    assert house.run() == 'WAITING'
    assert house.finish(s1='failed', s2='failed') == 'HELD'
    house.verb('resume')
    die_at(house, 'after', 1)
    assert house.found() == {'a': 'SUCCESS', 's1': 'PENDING', 's2': 'PENDING', 'w': 'PENDING'}


def test_abort_undoes_a_step_that_was_reset_and_is_not_ready(open_toy):
    house = open_toy(TWO)
    resumed_then_died(house)
    house.verb('abort')
    assert house.run() == 'ABORTED' and house.remains() == NOTHING


def test_resume_of_a_failed_wait_sends_the_failed_command_anew_and_only_it(open_toy):
    house = open_toy(TWO)
    house.run()
    assert house.finish(s1='failed') == 'HELD'
    assert 's1: failed on demand' in house.operation(house.id).reason
    house.verb('resume')
    assert house.run() == 'WAITING' and house.finish() == 'SUCCEEDED'
    assert sorted(c.partition(':')[2] for c in house.world.executed()) == ['s1:do:1', 's1:do:2', 's2:do:1']


def test_a_failure_is_told_when_all_have_ended_so_that_resume_does_all_of_them_anew(open_toy):
    house = open_toy(TWO)
    house.run()
    first, second = house.world.guests.running()
    house.world.guests.finish(*first, 'failed on demand')
    house.world.settle()
    assert house.run() == 'WAITING'
    house.world.guests.finish(*second, 'failed on demand')
    house.world.settle()
    assert house.run() == 'HELD'
    house.verb('resume')
    assert house.run() == 'WAITING' and house.finish() == 'SUCCEEDED'
    assert len(house.world.executed()) == 4


# -- point of no return, pause windows, skip -----------------------------------------------------------------------
def test_pause_before_the_point_of_no_return_can_still_be_aborted(open_toy, injection):
    house = open_toy([['make', 'a'], ['final', 'f']])
    during(injection, 'a', lambda: house.request(house.id, 'pause'))
    assert house.run() == 'PAUSED' and house.found()['f'] == 'PENDING'
    house.verb('abort')
    assert house.run() == 'ABORTED' and house.remains() == NOTHING


def test_an_abort_that_comes_before_the_start_is_recorded_is_honoured(open_toy):
    """Between the commit of a and the record of f's start: f never runs."""
    house = open_toy([['make', 'a'], ['final', 'f']])
    at_begin(house, 3, lambda: house.request(house.id, 'abort'))  # claim, a, -> start of f
    assert house.run() == 'ABORTED' and house.remains() == NOTHING


@pytest.mark.parametrize('when', ['before', 'after'])
def test_past_the_point_of_no_return_abort_is_refused(open_toy, when):
    """The conductor dies in the irreversible step: nobody can know whether it was done."""
    house = open_toy([['make', 'a'], ['final', 'f']])

    def die(call, now, facts):
        if (call, now, facts.get('name')) == ('create_volume', when, 'f'):
            raise Killed

    house.world.faults.watchers.append(die)
    with pytest.raises(Killed):
        house.run()
    house.world.faults.watchers.clear()
    house.restart()
    with pytest.raises(exceptions.Conflict, match='point of no return'):
        house.verb('abort')
    assert house.run() == 'SUCCEEDED'


def test_an_abort_that_comes_while_the_irreversible_step_runs_is_refused(open_toy, injection):
    house = open_toy([['make', 'a'], ['final', 'f'], ['make', 'b']])
    refusals = []

    def order():
        with pytest.raises(exceptions.Conflict, match='point of no return') as refused:
            house.request(house.id, 'abort')
        refusals.append(refused)

    during(injection, 'f', order)
    assert house.run() == 'SUCCEEDED' and refusals


WINDOW = [['make', 'a'], ['disrupt', 'd'], ['make', 'b'], ['restore', 'r'], ['make', 'c']]


def test_a_failure_while_the_service_is_away_aborts_whatever_the_policy(open_toy, injection):
    house = open_toy(WINDOW, policy='hold')
    injection.fail('b', when='after')
    assert house.run() == 'ABORTED' and house.remains() == NOTHING


@pytest.mark.parametrize('step', ['d', 'b'])
def test_a_pause_while_the_service_is_away_takes_effect_after_it_is_back(open_toy, injection, step):
    house = open_toy(WINDOW)
    during(injection, step, lambda: house.request(house.id, 'pause'))
    assert house.run() == 'PAUSED'
    assert house.found() == {**dict.fromkeys('adbr', 'SUCCESS'), 'c': 'PENDING'}
    house.verb('resume')
    assert house.run() == 'SUCCEEDED' and not house.remains()[2]


def test_an_abort_while_the_service_is_away_takes_effect_at_once(open_toy, injection):
    house = open_toy(WINDOW)
    during(injection, 'd', lambda: house.request(house.id, 'abort'))
    assert house.run() == 'ABORTED' and house.remains() == NOTHING
    assert ('b', 'do') not in injection.began
