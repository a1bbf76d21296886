"""Directed cases: delete in every state, and how operations on one instance lock each other out."""

import pytest

from dbaas import exceptions
from dbaas.db.words import IN_LINE, SHARED
from dbaas.services.operations import OperationType
from flows import registry
from tests.flows import toy
from tests.flows.moments import die_at, during
from tests.flows.scenarios import INSTANCE
from tests.flows.toy import TWO


def bring_to(house, injection, state):
    """Bring the toy TWO to a state and leave it there."""
    if state in ('HELD', 'ABORT_HELD', 'ABORTED'):
        injection.fail('s2', when='after')
    if state == 'ABORT_HELD':
        injection.fail('s1', 'undo')
    if state != 'QUEUED':
        house.run()
    if state == 'PAUSED':
        house.verb('pause')
    if state in ('ABORTING', 'ABORT_HELD', 'ABORTED'):
        house.verb('abort')
    if state in ('ABORT_HELD', 'ABORTED'):
        house.run()
    if state == 'SUCCEEDED':
        house.finish()
    assert house.state(house.id) == state


ALL = ('QUEUED', 'WAITING', 'HELD', 'PAUSED', 'ABORTING', 'ABORT_HELD', 'ABORTED', 'SUCCEEDED')


@pytest.mark.parametrize('state', ALL)
def test_delete_in_every_state(open_toy, injection, state):
    house = open_toy(TWO)
    bring_to(house, injection, state)
    delete = house.delete(INSTANCE)
    assert house.delete(INSTANCE) == delete  # the second one starts nothing
    if state in ('QUEUED', 'WAITING', 'HELD', 'PAUSED', 'ABORT_HELD'):
        assert house.state(house.id) == 'SUPERSEDED'
    assert house.go_on(delete) == 'SUCCEEDED'
    assert house.state(house.id) == (state if state in ('ABORTED', 'SUCCEEDED') else 'SUPERSEDED')
    assert house.world.snapshot() == {'resources': [], 'guests': {}}
    rows = house.rows()
    assert not rows['operation_lock'] and {q['used'] for q in rows['quotas']} == {0}
    assert rows['instances'][0]['deleted']


def test_delete_of_a_running_operation_at_the_next_boundary(open_toy, injection):
    house, deletes = open_toy(TWO), []
    during(injection, 's1', lambda: deletes.append(delete_elsewhere(house)))
    house.run()
    assert house.state(house.id) == 'SUPERSEDED' and ('s2', 'do') not in injection.began
    assert house.go_on(deletes[0]) == 'SUCCEEDED'
    assert house.world.snapshot() == {'resources': [], 'guests': {}}


def delete_elsewhere(house):
    return house.delete(INSTANCE, house.disk.other)


def test_delete_when_the_conductor_is_lost(open_toy):
    house = open_toy(TWO)
    die_at(house, 'after', 2)
    assert house.state(house.id) == 'RUNNING'
    delete = house.delete(INSTANCE)
    assert house.state(delete) == 'ACCEPTED'
    assert house.go_on(delete) == 'SUCCEEDED' and house.state(house.id) == 'SUPERSEDED'


# -- lock modes --------------------------------------------------------------------------------------------------------
MODES = {'toy.line': IN_LINE, 'toy.shared': SHARED}


@pytest.fixture
def others(open_toy, monkeypatch):
    """A house with a finished create, in which in-line and shared toys can be started."""
    for name in MODES:
        monkeypatch.setitem(registry.OPERATIONS, (name, 1), toy.build)
    house = open_toy([['make', 'a']])
    for name, mode in MODES.items():
        house.operations._types[name] = OperationType(name, 1, mode, 'hold', 5)
    house.run()

    def start(name, *spec):
        inputs = {'instance_id': INSTANCE, 'spec': list(spec)}
        return house.accept(name, resource_id=INSTANCE, inputs=inputs)

    return house, start


def test_in_line_operations_run_one_after_another_in_the_order_accepted(others):
    house, start = others
    first = start('toy.line', ['submit', 's'], ['wait', 'w', ['s']])
    second, third = start('toy.line', ['make', 'x']), start('toy.line', ['make', 'y'])
    house.work()
    assert [house.state(i) for i in (first, second, third)] == ['WAITING', 'ACCEPTED', 'ACCEPTED']
    house.finish()
    assert [house.state(i) for i in (first, second, third)] == ['SUCCEEDED'] * 3
    ends = {i: house.events(i)[-1].at for i in (first, second, third)}
    assert ends[first] <= ends[second] <= ends[third]


def test_one_that_is_cancelled_in_line_lets_the_next_one_pass(others):
    house, start = others
    first = start('toy.line', ['submit', 's'], ['wait', 'w', ['s']])
    second, third = start('toy.line', ['make', 'x']), start('toy.line', ['make', 'y'])
    house.work()
    house.order(second, 'abort')
    house.finish()
    assert [house.state(i) for i in (first, second, third)] == ['SUCCEEDED', 'CANCELLED', 'SUCCEEDED']


def test_shared_ones_run_beside_in_line_ones_and_an_exclusive_one_is_refused_naming_the_holder(others):
    house, start = others
    line = start('toy.line', ['submit', 's'], ['wait', 'w', ['s']])
    shared = start('toy.shared', ['make', 'x'])
    with pytest.raises(exceptions.Unprocessable, match=line):
        start('instance.create', ['make', 'z'])
    house.work()
    assert house.state(shared) == 'SUCCEEDED' and house.state(line) == 'WAITING'


def test_delete_waits_for_nobody_and_lets_nothing_new_in(others):
    house, start = others
    line = start('toy.line', ['submit', 's'], ['wait', 'w', ['s']])
    behind = start('toy.line', ['make', 'x'])
    house.work()
    delete = house.delete(INSTANCE)
    with pytest.raises(exceptions.Unprocessable, match=delete):
        start('toy.shared', ['make', 'y'])
    assert house.go_on(delete) == 'SUCCEEDED'
    assert [house.state(i) for i in (line, behind)] == ['SUPERSEDED', 'SUPERSEDED']
    assert not house.rows()['operation_lock']
