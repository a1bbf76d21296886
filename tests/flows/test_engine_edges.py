"""Edges: what a timer does a moment too late, deadlines over a hold, hung steps, deletes that must not stop."""

import threading

import pytest

from conductor.reconciler import Reconciler
from conductor.worker import _Place
from dbaas.exceptions import CommandRefused, NotFound
from flows import progress
from flows.why import why
from tests.flows.scenarios import INSTANCE

CREATE = 'instance.create'


def instance(house):
    return house.rows('instances')['instances'][0]


def test_the_sweep_leaves_an_instance_alone_whose_last_step_was_skipped(open_place):
    place = open_place(CREATE)
    house = place.house
    place.injection.fail('publish-endpoint')
    operation = place.start()
    assert house.go_on(operation) == 'HELD'
    house.order(operation, 'skip', step='publish-endpoint')
    assert house.go_on(operation) == 'SUCCEEDED'
    before = house.world.snapshot()['resources']
    Reconciler(house.db, house.board, house.world.cloud, house.settings).sweep()
    assert house.world.snapshot()['resources'] == before


def with_copy_of_the_claim(place, do):
    """do(copy) while create-server runs, with the claim as it was while create-volume ran."""
    house, copies = place.house, []
    place.injection.watches.append(
        lambda run, step, way: copies.extend(house.claims.all()) if step == 'create-volume' else None
    )
    real = house.world.cloud.create_server

    def create_server(*args, **kwargs):
        made = real(*args, **kwargs)
        house.timers._db = house.disk.other
        do(copies[0])
        house.timers._db = house.db
        return made

    house.world.cloud.create_server = create_server
    operation = place.start()
    house.worker.work()
    house.world.cloud.create_server = real
    return operation


def test_a_step_that_has_just_ended_is_not_given_up(open_place):
    place = open_place(CREATE)
    operation = with_copy_of_the_claim(place, place.house.timers._give_up)
    assert place.house.states(operation)['create-volume'] == 'SUCCESS'
    assert place.house.go_on(operation) == 'SUCCEEDED'


def test_a_step_that_has_just_ended_is_not_shown_running(open_place):
    place = open_place(CREATE)
    operation = with_copy_of_the_claim(place, place.house.timers._show_start)
    with place.house.db.read() as c:
        shown = {step['name']: step['state'] for step in progress.show(c, operation)['steps']}
    assert shown['create-volume'] == 'SUCCESS' and 'create-volume' not in place.house.kinds(operation, 'running')


@pytest.mark.parametrize('verb', ['hold', 'pause'])
def test_time_that_it_stands_still_is_not_taken_from_its_deadline(open_place, verb):
    place = open_place(CREATE)
    house = place.house
    operation = place.start()
    house.work()
    assert house.state(operation) == 'WAITING'
    house.order(operation, verb)
    house.now += 100_000
    house.order(operation, 'resume')
    house.work()
    assert house.state(operation) != 'HELD', house.operation(operation).reason
    assert house.go_on(operation) == 'SUCCEEDED'


def test_an_overdue_undo_waits_anew_when_it_is_resumed(open_place):
    place = open_place(CREATE)
    house = place.house
    place.injection.fail('wait-for-guest')
    operation = place.start()
    assert house.go_on(operation) == 'HELD'
    house.world.cloud.latency.gone = 1e9
    house.order(operation, 'abort')
    house.work()
    house.now += house.settings.flows.server_deadline + 1
    house.timers.wake_due()
    house.work()
    assert house.state(operation) == 'ABORT_HELD'
    house.order(operation, 'resume')
    house.work()
    assert house.state(operation) == 'WAITING'


def test_an_undone_delete_says_what_is_left_of_its_create(open_place):
    place = open_place(CREATE)
    house = place.house
    create = place.start()
    house.work()
    delete = house.delete(INSTANCE)
    assert house.state(create) == 'SUPERSEDED'
    job = house.board.claim({('instance.delete', 1)}, 0)
    house.worker._engine.claim(job)  # claimed, then the process dies
    house.restart()
    house.request(delete, 'abort')
    house.work()
    assert house.state(delete) == 'ABORTED'
    assert instance(house)['status'] == 'ERROR' and 'delete the instance' in instance(house)['fault']['message']


@pytest.mark.parametrize('error', [CommandRefused('a bad seal'), NotFound('no key')])
@pytest.mark.parametrize('call', ['submit', 'ask'])
def test_no_guest_stops_a_delete(open_place, error, call):
    place = open_place('instance.delete')
    house = place.house

    def refuse(*_args):
        raise error

    setattr(house.world.guests, call, refuse)
    assert house.go_on(place.start()) == 'SUCCEEDED'


def test_why_offers_no_skip_between_two_steps(open_place):
    place = open_place(CREATE)
    house = place.house
    operation = place.start()
    place.injection.watches.append(
        lambda run, step, way: house.request(operation, 'hold') if step == 'create-server' else None
    )
    house.work()
    assert house.state(operation) == 'HELD'
    with house.db.read() as c:
        said = why(c, operation, house.settings, house.now)
    assert 'between two steps' in said['summary'] and not any('skip' in line for line in said['advice'])


def test_a_place_is_given_back_once():
    free = threading.Semaphore(0)
    place = _Place(free)
    place.give_back()
    place.give_back()
    assert free.acquire(blocking=False) and not free.acquire(blocking=False)


def test_a_hung_step_keeps_its_thread_and_not_its_place(open_place):
    place = open_place(CREATE)
    house, given_back, hung, go = place.house, [], threading.Event(), threading.Event()

    def hang(run, step, way):
        if step == 'create-server' and not hung.is_set():
            hung.set()
            go.wait(20)

    place.injection.watches.append(hang)
    operation = place.start()
    job = house.board.claim({(CREATE, 1)}, 0)
    thread = threading.Thread(target=house.worker._one, args=(job, lambda: given_back.append(1)))
    thread.start()
    try:
        assert hung.wait(20)
        house.now += house.settings.flows.server_deadline + 1
        house.timers.tick()
        assert house.state(operation) == 'HELD' and given_back == [1] and not house.claims.all()
        house.timers.tick()
        assert given_back == [1]
    finally:
        go.set()
        thread.join(20)
    house.order(operation, 'resume')
    assert house.go_on(operation) == 'SUCCEEDED'
