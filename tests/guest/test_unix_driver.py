"""The Unix-socket driver, between real processes."""

import concurrent.futures
import contextlib
import os
import signal
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from conf import messaging

messaging.prepare()
import oslo_messaging  # noqa: E402 - eventlet is kept out first

from guestagent.contract.wire import bus  # noqa: E402
from tests.waiting import until  # noqa: E402

Node = subprocess.Popen
Start = Callable[[str, str], Node]


@pytest.fixture
def url(rpc_folder: str) -> str:
    return f'unix://{rpc_folder}?wait=1'


@pytest.fixture
def start(url: str) -> Iterator[Start]:
    started: list[Node] = []

    def run(topic: str, name: str) -> Node:
        node = subprocess.Popen(
            [sys.executable, '-m', 'tests.guest.rpc_node', url, topic, name],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        started.append(node)
        return node

    yield run
    for node in started:
        node.kill()
        node.wait()
        assert node.stdout is not None
        node.stdout.close()


@pytest.fixture
def client(url: str) -> Iterator[Callable[..., Any]]:
    transports: list[Any] = []

    def make(topic: str, server: str | None = None, wait: int = 1, timeout: float = 10) -> Any:
        transports.append(bus.connect(messaging.bare_conf(), url.replace('wait=1', f'wait={wait}')))
        target = oslo_messaging.Target(topic=topic, server=server)
        return bus.client(transports[-1], target, timeout)

    yield make
    for transport in transports:
        transport.cleanup()


@pytest.fixture
def guest(start: Start, client: Callable[..., Any]) -> Any:
    """A client of one running node."""
    assert line(start('guest.a', 'a')).startswith('ready')
    return client('guest.a', 'a')


def line(node: Node) -> str:
    assert node.stdout is not None
    return node.stdout.readline().strip()


def files(url: str) -> list[str]:
    root = url.removeprefix('unix://').split('?')[0]
    return sorted(name for _folder, _folders, names in os.walk(root) for name in names)


def test_call_answer_error_and_timeout(guest: Any) -> None:
    assert guest.call({}, 'echo', value={'x': 1}) == {'by': 'a', 'value': {'x': 1}}
    with pytest.raises(ValueError, match='no'):
        guest.call({}, 'fail', text='no')
    began = time.monotonic()
    with pytest.raises(oslo_messaging.MessagingTimeout):
        guest.prepare(timeout=0.5).call({}, 'slow', seconds=3)
    assert time.monotonic() - began < 2.9  # else: 3


def test_only_exposed_methods_are_callable_and_eventlet_is_not_there(guest: Any) -> None:
    with pytest.raises(oslo_messaging.RemoteError, match='NoSuchMethod'):
        guest.call({}, 'hidden')
    assert guest.call({}, 'usage')['eventlet'] is False


def test_64_calls_in_flight_on_one_connection(guest: Any) -> None:
    with concurrent.futures.ThreadPoolExecutor(64) as pool:
        began = time.monotonic()
        assert list(pool.map(lambda _: guest.call({}, 'slow', seconds=0.5), range(64))) == ['a'] * 64
    assert time.monotonic() - began < 16  # in turn: 32


def test_large_messages_and_the_limit(guest: Any) -> None:
    big = 'x' * 2**20
    assert guest.call({}, 'echo', value=big)['value'] == big
    with pytest.raises(oslo_messaging.MessageDeliveryFailure):
        guest.call({}, 'echo', value='x' * 2**24)
    assert guest.call({}, 'echo', value=1)['value'] == 1


def test_a_topic_shared_by_two_processes_survives_the_death_of_one(start: Start, client: Any) -> None:
    one, two = start('reports', 'c1'), start('reports', 'c2')
    assert line(one) and line(two)
    reports = client('reports')
    by = [reports.call({}, 'echo', value=i)['by'] for i in range(10)]
    assert by.count('c1') == by.count('c2') == 5
    one.kill()
    one.wait()
    for number in range(10):
        reports.cast({}, 'report', number=number)  # the stale socket is passed over
    assert sorted(int(line(two).split()[1]) for _ in range(10)) == list(range(10))


def test_a_cast_to_nobody_fails_in_bounded_time_and_arrives_when_there_is_somebody_in_time(
    start: Start, client: Any
) -> None:
    nobody = client('reports')
    began = time.monotonic()
    with pytest.raises(oslo_messaging.MessageDeliveryFailure):
        nobody.cast({}, 'report', number=1)
    assert 0.7 < time.monotonic() - began < 5
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        pending = pool.submit(client('reports', wait=120).cast, {}, 'report', number=2)
        node = start('reports', 'c1')
        assert line(node).startswith('ready') and line(node) == 'report 2'
        pending.result()


def test_a_call_in_flight_fails_at_once_when_the_peer_is_killed(start: Start, client: Any) -> None:
    node = start('guest.a', 'a')
    assert line(node)
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        pending = pool.submit(client('guest.a', 'a', timeout=30).call, {}, 'slow', seconds=20)
        assert line(node) == 'slow'
        began = time.monotonic()
        node.kill()
        with pytest.raises(oslo_messaging.MessagingTimeout):
            pending.result()
    assert time.monotonic() - began < 10  # else: 20 or 30


def test_kill_9_leaves_a_stale_socket_that_the_next_server_takes(url: str, start: Start, client: Any) -> None:
    node, guest = start('guest.a', 'a'), client('guest.a', 'a')
    assert line(node) and guest.call({}, 'echo', value=1)
    node.kill()
    node.wait()
    assert files(url) == ['a.sock', 'a.sock.lock']
    with pytest.raises(oslo_messaging.MessagingTimeout):
        guest.call({}, 'echo', value=2)
    assert line(start('guest.a', 'a')).startswith('ready')
    assert guest.call({}, 'echo', value=3)  # the same client object reconnects


def test_a_second_server_of_the_same_name_is_refused(start: Start) -> None:
    assert line(start('guest.a', 'a')).startswith('ready')
    assert line(start('guest.a', 'a')).startswith('refused')


def test_a_clean_stop_answers_what_is_in_flight_and_leaves_nothing(url: str, start: Start, client: Any) -> None:
    node, guest = start('guest.a', 'a'), client('guest.a', 'a')
    assert line(node)
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        pending = pool.submit(guest.call, {}, 'slow', seconds=1)
        assert line(node) == 'slow'
        node.terminate()
        assert line(node) == 'stopping'
        with pytest.raises(oslo_messaging.MessageDeliveryFailure):
            guest.prepare(retry=0).call({}, 'echo', value=1)
        assert pending.result() == 'a'
    assert line(node) == 'stopped' and files(url) == []


def test_a_frozen_peer_does_not_block_the_others(url: str, start: Start) -> None:
    frozen, other = start('guest.a', 'a'), start('guest.b', 'b')
    assert line(frozen) and line(other)
    transport = bus.connect(messaging.bare_conf(), url)
    a, b = (bus.client(transport, oslo_messaging.Target(topic=f'guest.{name}', server=name), 5) for name in 'ab')
    assert a.call({}, 'echo', value=1)
    frozen.send_signal(signal.SIGSTOP)
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        stuck = [pool.submit(a.prepare(timeout=15).call, {}, 'echo', value='x' * 2**20) for _ in range(4)]
        assert b.call({}, 'echo', value=1)
        assert not any(call.done() for call in stuck)
        for call in stuck:
            with pytest.raises(oslo_messaging.MessagingTimeout):
                call.result()
    frozen.send_signal(signal.SIGCONT)
    assert a.prepare(timeout=10).call({}, 'echo', value=2)
    transport.cleanup()


def test_rubbish_and_oversized_frames_only_cost_their_sender(url: str, guest: Any) -> None:
    path = url.removeprefix('unix://').split('?')[0] + '/openstack.guest.a/a.sock'
    for rubbish in (b'\xff' * 64, struct.pack('!IB16s', 4, 0, b'i' * 16) + b'rubb'):
        with socket.socket(socket.AF_UNIX) as sock:
            sock.connect(path)
            sock.sendall(rubbish)
            with contextlib.suppress(ConnectionResetError):
                assert sock.recv(1) == b''
    assert guest.call({}, 'echo', value=1)


def test_modes_a_folder_open_to_others_and_long_paths(url: str, start: Start, guest: Any, client: Any) -> None:
    root = url.removeprefix('unix://').split('?')[0]
    assert os.stat(root).st_mode & 0o777 == 0o700
    assert os.stat(root + '/openstack.guest.a/a.sock').st_mode & 0o777 == 0o600
    os.chmod(root, 0o777)
    assert line(start('guest.b', 'b')).startswith('refused')
    os.chmod(root, 0o700)
    long = 'guest.' + 'e' * 120
    assert line(start(long, 'f' * 60)).startswith('ready')
    assert client(long, 'f' * 60).call({}, 'echo', value=1)


def test_an_idle_server_uses_no_cpu(guest: Any) -> None:
    with concurrent.futures.ThreadPoolExecutor(20) as pool:
        list(pool.map(lambda _: guest.call({}, 'slow', seconds=0.1), range(20)))
    before, began = guest.call({}, 'usage')['cpu'], time.monotonic()
    until(lambda: time.monotonic() - began > 2, 30, 'two idle seconds')
    assert guest.call({}, 'usage')['cpu'] - before < 0.05  # os.times counts in 0.01
