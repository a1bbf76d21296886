"""What only a message broker has: a user per guest with few rights, and a life of its own."""

import contextlib
import json
import os
import pathlib
import signal
import socket
import stat
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from conf import messaging

messaging.prepare()
import amqp  # noqa: E402 - eventlet is kept out first
import kombu  # noqa: E402

from dbaas.cli.cluster.rabbitmq import RabbitMQ  # noqa: E402
from dbaas.exceptions import Unavailable  # noqa: E402
from dbaas.guest import accounts  # noqa: E402
from dbaas.guest.management import Management, Refused  # noqa: E402
from guestagent.contract.wire import bus, failures  # noqa: E402
from tests.guest.plane import Plane  # noqa: E402
from tests.guest.test_transports import PATIENCE, Endpoint, answers  # noqa: E402
from tests.guest.wires import RabbitWire, tree  # noqa: E402
from tests.servers.authority import Authority  # noqa: E402
from tests.waiting import until  # noqa: E402

pytestmark = [
    pytest.mark.parametrize('transport', ['rabbit'], indirect=True),
    pytest.mark.xdist_group('rabbitmq'),
]
Channel = Callable[[str], Any]


@pytest.fixture
def channel(wire: RabbitWire) -> Iterator[Channel]:
    """channel(url) -> an AMQP channel of that user's: what a compromised guest can do at most."""
    opened: list[kombu.Connection] = []

    def open_(url: str) -> Any:
        plain = url.partition('?')[0].replace('rabbit://', 'amqp://', 1)
        opened.append(kombu.Connection(plain, transport_options={'confirm_publish': True}, connect_timeout=20))
        return opened[-1].channel()

    yield open_
    for connection in opened:
        connection.release()


@contextlib.contextmanager
def one(channel: Channel, url: str) -> Iterator[Any]:
    """A channel for one attempt: the broker closes it after a refusal, and connections are few."""
    made = channel(url)
    try:
        yield made
    finally:
        made.connection.close()


@pytest.fixture
def guests(wire: RabbitWire) -> tuple[str, str, str, str]:
    """(id, url) of guest a, whose id begins that of guest b, and of b, which listens."""
    one = str(uuid.uuid4())
    return one, wire.guest_url(one), one + '2', wire.guest_url(one + '2')


def refused(act: Callable[[], Any]) -> None:
    with pytest.raises(amqp.AccessRefused):
        act()


def test_a_guest_reads_only_its_own_and_publishes_reports_only(
    wire: RabbitWire, channel: Channel, guests: tuple[str, str, str, str]
) -> None:
    a, url_a, b, url_b = guests
    line = wire.connect(url_b)
    served = bus.serve(line, bus.guest_target(b), Endpoint(), 4)
    assert served.listening.wait(PATIENCE)

    def attempt(act: Callable[[Any], Any]) -> None:
        with one(channel, url_a) as made:
            refused(lambda: act(made))

    attempt(lambda c: c.basic_consume(f'guest.{b}'))
    attempt(lambda c: c.basic_get(f'guest.{b}.{b}'))
    attempt(lambda c: c.queue_declare(f'guest.{b}.more'))
    attempt(lambda c: c.queue_delete(f'guest.{b}'))
    attempt(lambda c: c.exchange_delete('amq.topic'))
    attempt(lambda c: c.exchange_declare('reports', 'topic'))
    attempt(lambda c: c.basic_get('reports'))

    def bind(c: Any, exchange: str, key: str) -> None:
        c.queue_declare(f'guest.{a}')
        c.queue_bind(f'guest.{a}', exchange, key)

    attempt(lambda c: bind(c, 'amq.topic', '#'))
    attempt(lambda c: bind(c, f'guest.{b}', '#'))

    def publish(c: Any, exchange: str, key: str) -> None:
        c.basic_publish_confirm(amqp.Message('x'), exchange, key, timeout=PATIENCE)

    attempt(lambda c: publish(c, 'amq.topic', 'guest.x'))
    attempt(lambda c: publish(c, f'guest.{b}', f'guest.{b}'))
    publish(channel(url_a), 'amq.topic', 'reports')  # what it is for
    served.stop()
    served.wait()
    line.cleanup()


def test_what_is_left_of_a_removed_guest_is_nothing(
    wire: RabbitWire, channel: Channel, guests: tuple[str, str, str, str]
) -> None:
    a, url_a, b, _ = guests
    mine = channel(url_a)
    for name in (f'guest.{a}', f'guest.{a}.{a}', f'guest.{a}_fanout_1', f'guest.{a}.hidden'):
        mine.queue_declare(name, durable=True, auto_delete=False)
    mine.exchange_declare(f'guest.{a}', 'topic', durable=True, auto_delete=False)
    theirs = wire.connect(wire.url)
    others = bus.serve(theirs, bus.guest_target(b), Endpoint(), 1)
    assert others.listening.wait(PATIENCE)
    assert a in wire.accounts.owners()
    for _ in range(2):  # not found is fine
        wire.accounts.delete(a)
    assert wire.accounts.owners() == [b]
    users = {user['name'] for user in wire.api.get('users')}
    assert accounts.name_of(a) not in users and accounts.name_of(b) in users
    for kind in ('queues', 'exchanges', 'topic-permissions', 'permissions'):
        text = json.dumps(wire.api.get(kind))
        assert f'guest.{a}"' not in text and f'guest.{a}.' not in text and f'guest.{a}_' not in text
    assert f'guest.{b}' in {queue['name'] for queue in wire.api.get('queues', wire.vhost)}
    others.stop()
    others.wait()
    theirs.cleanup()


def test_a_repeated_create_sets_the_password_again(wire: RabbitWire, channel: Channel) -> None:
    old = wire.guest_url('again')
    assert channel(old).is_open
    new = wire.guest_url('again')
    assert channel(new).is_open and new != old
    refused(lambda: channel(old))


def test_tls_proves_the_broker(wire: RabbitWire, broker: RabbitMQ, tmp_path: pathlib.Path) -> None:
    ours = os.path.join(broker.folder.partition('/deep')[0], 'ours.pem')
    plain = wire.guest_url('tls').partition('?')[0]
    where = plain.replace(plain.partition('@')[2].partition('/')[0], f'127.0.0.1:{broker.tls_port}')

    def line(ca_file: str) -> Any:
        return wire.connect(f'{where}?ssl=true&ssl_ca_file={ca_file}')

    good, deceived = line(ours), line(str(Authority(tmp_path, 'others').file))
    served = bus.serve(good, bus.guest_target('tls'), Endpoint(), 2)
    asker = bus.client(wire.connect(), bus.guest_target('tls'), PATIENCE)
    assert served.listening.wait(PATIENCE) and answers(asker)
    sender = bus.client(deceived, bus.reports_target(), 2)
    with pytest.raises(failures.BrokerAway, match='certificate'):
        sender.cast({}, 'report', number=1)
    served.stop()
    served.wait()


def test_no_password_is_on_a_command_line_or_in_an_environment(broker: RabbitMQ, wire: RabbitWire) -> None:
    password = broker.url.split(':')[2].partition('@')[0]
    assert broker.pid is not None
    watched = [*tree(broker.pid), *tree(os.getpid())]
    for folder in watched:
        for name in ('cmdline', 'environ'):
            try:
                assert password.encode() not in (folder / name).read_bytes(), folder
            except (FileNotFoundError, ProcessLookupError):
                continue
    for name in ('password', 'rabbitmq.conf', '.erlang.cookie'):
        mode = os.stat(os.path.join(broker.folder, name)).st_mode
        assert stat.S_IMODE(mode) & 0o077 == 0
    assert stat.S_IMODE(os.stat(broker.folder).st_mode) == 0o700


def test_the_agent_has_its_own_login_and_nothing_else(wire: RabbitWire, broker: RabbitMQ, plane: Plane) -> None:
    agent = plane.agent()
    until(lambda: _pings(plane, agent.instance), PATIENCE, 'the agent')
    login = agent.facts['transport_url'].removeprefix('rabbit://').partition('@')[0]
    user, password = login.split(':')
    assert user == f'guest.{agent.instance}'
    connections = wire.api.get('connections')
    until(lambda: user in {c.get('user') for c in wire.api.get('connections')}, PATIENCE, 'its connections')
    assert connections is not None and agent.process is not None
    for folder in tree(agent.process.pid):
        for name in ('cmdline', 'environ'):
            assert password.encode() not in (folder / name).read_bytes()
    assert password.encode() not in agent.log().encode()
    admin = broker.url.split(':')[2].partition('@')[0]
    assert admin.encode() not in agent.written()


def _pings(plane: Plane, instance: str) -> bool:
    try:
        return bool(plane.guests.ping(instance))
    except Exception:  # noqa: BLE001 - not yet
        return False


def test_the_management_api_away_or_refusing_is_told_without_the_password(broker: RabbitMQ, wire: RabbitWire) -> None:
    url = broker.management_url.replace(':' + broker.management_url.split(':')[2].partition('@')[0], ':not-it')
    with pytest.raises(Refused, match=r'GET whoami .* 401 .*management_url') as caught:
        Management(url).get('whoami')
    assert 'not-it' not in str(caught.value)
    with socket.socket() as closed:
        closed.bind(('127.0.0.1', 0))
        port = closed.getsockname()[1]
        with pytest.raises(Unavailable, match='DELETE users/x') as away:
            Management(f'http://u:not-it@127.0.0.1:{port}').delete('users', 'x')
        assert 'not-it' not in str(away.value)
    with pytest.raises(Refused):
        wire.api.put('users', 'guest.bad', body={'wrong': 1})


def test_a_killed_broker_loses_no_report_that_it_has_taken(broker: RabbitMQ, wire: RabbitWire) -> None:
    line, seen = wire.connect(), Endpoint()
    first = bus.serve(line, bus.reports_target('reports'), Endpoint(), 1)
    guest = bus.serve(wire.connect(wire.guest_url('a')), bus.guest_target('a'), Endpoint(), 4)
    asker = bus.client(line, bus.guest_target('a'), PATIENCE)
    assert first.listening.wait(PATIENCE) and guest.listening.wait(PATIENCE) and answers(asker)
    first.stop()
    until(lambda: _consumers(wire, 'reports') == 0, PATIENCE, 'no receiver')
    sender = bus.client(line, bus.reports_target(), 5)
    for number in range(10):
        sender.cast({}, 'report', number=number)
    assert broker.pid is not None
    os.kill(broker.pid, signal.SIGKILL)
    until(lambda: broker.pid is None, PATIENCE, 'the end of the broker')
    broker.start()
    second = bus.serve(line, bus.reports_target('reports'), seen, 1)
    until(lambda: sum(seen.reports.values()) >= 10, PATIENCE, 'ten reports')
    assert set(seen.reports.values()) == {1} and len(seen.reports) == 10
    until(lambda: answers(asker), PATIENCE, 'the guest, by itself')
    for served in (second, guest):
        served.stop()
        served.wait()
    line.cleanup()


def _consumers(wire: RabbitWire, queue: str) -> int:
    found = wire.api.get('queues', wire.vhost, queue)
    return int(found.get('consumers', -1))
