"""Every registered flow, stopped at every step in every way: abort from there, and jobs that are posted twice."""

import pytest

from dbaas import exceptions
from tests.flows.conftest import every_flow, every_step, graph_of, past_return, undoable
from tests.flows.injection import DO, UNDO
from tests.flows.moments import during


def pause_after(place, step, way=DO):
    """Somebody orders a pause while `step` runs: the run stops at the next boundary."""
    during(place.injection, step, lambda: place.house.request(place.house.operation_id, 'pause'), way)


def start(place):
    operation = place.start()
    place.house.operation_id = operation
    return operation


def until_waiting_at(place, operation, step):
    """Work and let time pass until the operation waits at `step`; False: it never does."""
    house = place.house
    for _ in range(100):
        house.work()
        row = house.operation(operation)
        if row.state == 'WAITING' and row.step == step:
            return True
        house.world.settle()
        if not house.board.names():
            if house.ended(operation):
                return False
            house.now += 1.0
            house.timers.wake_due()
    raise AssertionError(f'stuck in {row.state} at {row.step}')


def abort_and_see(place, operation, refused):
    """Abort is refused past the point of no return, and then it finishes; else it leaves a clean slate."""
    house = place.house
    if not refused:
        house.order(operation, 'abort')
        assert house.go_on(operation) in ('ABORTED', 'CANCELLED')
        return place.clean()
    with pytest.raises(exceptions.Conflict, match='point of no return'):
        house.order(operation, 'abort')
    if house.state(operation) in ('PAUSED', 'HELD'):
        house.order(operation, 'resume')
    house.go_on(operation)
    return place.succeeded(operation)


def begun(place, operation):
    """Whether what the operation has recorded lies past the point of no return."""
    return graph_of(place.name).past_return(place.house.atoms(operation))


@pytest.mark.parametrize(('name', 'step'), every_step())
def test_abort_while_paused(open_place, name, step):
    place = open_place(name)
    pause_after(place, step)
    operation = start(place)
    if place.house.go_on(operation) == 'SUCCEEDED':
        return place.succeeded(operation)  # the last step: nothing was left to pause
    assert place.house.state(operation) == 'PAUSED'
    return abort_and_see(place, operation, begun(place, operation))


@pytest.mark.parametrize(('name', 'step'), every_step())
def test_abort_while_queued(open_place, name, step):
    place = open_place(name)
    pause_after(place, step)
    operation = start(place)
    if place.house.go_on(operation) == 'SUCCEEDED':
        return place.succeeded(operation)
    place.house.order(operation, 'resume')
    assert place.house.state(operation) == 'QUEUED'
    return abort_and_see(place, operation, begun(place, operation))


@pytest.mark.parametrize(('name', 'step'), every_step())
def test_abort_while_queued_after_a_failure(open_place, name, step):
    place = open_place(name)
    place.injection.fail(step, when='after')
    operation = start(place)
    assert place.house.go_on(operation) == 'HELD'
    place.house.order(operation, 'resume')
    assert place.house.state(operation) == 'QUEUED'
    abort_and_see(place, operation, past_return(name, step))


@pytest.mark.parametrize('name', every_flow())
def test_abort_before_the_first_claim_cancels(open_place, name):
    place = open_place(name)
    operation = start(place)
    place.house.order(operation, 'abort')
    assert place.house.go_on(operation) == 'CANCELLED'
    place.clean()
    assert not place.injection.began


@pytest.mark.parametrize(('name', 'step'), every_step())
def test_abort_while_waiting(open_place, name, step):
    place = open_place(name)
    operation = start(place)
    if not until_waiting_at(place, operation, step):
        return place.succeeded(operation)  # a step that does not wait
    return abort_and_see(place, operation, past_return(name, step))


@pytest.mark.parametrize(('name', 'step'), undoable())
def test_abort_while_an_undo_is_paused_changes_nothing(open_place, name, step):
    place = open_place(name)
    place.injection.fail(list(graph_of(name).steps)[-1], when='after')
    operation = start(place)
    place.house.go_on(operation)
    pause_after(place, step, UNDO)
    place.house.order(operation, 'abort')
    if place.house.go_on(operation) == 'PAUSED':
        with pytest.raises(exceptions.Conflict, match='PAUSED'):
            place.house.order(operation, 'abort')
        place.house.order(operation, 'resume')
    assert place.house.go_on(operation) == 'ABORTED'
    place.clean()


def post_everything_twice(place):
    """Every job there ever was, and nothing may come of it."""
    house = place.house
    before, began = house.rows(), list(place.injection.began)
    for _ in range(2):
        house.board.post(house.posted)
        house.work()
    assert place.injection.began == began
    assert house.rows() == before


@pytest.mark.parametrize(('name', 'step'), every_step())
def test_a_held_operation_posted_twice_does_not_run(open_place, name, step):
    place = open_place(name)
    place.injection.fail(step)
    assert place.house.go_on(start(place)) == 'HELD'
    post_everything_twice(place)


@pytest.mark.parametrize(('name', 'step'), every_step())
def test_a_waiting_operation_posted_twice_does_not_run(open_place, name, step):
    place = open_place(name)
    until_waiting_at(place, start(place), step)
    post_everything_twice(place)


@pytest.mark.parametrize(('name', 'step'), undoable())
def test_an_aborted_or_abort_held_operation_posted_twice_does_not_run(open_place, name, step):
    place = open_place(name)
    place.injection.fail(list(graph_of(name).steps)[-1])
    place.injection.fail(step, UNDO)
    operation = start(place)
    place.house.go_on(operation)
    place.house.order(operation, 'abort')
    assert place.house.go_on(operation) == 'ABORT_HELD'
    post_everything_twice(place)
    place.house.order(operation, 'resume')
    assert place.house.go_on(operation) == 'ABORTED'
    post_everything_twice(place)


@pytest.mark.parametrize(('name', 'step'), every_step())
def test_a_delete_supersedes_it_at_each_step(open_place, name, step):
    place = open_place(name)
    house, deletes = place.house, []

    def watch(_run, now, way):
        if (now, way) == (step, DO) and not deletes:
            deletes.append(house.delete(house.operation(operation).resource_id, house.disk.other))

    operation = start(place)
    if house.operation(operation).resource_id is None:
        assert house.go_on(operation) == 'SUCCEEDED'  # nothing of it could be deleted
        return
    place.injection.watches.append(watch)
    house.go_on(operation)
    assert house.go_on(deletes[0]) == 'SUCCEEDED'
    if name == 'instance.delete':
        assert deletes == [operation]  # the second one started nothing
    else:
        assert house.state(operation) in ('SUPERSEDED', 'SUCCEEDED')
    rows = house.rows()
    assert house.world.snapshot() == {'resources': [], 'guests': {}}
    assert rows['instances'][0]['deleted'] and not rows['operation_lock'] and not rows['secrets']
    assert {q['used'] for q in rows['quotas']} == {0}
