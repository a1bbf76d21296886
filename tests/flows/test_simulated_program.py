"""The simulated world as a program: the cloud contract through it, faults on the wire, reports, kills."""

import contextlib
import os
import signal
import threading

import pytest

from dbaas import exceptions
from dbaas.cli.cluster.simulator import Simulator
from dbaas.cloud.protocol import Machine, Owner
from dbaas.cloud.simulated.control import Control, twice
from dbaas.cloud.simulated.program.server import Server
from dbaas.cloud.simulated.remote import RemoteWorld
from dbaas.cloud.simulated.world import World
from guestagent.contract.commands import Command
from tests.cloud_contract import CloudContract
from tests.cloud_contract_changes import ChangesContract
from tests.cloud_contract_objects import ObjectsContract
from tests.servers.ports import lasting_port
from tests.waiting import until

OWNER = Owner('i', 'op', 'project')
PREPARE = Command('op:prepare:do:1', 'prepare', 'op', 'prepare', 1, 1, {'version': '10.11'})
START = Command('op:start:do:1', 'start', 'op', 'start', 1, 1, {'databases': [{'name': 'a'}]})


@contextlib.contextmanager
def served(**options):
    """A program in threads of this process -> its URL."""
    world = World(**options)
    server = Server(world, 0, lease=0.2)
    thread = threading.Thread(target=server.serve_forever, args=[0.01], daemon=True)
    thread.start()
    world.start()
    try:
        yield f'http://127.0.0.1:{server.server_port}'
    finally:
        server.closing.set()
        server.shutdown()
        server.server_close()
        world.stop()
        thread.join(30)


@pytest.fixture
def url():
    with served(duration=0.01, heartbeat=60.0) as found:
        yield found


@pytest.fixture
def control(url):
    return Control(url)


@pytest.fixture
def remote(url):
    return RemoteWorld(url)


@pytest.fixture
def receivers(remote):
    """make(handler=None) -> a list that fills with (instance, command or state) of one more receiver."""
    with contextlib.ExitStack() as stack:

        def make(handler=lambda what: None):
            told = []

            def say(what):
                handler(what)
                told.append(what)

            receiver = remote.receive(lambda i, o: say((i, o.command)), lambda i, b: say((i, b['state'])))
            receiver.start()
            stack.callback(receiver.stop)
            return told

        yield make


@pytest.fixture
def cloud(remote):
    return remote.cloud


class TestContract(CloudContract):
    pass


class TestChanges(ChangesContract):
    pass


class TestObjects(ObjectsContract):
    pass


class TestContractWithFaults(CloudContract, ChangesContract):
    """What passes is repeated by the client; what has had its effect is found."""

    @pytest.fixture
    def cloud(self, remote, control):
        for seed, (effect, when) in enumerate(
            [('503', 'before'), ('429', 'before'), ('500', 'after'), ('drop', 'before'), ('drop', 'after')]
        ):
            control.fault('cloud.*', effect, when=when, probability=0.1, seed=seed)
        control.fault('cloud.*', 'latency', probability=0.5, seconds=(0.001, 0.005))
        yield remote.cloud
        assert twice(control.effects()) == []


def make_server(cloud):
    port, volume = cloud.create_port(OWNER, 'port', 3306), cloud.create_volume(OWNER, 'volume', 2)
    machine = Machine(cloud.flavors()[0], [port], volume, {'key': 'of the guest'})
    return cloud.create_server(OWNER, 'server', machine)


@pytest.mark.parametrize('effect', ['429', '500', '503', 'drop', 'hang'])
@pytest.mark.parametrize('when', ['before', 'after'])
def test_a_fault_that_passes_leaves_one_thing(url, control, effect, when):
    control.fault('cloud.create_volume', effect, when=when, times=2)
    RemoteWorld(url, timeout=0.3 if effect == 'hang' else 5).cloud.create_volume(OWNER, 'volume', 1)
    assert [row['hits'] for row in control.clear()] == [2]
    assert [row['call'] for row in control.effects()] == ['create_volume']


def test_a_held_call_comes_late_and_makes_a_second_one(remote, control):
    """It has looked before another has made the thing; whether its caller lives or not."""
    control.fault('cloud.create_volume', 'hold', times=1)
    late = threading.Thread(target=remote.cloud.create_volume, args=[OWNER, 'volume', 1])
    late.start()
    until(lambda: control.faults()[0]['hits'], what='it is held')
    made = remote.cloud.create_volume(OWNER, 'volume', 1)
    control.clear()
    late.join(20)
    assert len(twice(control.effects())) == 1
    assert next(r.id for r in remote.cloud.resources('i')) == made.id


def test_patience_ends(url, control):
    control.fault('cloud.*', '503')
    with pytest.raises(exceptions.CloudUnavailable, match='503'):
        RemoteWorld(url, patience=0.2).cloud.flavors()
    control.fault('guest.*', 'drop')
    with pytest.raises(exceptions.GuestUnreachable, match='no answer'):
        RemoteWorld(url, patience=0.2).guests.ping('i')


def test_what_cannot_pass_is_raised_at_once(remote):
    make_server(remote.cloud)
    with pytest.raises(exceptions.CloudError, match='in use') as raised:
        remote.cloud.delete_volume(OWNER, 'volume')
    assert not isinstance(raised.value, exceptions.CloudUnavailable)
    with pytest.raises(exceptions.GuestUnreachable):
        remote.guests.ping('another')
    with pytest.raises(exceptions.CloudError, match='no URL'):
        RemoteWorld('simulated://')


def test_the_same_seed_gives_the_same_faults(control, remote):
    hits = []
    for _ in range(2):
        control.fault('cloud.flavors', '503', probability=0.4, seed=5)
        for _ in range(20):
            remote.cloud.flavors()
        hits.append(control.clear()[0]['hits'])
    assert hits[0] == hits[1] > 0


def test_a_bad_fault_is_refused(control):
    with pytest.raises(exceptions.CloudError, match='no fault'):
        control.fault('cloud.*', 'explode')
    with pytest.raises(exceptions.NotFound):
        control.mood('nobody', 'dead')


def test_guests_answer_keep_a_ledger_and_report(remote, control, receivers):
    told = receivers()
    make_server(remote.cloud)
    for command in (PREPARE, PREPARE, START):
        remote.guests.submit('i', command)
    with pytest.raises(exceptions.CommandRefused, match='older'):
        control.finish('i', PREPARE.id)
        remote.guests.submit('i', Command('op:x:do:1', 'stop', 'op', 'x', 1, 0))
    until(lambda: {('i', PREPARE.id), ('i', START.id)} <= set(told), what='both reports')
    until(lambda: ('i', 'HEALTHY') in told, what='a heartbeat says that its state has changed')
    assert remote.guests.ask('i', START.id).state == 'succeeded'
    assert control.executed() == {PREPARE.id: 1, START.id: 1} and control.refused() == 1
    assert [e['epoch'] for e in control.effects() if e['call'] == 'run'] == [1, 1]
    until(lambda: control.unread() == 0, what='every letter is acknowledged')


def test_a_letter_whose_handler_fails_comes_again(remote, receivers):
    failures = [1, 1]

    def handler(what):
        if what[1] == PREPARE.id and failures:
            failures.pop()
            raise exceptions.Unavailable('the database is away')

    told = receivers(handler)
    make_server(remote.cloud)
    remote.guests.submit('i', PREPARE)
    until(lambda: ('i', PREPARE.id) in told, what='the third try')
    assert not failures


def test_what_a_frozen_receiver_has_taken_goes_to_another(remote, receivers):
    frozen, thaw = threading.Event(), threading.Event()

    def freeze(what):
        frozen.set()
        thaw.wait(20)

    receivers(freeze)
    make_server(remote.cloud)
    frozen.wait(20)
    told = receivers()
    until(lambda: told == [('i', 'BUILD')], what='the other gets it')
    thaw.set()


@pytest.mark.parametrize(('mood', 'error'), [('dead', 'GuestUnreachable'), ('refusing', 'CommandRefused')])
def test_a_guest_that_is_not_well(remote, control, mood, error):
    make_server(remote.cloud)
    control.mood('i', mood)
    with pytest.raises(getattr(exceptions, error)):
        remote.guests.submit('i', PREPARE)
    control.mood('i', 'well')
    assert remote.guests.submit('i', PREPARE).state


def test_commands_of_a_dead_guest_go_on_when_it_lives_again(remote, control, receivers):
    make_server(remote.cloud)
    control.times(held=True)
    remote.guests.submit('i', PREPARE)
    control.mood('i', 'dead')
    control.finish('i', PREPARE.id)
    told = receivers()
    control.mood('i', 'well')
    until(lambda: ('i', PREPARE.id) in told, what='its report')


def test_reports_are_lost_or_doubled_on_demand(remote, control, receivers):
    told = receivers()
    make_server(remote.cloud)
    control.reports(copies=0)
    control.reports(copies=2)
    for command in (PREPARE, START):
        remote.guests.submit('i', command)
        until(lambda command=command: remote.guests.ask('i', command.id).state == 'succeeded', what=command.id)
    until(lambda: told.count(('i', START.id)) == 2, what='the doubled one')
    assert ('i', PREPARE.id) not in told


# -- as a process ----------------------------------------------------------------------------------------------------
@pytest.fixture
def simulator(tmp_path):
    made = Simulator(str(tmp_path), lasting_port())
    made.start()
    yield made
    made.stop()


def test_it_outlives_a_kill_and_its_clients_wait_for_it(simulator):
    remote, control = RemoteWorld(simulator.url), simulator.control
    make_server(remote.cloud)
    remote.guests.submit('i', PREPARE)
    until(lambda: control.running() == [], what='the command has ended')
    before = control.snapshot(), control.effects(), control.executed()
    os.kill(simulator.pid, signal.SIGKILL)
    found = []
    asking = threading.Thread(target=lambda: found.append(remote.cloud.create_volume(OWNER, 'volume', 2)))
    asking.start()
    until(lambda: simulator.pid is None, what='it is dead')
    simulator.start()
    asking.join(20)
    assert found[0].id == 'volume-2'
    assert (control.snapshot(), control.effects(), control.executed()) == before
    told = []
    receiver = remote.receive(lambda i, o: told.append(o.command), lambda i, b: None)
    receiver.start()
    until(lambda: told == [PREPARE.id], what='the report that nobody had taken')
    receiver.stop()


def test_a_torn_last_line_is_a_change_that_never_was(tmp_path):
    path = tmp_path / 'world.journal'
    first = World(path=str(path))
    first.cloud.create_volume(OWNER, 'volume', 1)
    kept = first.snapshot()
    first.cloud.create_port(OWNER, 'port', 3306)
    os.truncate(path, path.stat().st_size - 3)
    assert World(path=str(path)).snapshot() == kept


def test_nothing_of_a_guests_key_reaches_it(simulator, tmp_path):
    make_server(RemoteWorld(simulator.url).cloud)
    assert 'of the guest' not in (tmp_path / 'simulator' / 'world.journal').read_text()
