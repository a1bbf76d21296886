"""Directed cases: wakes that come before, while and after a step parks; lost reports; deadlines; doubled jobs."""

from guestagent.contract.commands import Outcome
from tests.flows.moments import at_begin, during, finish_elsewhere
from tests.flows.scenarios import INSTANCE, start_create
from tests.flows.toy import NOTHING, TWO


def test_a_server_that_goes_between_two_looks(open_place):
    """A look is one call: what it has seen is judged as a whole."""
    place, looks = open_place('instance.create'), []

    def lose(call, when, facts):
        if call == 'server':
            looks.append(facts)
            if len(looks) == 2:
                place.house.world.cloud.lose(INSTANCE, 'server')

    place.house.world.faults.watchers.append(lose)
    operation = place.start()
    assert place.house.go_on(operation) == 'HELD'
    assert 'the server is gone' in place.house.operation(operation).reason


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
    house.now += house.world.cloud.latency.boot
    house.world.settle()  # no timer ticks here: the heartbeat it must be
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


def looks(house, operation, step, event):
    """The step looks until the event has come. -> seconds from then to the last look."""
    assert house.operation(operation).step == step
    came = house.now + event
    while house.operation(operation).step == step and house.state(operation) == 'WAITING':
        due = min(row['wake_at'] for row in house.rows('operation_wait')['operation_wait'])
        house.now = due
        house.timers.wake_due()
        house.work()
    return house.now - came


def test_a_wait_for_the_cloud_loses_at_most_half_a_second(open_place):
    """Half of that half is the timer's own pause. Longer waits: tests/unit/test_pause.py."""
    house = open_place('instance.create').house
    house.world.cloud.latency.active = 3.1
    operation = start_create(house)
    house.work()
    assert looks(house, operation, 'wait-for-server', 3.1) + house.settings.conductor.timer_interval <= 0.5
