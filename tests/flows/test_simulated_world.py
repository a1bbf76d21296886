"""The simulated world itself: the cloud contract, guests that keep a ledger and know epochs, faults, mail, a file."""

import dataclasses
import threading

import pytest

from dbaas import exceptions
from dbaas.cloud.protocol import Machine, Owner
from dbaas.cloud.simulated.things import Latency
from dbaas.cloud.simulated.world import World
from guestagent.contract.commands import Command, Outcome
from tests.cloud_contract import CloudContract
from tests.cloud_contract_changes import ChangesContract
from tests.cloud_contract_objects import ObjectsContract
from tests.waiting import until

OWNER = Owner('i', 'op', 'project')
PREPARE = Command('op:prepare:do:1', 'prepare', 'op', 'prepare', 1, 1, {'version': '10.11'})
START = Command('op:start:do:1', 'start', 'op', 'start', 1, 1, {'databases': [{'name': 'b'}, {'name': 'a'}]})


@pytest.fixture
def cloud():
    return World().cloud


class TestContract(CloudContract):
    pass


class TestChanges(ChangesContract):
    def seen_rules(self, cloud, security_group):
        return {tuple(rule) for rule in cloud.state.document['resources'][security_group]['rules']}


class TestObjects(ObjectsContract):
    pass


class Clock:
    now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture
def told():
    return []


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def world(told, clock):
    def report(instance, outcome):
        told.append((instance, outcome.command, outcome.state))

    def beat(instance, beat):
        told.append((instance, 'heartbeat', beat['state']))

    return World(report, beat, clock=clock, duration=None, latency=Latency(active=5, boot=5, gone=5))


def make_server(world):
    port, volume = world.cloud.create_port(OWNER, 'port', 3306), world.cloud.create_volume(OWNER, 'volume', 2)
    return world.cloud.create_server(OWNER, 'server', Machine(world.cloud.flavors()[0], [port], volume, {}))


def test_server_and_guest_come_up_with_time(world, clock, told):
    assert make_server(world).status == 'BUILD'
    clock.now += 5
    assert world.cloud.server(OWNER, 'server').status == 'ACTIVE'
    with pytest.raises(exceptions.GuestUnreachable):
        world.guests.ping('i')
    clock.now += 5
    world.settle()
    world.settle()
    assert told == [('i', 'heartbeat', 'BUILD')]
    assert world.guests.ping('i')['contract']


def test_a_removed_server_takes_its_time_and_its_guest(world, clock):
    make_server(world)
    clock.now += 10
    world.cloud.delete_server(OWNER, 'server')
    with pytest.raises(exceptions.CloudError, match='in use'):
        world.cloud.delete_volume(OWNER, 'volume')
    with pytest.raises(exceptions.GuestUnreachable):
        world.guests.ping('i')
    clock.now += 5
    assert world.cloud.server(OWNER, 'server') is None
    world.cloud.delete_volume(OWNER, 'volume')
    world.cloud.delete_port(OWNER, 'port')
    assert world.snapshot() == {'resources': [], 'guests': {}}


def test_a_broken_server_is_replaced(world):
    first = make_server(world)
    world.cloud.break_server('i', 'no host')
    assert world.cloud.server(OWNER, 'server').fault == 'no host'
    assert make_server(world).id != first.id
    assert len([r for r in world.cloud.resources('i') if r.kind == 'server']) == 1


def test_ledger_answers_a_repeated_command_with_its_first_result(world, told):
    world.guests.boot('i')
    for _ in range(3):
        assert world.guests.submit('i', PREPARE).state == 'running'
    world.guests.finish('i', PREPARE.id)
    assert world.guests.submit('i', PREPARE).state == 'succeeded'
    assert world.executed() == {PREPARE.id: 1}
    world.guests.submit('i', START)
    world.guests.finish('i', START.id)
    assert world.snapshot()['guests']['i']['database']['databases'] == ['a', 'b']
    world.settle()
    world.settle()
    assert [t[1:] for t in told if t[1] != 'heartbeat'] == [(PREPARE.id, 'succeeded'), (START.id, 'succeeded')]


def test_ledger_refuses_an_older_epoch_an_unknown_verb_and_another_version(world):
    world.guests.boot('i')
    world.guests.submit('i', dataclasses.replace(PREPARE, epoch=3))
    for bad in (
        dataclasses.replace(START, epoch=2),
        dataclasses.replace(START, epoch=3, verb='explode'),
        dataclasses.replace(START, epoch=3, version='2.0'),
    ):
        with pytest.raises(exceptions.CommandRefused):
            world.guests.submit('i', bad)
    assert world.refused() == 3 and world.executed() == {PREPARE.id: 1}
    assert world.guests.ask('i', START.id) == Outcome(START.id, 'unknown')


def test_a_command_out_of_order_fails_and_says_why(world):
    world.guests.boot('i')
    world.guests.submit('i', START)
    outcome = world.guests.finish('i', START.id)
    assert (outcome.state, outcome.error) == ('failed', 'the database is not prepared')


@pytest.mark.parametrize(('when', 'made'), [('before', 0), ('after', 1)])
def test_a_fault_before_or_after_the_effect(world, when, made):
    world.faults.plan('create_volume', when, instance='i')
    world.cloud.create_volume(dataclasses.replace(OWNER, instance='other'), 'volume', 1)
    with pytest.raises(exceptions.CloudError, match='fault on demand'):
        world.cloud.create_volume(OWNER, 'volume', 1)
    assert len(world.cloud.resources('i')) == made
    world.cloud.create_volume(OWNER, 'volume', 1)
    assert len(world.cloud.resources('i')) == 1


def test_a_fault_in_a_guest_fails_the_command(world):
    world.guests.boot('i')
    world.faults.plan('run', error=RuntimeError('disk full'), verb='prepare')
    world.guests.submit('i', PREPARE)
    assert world.guests.finish('i', PREPARE.id).error == 'disk full'
    assert world.snapshot()['guests']['i'] == {'database': None}


def test_latency_of_a_call():
    slept = []
    world = World(sleep=slept.append)
    world.faults.latency['create_port'] = 0.25
    world.cloud.create_port(OWNER, 'port', 3306)
    assert slept == [0.25]


@pytest.mark.parametrize(('copies', 'delay', 'now', 'later'), [(0, 0, 0, 0), (2, 0, 2, 2), (1, 7, 0, 1)])
def test_reports_are_lost_doubled_or_late_on_demand(world, clock, told, copies, delay, now, later):
    world.guests.boot('i')
    world.settle()
    told.clear()
    world.mail.treat(copies, delay)
    world.guests.submit('i', PREPARE)
    world.guests.finish('i', PREPARE.id)
    world.settle()
    assert len(told) == now
    clock.now += 10
    world.settle()
    assert len(told) == later


def test_it_survives_a_killed_process_in_its_file(tmp_path):
    path = str(tmp_path / 'world.json')
    first = World(path=path, duration=None)
    make_server(first)
    first.guests.submit('i', PREPARE)
    second = World(path=path, duration=None)
    assert second.snapshot() == first.snapshot()
    assert second.guests.running() == [('i', PREPARE.id)]
    assert second.guests.submit('i', PREPARE).state == 'running' and second.executed() == {PREPARE.id: 1}


def test_two_calls_at_once_that_both_looked_leave_two_things(world):
    """As in real clouds: that is what the reconciler's sweep is for."""
    gate, world.faults.watchers = threading.Barrier(2, timeout=10), []
    world.faults.watchers.append(lambda call, when, facts: when == 'before' and gate.wait())
    calls = [threading.Thread(target=world.cloud.create_volume, args=(OWNER, 'volume', 1)) for _ in range(2)]
    for call in calls:
        call.start()
    for call in calls:
        call.join()
    world.faults.watchers.clear()
    assert len(world.cloud.resources('i')) == 2


def test_a_world_of_its_own_lets_time_pass(told):
    world = World(lambda instance, outcome: told.append(outcome.state), duration=0.01)
    world.start()
    try:
        world.guests.boot('i')
        world.guests.submit('i', PREPARE)
        until(lambda: told == ['succeeded'], what='the report')
    finally:
        world.stop()
