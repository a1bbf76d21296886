"""Every registered flow: it succeeds, bears repetition, stops at a failure, goes on or is undone without a trace."""

import pytest

from dbaas import exceptions
from flows import registry
from tests.flows.conftest import every_flow, every_step, graph_of, past_return, undoable
from tests.flows.injection import DO, UNDO
from tests.flows.scenarios import SCENARIOS


def test_every_operation_has_a_scenario():
    assert set(SCENARIOS) == {name for name, _ in registry.OPERATIONS}


@pytest.mark.parametrize('name', every_flow())
def test_succeeds(open_place, name):
    place = open_place(name)
    operation = place.start()
    assert place.house.go_on(operation) == 'SUCCEEDED'
    place.succeeded(operation)
    assert sorted(place.house.kinds(operation, 'done')) == sorted(graph_of(name).steps)


@pytest.mark.parametrize(('name', 'step'), every_step())
def test_each_step_twice_leaves_one_result(open_place, name, step):
    place = open_place(name)
    place.injection.twice.add((step, DO))
    operation = place.start()
    place.house.go_on(operation)
    place.succeeded(operation)


@pytest.mark.parametrize('when', ['before', 'after'])
@pytest.mark.parametrize(('name', 'step'), every_step())
def test_a_failed_step_holds_and_resume_finishes(open_place, name, step, when):
    place = open_place(name)
    place.injection.fail(step, when=when)
    operation = place.start()
    assert place.house.go_on(operation) == 'HELD'
    row = place.house.operation(operation)
    assert row.step == step and f'{step} do {when}' in row.reason
    done = place.house.kinds(operation, 'done')
    place.house.order(operation, 'resume')
    place.house.go_on(operation)
    place.succeeded(operation)
    assert place.house.kinds(operation, 'done')[: len(done)] == done
    assert len(place.house.kinds(operation, 'done')) == len(graph_of(name).steps), 'a finished step ran again'


@pytest.mark.parametrize('when', ['before', 'after'])
@pytest.mark.parametrize(('name', 'step'), every_step())
def test_a_held_operation_is_undone_without_a_trace(open_place, name, step, when):
    place = open_place(name)
    place.injection.fail(step, when=when)
    operation = place.start()
    place.house.go_on(operation)
    if past_return(name, step):
        with pytest.raises(exceptions.Conflict, match='point of no return'):
            place.house.order(operation, 'abort')
        place.house.order(operation, 'resume')
        place.house.go_on(operation)
        return place.succeeded(operation)
    place.house.order(operation, 'abort')
    assert place.house.go_on(operation) == 'ABORTED'
    place.clean()


@pytest.mark.parametrize(('name', 'step'), every_step())
def test_policy_abort_undoes_by_itself_unless_past_the_point_of_no_return(open_place, name, step):
    place = open_place(name, policy='abort')
    place.injection.fail(step, when='after')
    operation = place.start()
    state = place.house.go_on(operation)
    if past_return(name, step):
        assert state == 'HELD'
    else:
        assert state == 'ABORTED'
        place.clean()


@pytest.mark.parametrize(('name', 'step'), undoable())
def test_each_undo_twice(open_place, name, step):
    place = open_place(name)
    place.injection.fail(list(graph_of(name).steps)[-1], when='after')
    place.injection.twice.add((step, UNDO))
    operation = place.start()
    place.house.go_on(operation)
    place.house.order(operation, 'abort')
    assert place.house.go_on(operation) == 'ABORTED'
    place.clean()


@pytest.mark.parametrize('when', ['before', 'after'])
@pytest.mark.parametrize(('name', 'step'), undoable())
def test_a_failed_undo_is_held_and_resumed_to_the_end(open_place, name, step, when):
    place = open_place(name)
    place.injection.fail(list(graph_of(name).steps)[-1], when='after')
    place.injection.fail(step, UNDO, when)
    operation = place.start()
    place.house.go_on(operation)
    place.house.order(operation, 'abort')
    assert place.house.go_on(operation) == 'ABORT_HELD'
    assert place.house.operation(operation).step == step
    with pytest.raises(exceptions.Conflict, match='ABORT_HELD'):
        place.house.order(operation, 'abort')
    place.house.order(operation, 'resume')
    assert place.house.go_on(operation) == 'ABORTED'
    place.clean()
    assert not set(place.house.kinds(operation, 'undone')) - set(graph_of(name).steps)
    assert len(place.house.kinds(operation, 'undone')) == len(graph_of(name).steps), 'undone again'


@pytest.mark.parametrize(('name', 'step'), undoable())
def test_a_skipped_undo_counts_as_done(open_place, name, step):
    place = open_place(name)
    place.injection.fail(list(graph_of(name).steps)[-1], when='after')
    place.injection.fail(step, UNDO, 'after')
    operation = place.start()
    place.house.go_on(operation)
    place.house.order(operation, 'abort')
    place.house.go_on(operation)
    place.house.order(operation, 'skip', step=step)
    assert place.house.go_on(operation) == 'ABORTED'
    place.clean()
