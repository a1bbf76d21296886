"""Directed cases: wakes that come before, while and after a step parks; two conductors; deletes; lock modes."""

import pytest

from dbaas import exceptions
from dbaas.db import operations
from dbaas.db.words import IN_LINE, SHARED
from dbaas.services.operations import OperationType
from flows import registry
from guestagent.contract.commands import Outcome
from tests.flows import toy
from tests.flows.frozen import CALLS, COMMITS, Frozen
from tests.flows.harness import quiet
from tests.flows.scenarios import INSTANCE
from tests.flows.test_engine_cases import TWO, at_begin, die_at, during
from tests.flows.toy import NOTHING


@pytest.fixture
def injection():
    quiet()
    with toy.installed() as found:
        yield found


@pytest.fixture
def open_toy(disk, injection):
    return lambda spec, **options: toy.ToyHouse(disk, spec, **options)


# -- no lost wake ------------------------------------------------------------------------------------------------------
def finish_elsewhere(house):
    """All commands end and their reports come in through another process."""
    mine, house.reports._db = house.reports._db, house.disk.other
    try:
        for instance_id, command_id in house.world.guests.running():
            house.world.guests.finish(instance_id, command_id)
        house.world.settle()
    finally:
        house.reports._db = mine


def test_a_report_before_the_step_looks(open_toy, injection):
    """For a command that nobody waits for yet: kept, and found by the first look."""
    house = open_toy(TWO)
    during(injection, 'w', lambda: finish_elsewhere(house))
    assert house.run() == 'SUCCEEDED' and not house.kinds(house.id, 'parked')


def test_a_report_between_the_look_and_the_parking_commit(open_toy):
    house = open_toy(TWO)
    at_begin(house, 5, lambda: finish_elsewhere(house))  # claim, a, s1, s2, -> park
    assert house.run() == 'SUCCEEDED' and house.kinds(house.id, 'parked') == ['w']


def test_a_report_after_the_step_has_parked(open_toy):
    house = open_toy(TWO)
    assert house.run() == 'WAITING'
    assert house.finish() == 'SUCCEEDED'


def test_a_report_while_the_operation_is_paused_is_found_when_it_is_resumed(open_toy):
    house = open_toy(TWO)
    house.run()
    house.verb('pause')
    assert house.finish() == 'PAUSED'
    house.verb('resume')
    assert house.run() == 'SUCCEEDED'


def test_a_report_that_comes_twice_and_late_changes_nothing(open_toy):
    house = open_toy(TWO)
    house.run()
    ids = list(house.world.executed())
    house.finish()
    before = house.rows()
    for command_id in ids * 2:
        house.reports.on_report(INSTANCE, Outcome(command_id, 'failed', None, 'forged'))
    house.run()
    assert house.rows() == before


def test_a_report_of_another_guest_is_dropped(open_toy):
    house = open_toy(TWO)
    house.run()
    before = house.rows()
    for command_id in house.world.executed():
        house.reports.on_report('another-instance', Outcome(command_id, 'succeeded'))
    assert house.run() == 'WAITING' and house.rows() == before


def test_a_report_that_is_lost_for_ever_is_found_by_asking(open_toy):
    house = open_toy(TWO)
    house.run()
    house.world.mail.treat(copies=0, times=2)
    assert house.finish() == 'WAITING'
    assert house.pass_time(house.settings.flows.poll_interval) == 'SUCCEEDED'


def test_a_command_that_the_guest_does_not_know_is_sent_anew(open_toy):
    """Its ledger was lost."""
    house = open_toy(TWO)
    house.run()
    with house.world.state.change() as document:
        document['guests'][INSTANCE]['ledger'].clear()
    assert house.pass_time(3) == 'HELD'
    assert 'does not know the command' in house.operation(house.id).reason
    house.verb('resume')
    assert house.run() == 'WAITING' and house.finish() == 'SUCCEEDED'


def test_a_heartbeat_wakes_what_waits_for_the_guest(open_place):
    place = open_place('instance.create')
    house = place.house
    house.world.cloud.latency.active = 0.0
    operation = place.start()
    house.work()
    assert (house.state(operation), house.operation(operation).step) == ('WAITING', 'wait-for-guest')
    house.now += house.world.cloud.latency.boot  # due only later: the heartbeat it must be
    assert house.settings.flows.poll_interval >= house.world.cloud.latency.boot
    house.world.settle()
    house.work()
    assert house.operation(operation).step != 'wait-for-guest'


def test_the_deadline_counts_from_the_first_park_and_anew_after_a_hold(open_toy):
    house = open_toy([['submit', 's'], ['wait', 'w', ['s']]])
    house.run()
    limit, passed = house.settings.flows.step_deadline, 0.0
    while passed + 10 < limit:
        assert house.pass_time(10) == 'WAITING'
        passed += 10
    assert house.pass_time(10) == 'HELD'
    assert 'waited' in house.operation(house.id).reason
    house.verb('resume')
    assert house.run() == 'WAITING' and house.pass_time(limit - 1) == 'WAITING'
    assert house.finish() == 'SUCCEEDED'


def test_a_verb_that_comes_while_the_last_step_of_the_run_parks_is_not_lost(open_toy, injection):
    house = open_toy(TWO)
    during(injection, 'w', lambda: house.request(house.id, 'abort'))
    assert house.run() == 'ABORTED' and house.remains() == NOTHING


def test_a_verb_between_the_last_fence_and_the_parking_commit(open_toy):
    house = open_toy(TWO)
    at_begin(house, 5, lambda: house.request(house.id, 'pause'))
    assert house.run() == 'PAUSED'
    house.verb('resume')
    assert house.run() == 'WAITING' and house.finish() == 'SUCCEEDED'


def test_doubled_and_old_jobs_are_not_run(open_toy):
    house = open_toy(TWO)
    assert house.run() == 'WAITING'
    epoch = house.operation(house.id).epoch
    house.post(house.posted * 2)
    assert house.run() == 'WAITING' and house.operation(house.id).epoch == epoch
    house.finish()
    before = house.rows()
    house.post(house.posted * 2)
    assert house.run() == 'SUCCEEDED' and house.rows() == before


# -- two conductors on one operation ---------------------------------------------------------------------------------
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


def take_over(house):
    """Its session is over: the job is free again, as the reconciler finds it."""
    for name in house.board.names():
        house.board.consume(next(j for j in house.posted if j.name == name))
    with house.db.read() as c:
        house.post(operations.lost_jobs(c, None))


def finish_with_time(house):
    for _ in range(5):
        house.run()
        house.finish()
        house.pass_time(3)


def thaw_and_see(house, frozen):
    """A stale one changes no row and no guest; what its late cloud call made is the reconciler's to remove."""
    stale, before, effects = frozen.stale(), house.rows(), house.remains()[1:]
    executed = house.world.executed()
    frozen.thaw()
    if stale:
        assert house.rows() == before, 'a stale conductor wrote'
        assert house.remains()[1:] == effects and house.world.executed() == executed


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
    from conductor.reconciler import Reconciler

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


# -- delete ------------------------------------------------------------------------------------------------------------
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
