"""One contract of both transports: Unix sockets, and a real RabbitMQ."""

import collections
import concurrent.futures
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from conf import messaging

messaging.prepare()
import oslo_messaging  # noqa: E402 - eventlet is kept out first
from oslo_messaging.rpc import server as rpc  # noqa: E402

from dbaas import exceptions  # noqa: E402
from dbaas.guest.api import Guests  # noqa: E402
from guestagent.contract.commands import Command, command_id  # noqa: E402
from guestagent.contract.wire import bus, failures  # noqa: E402
from tests.waiting import until  # noqa: E402

pytestmark = [
    pytest.mark.parametrize('transport', ['unix', 'rabbit'], indirect=True),
    pytest.mark.xdist_group('rabbitmq'),
]
PATIENCE = 60  # seconds


class Endpoint:
    """`answers` opens when held calls may go on."""

    def __init__(self) -> None:
        self.reports: collections.Counter[int] = collections.Counter()
        self.held, self.answers = threading.Semaphore(0), threading.Event()

    @rpc.expose
    def echo(self, ctxt: Any, value: Any) -> Any:
        return value

    @rpc.expose
    def fail(self, ctxt: Any, text: str) -> None:
        raise ValueError(text)

    @rpc.expose
    def hold(self, ctxt: Any) -> str:
        self.held.release()
        self.answers.wait(PATIENCE)
        return 'held'

    @rpc.expose
    def report(self, ctxt: Any, number: int) -> None:
        self.reports[number] += 1

    def hidden(self, ctxt: Any) -> None:
        """Not exposed."""


@pytest.fixture
def connect(wire: Any) -> Iterator[Callable[[], Any]]:
    made: list[Any] = []

    def one() -> Any:
        made.append(wire.connect())
        return made[-1]

    yield one
    for each in made:
        each.cleanup()


@pytest.fixture
def serve(connect: Callable[[], Any]) -> Iterator[Callable[..., Any]]:
    made: list[Any] = []

    def one(target: Any, endpoint: Any, workers: int = 16) -> Any:
        made.append(bus.serve(connect(), target, endpoint, workers))
        assert made[-1].listening.wait(PATIENCE)
        return made[-1]

    yield one
    for each in made:
        each.stop()
        each.wait()


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    made = Endpoint()
    yield made
    made.answers.set()


@pytest.fixture
def guest(serve: Any, connect: Any, endpoint: Endpoint) -> Any:
    """A client of one served guest."""
    serve(bus.guest_target('a'), endpoint)
    return bus.client(connect(), bus.guest_target('a'), PATIENCE)


def answers(client: Any) -> bool:
    try:
        return bool(client.prepare(timeout=2).call({}, 'echo', value=1))
    except oslo_messaging.MessagingTimeout:
        return False


def test_call_answer_error_unknown_method_and_timeout(guest: Any, endpoint: Endpoint) -> None:
    assert guest.call({}, 'echo', value={'x': [1, None, 'ä']}) == {'x': [1, None, 'ä']}
    with pytest.raises(ValueError, match='no'):
        guest.call({}, 'fail', text='no')
    for method in ('hidden', 'nowhere'):
        with pytest.raises(oslo_messaging.RemoteError, match='NoSuchMethod'):
            guest.call({}, method)
    with pytest.raises(oslo_messaging.MessagingTimeout):
        guest.prepare(timeout=0.5).call({}, 'hold')
    endpoint.answers.set()
    assert guest.call({}, 'hold') == 'held'


def test_many_calls_at_once(guest: Any, endpoint: Endpoint) -> None:
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        held = [pool.submit(guest.call, {}, 'hold') for _ in range(12)]
        for _ in held:
            assert endpoint.held.acquire(timeout=PATIENCE)  # all of them are in work side by side
        assert list(pool.map(lambda n: guest.call({}, 'echo', value=n), range(100))) == list(range(100))
        endpoint.answers.set()
        assert [call.result() for call in held] == ['held'] * 12


def test_a_mebibyte_there_and_back(guest: Any) -> None:
    big = 'x' * 2**20
    assert guest.call({}, 'echo', value=big) == big


def test_reports_are_shared_by_several_receivers_and_each_comes_once(serve: Any, connect: Any) -> None:
    one, two = Endpoint(), Endpoint()
    serve(bus.reports_target('one'), one)
    serve(bus.reports_target('two'), two)
    sender = bus.client(connect(), bus.reports_target(), 5)
    for number in range(40):
        sender.cast({}, 'report', number=number)
    until(lambda: sum((one.reports + two.reports).values()) == 40, PATIENCE, 'forty reports')
    assert set((one.reports + two.reports).values()) == {1} and one.reports and two.reports


def test_nobody_listens_is_told_at_once(connect: Any) -> None:
    line = connect()
    assert line.await_answers(PATIENCE)
    for target in (bus.guest_target('nobody'), bus.reports_target()):
        client = bus.client(line, target, PATIENCE, retry=0)
        with pytest.raises(failures.NobodyListens):
            client.call({}, 'echo', value=1)
        with pytest.raises(failures.NobodyListens):
            client.cast({}, 'report', number=1)


def test_a_server_killed_with_a_call_in_flight_and_the_next_one(wire: Any, connect: Any, serve: Any) -> None:
    node = subprocess.Popen(
        [sys.executable, '-m', 'tests.guest.rpc_node', wire.url, 'guest.a', 'a'],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    try:
        assert node.stdout is not None and node.stdout.readline().startswith('ready')
        target = oslo_messaging.Target(topic='guest.a', server='a')
        client = bus.client(connect(), target, 3)
        until(lambda: answers(client), PATIENCE, 'the first server')
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            pending = pool.submit(client.call, {}, 'slow', seconds=60)
            assert node.stdout.readline().strip() == 'slow'
            node.kill()
            with pytest.raises(oslo_messaging.MessagingTimeout):
                pending.result()
    finally:
        node.kill()
        node.wait()
        node.stdout.close()  # type: ignore[union-attr]
    serve(target, Endpoint())
    until(lambda: answers(client), PATIENCE, 'the second server')


def test_the_transport_away_and_back(wire: Any, guest: Any, connect: Any, serve: Any) -> None:
    seen = Endpoint()
    serve(bus.reports_target('one'), seen)
    sender = bus.client(connect(), bus.reports_target(), 2, retry=0)
    sender.cast({}, 'report', number=1)
    assert guest.call({}, 'echo', value=1) == 1
    until(lambda: seen.reports[1], PATIENCE, 'the first report')
    wire.cut()
    fresh = bus.client(connect(), bus.guest_target('a'), 1)  # it never had a line
    for client in (guest, fresh):
        if wire.kind == 'rabbit':  # a socket that is open needs no folder
            with pytest.raises(oslo_messaging.MessagingTimeout):
                client.prepare(timeout=1).call({}, 'echo', value=1)
            with pytest.raises(failures.BrokerAway):
                sender.cast({}, 'report', number=2)
    wire.mend()
    until(lambda: answers(guest) and answers(fresh), PATIENCE, 'the same clients and the same server')

    def taken() -> bool:
        try:
            sender.cast({}, 'report', number=3)
        except oslo_messaging.MessagingException:
            return False
        return True

    until(taken, PATIENCE, 'a cast by the same client')
    until(lambda: seen.reports[3], PATIENCE, 'a report to the same receiver')


def test_a_server_that_begins_while_the_transport_is_away(wire: Any, connect: Any) -> None:
    if wire.kind == 'unix':
        pytest.skip('there is nothing that could be away: the server makes the folder')
    wire.cut()
    late = bus.serve(connect(), bus.guest_target('late'), Endpoint(), 4)
    guests = Guests(connect(), lambda _: bytes(32), timeout=1)
    with pytest.raises(exceptions.GuestUnreachable):
        guests.ping('late')
    never = bus.serve(connect(), bus.guest_target('late'), Endpoint(), 4)
    never.stop()
    never.wait()
    assert not late.listening.is_set()
    wire.mend()
    client = bus.client(connect(), bus.guest_target('late'), PATIENCE)
    until(lambda: answers(client), PATIENCE, 'the late server')
    late.stop()
    late.wait()


def test_a_stopped_server_takes_no_more_and_answers_what_it_has(serve: Any, connect: Any, endpoint: Endpoint) -> None:
    served = serve(bus.guest_target('a'), endpoint)
    client = bus.client(connect(), bus.guest_target('a'), PATIENCE)
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        pending = pool.submit(client.call, {}, 'hold')
        assert endpoint.held.acquire(timeout=PATIENCE)
        served.stop()
        endpoint.answers.set()
        assert pending.result() == 'held'


def test_without_a_guest_the_api_says_unreachable(connect: Any) -> None:
    line = connect()
    assert line.await_answers(PATIENCE)
    guests = Guests(line, lambda _: bytes(32), timeout=1)
    command = Command(command_id('op', 'step', 1), 'stop', 'op', 'step', 1, 1)
    for ask in (lambda: guests.ping('x'), lambda: guests.ask('x', 'y'), lambda: guests.submit('x', command)):
        with pytest.raises(exceptions.GuestUnreachable, match='instance x'):
            ask()
