"""Every registered flow, killed between any two commits and inside each: another conductor finishes or undoes it.

numbers: of the points of a run at which it is killed, each time a new one; see pytest_generate_tests of the conftests.
"""

import pytest

from dbaas import exceptions
from tests.flows.conftest import every_flow, graph_of, undoable
from tests.flows.harness import Killed

POINTS = ('begin', 'before', 'after')


def kill_at(house, number):
    """A hook that dies at the `number`th point (begin, before or after a commit) from now on."""
    left = [number]

    def hook(_point):
        left[0] -= 1
        if left[0] == 0:
            raise Killed

    house.hook = hook


def lives(house, operation):
    """Work until rest; -> whether it was killed on the way. Then everything in memory is gone."""
    try:
        house.go_on(operation)
    except Killed:
        house.restart()
        return True
    house.restart()
    return False


def failed_at_the_end_and_aborted(place, operation):
    place.injection.fail(list(graph_of(place.name).steps)[-1], when='after')
    place.house.go_on(operation)
    place.house.order(operation, 'abort')


@pytest.mark.parametrize('name', every_flow())
def test_a_run_has_points_of_each_kind(open_place, name):
    place, points = open_place(name), []
    operation = place.start()
    place.house.hook = points.append
    place.house.go_on(operation)
    assert set(points) == set(POINTS)


@pytest.mark.parametrize('name', every_flow())
def test_killed_anywhere_and_resumed_by_another_conductor(open_place, name, numbers):
    for number in numbers:
        place = open_place(name)
        operation = place.start()
        kill_at(place.house, number)
        if not lives(place.house, operation):
            return place.succeeded(operation)  # the run has fewer points
        done = set(place.house.kinds(operation, 'done'))
        place.injection.began.clear()
        place.house.go_on(operation)
        place.succeeded(operation)
        again = done & {step for step, _ in place.injection.began}
        assert not again, f'killed at point {number}: {again} ran again after its commit'


@pytest.mark.parametrize('name', every_flow())
def test_killed_anywhere_and_aborted_by_another_conductor(open_place, name, numbers):
    for number in numbers:
        place = open_place(name)
        operation = place.start()
        kill_at(place.house, number)
        if not lives(place.house, operation):
            return place.succeeded(operation)
        try:
            place.house.order(operation, 'abort')
        except exceptions.Conflict as refused:
            assert 'point of no return' in str(refused) or place.house.state(operation) == 'SUCCEEDED'
            place.house.go_on(operation)
            place.succeeded(operation)
            continue
        assert place.house.go_on(operation) in ('ABORTED', 'CANCELLED'), number
        place.clean()


@pytest.mark.parametrize('name', sorted({p.values[0] for p in undoable()}))
def test_killed_anywhere_in_the_undo_and_resumed(open_place, name, numbers):
    for number in numbers:
        place = open_place(name)
        operation = place.start()
        failed_at_the_end_and_aborted(place, operation)
        kill_at(place.house, number)
        if not lives(place.house, operation):
            assert place.house.state(operation) == 'ABORTED'
            return place.clean()
        undone = set(place.house.kinds(operation, 'undone'))
        place.injection.began.clear()
        assert place.house.go_on(operation) == 'ABORTED'
        place.clean()
        assert not undone & {step for step, _ in place.injection.began}, f'{number}: undone again'
