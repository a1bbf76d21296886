"""Boards of every kind, on one real ZooKeeper server per test process."""

import contextlib
import itertools
import os
import pathlib
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from kazoo.client import KazooClient
from oslo_config import cfg

import conf
from conductor.board.base import Board
from conductor.board.embedded import EmbeddedBoard
from conductor.board.zookeeper import ZooKeeperBoard
from dbaas.cli.cluster.zookeeper import ZooKeeper
from tests.servers.ports import lasting_port
from tests.waiting import until

_roots = itertools.count()
Boards = Callable[..., ZooKeeperBoard]
BRIEF = 2.0  # seconds of a session, for tests of what a board does when they are over


@pytest.fixture(scope='session')
def zookeeper(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ZooKeeper]:
    server = ZooKeeper(str(tmp_path_factory.mktemp('zookeeper')), lasting_port(), durable=False)
    try:
        server.start()
        yield server
    finally:
        server.stop()


@pytest.fixture
def own_zookeeper(tmp_path: pathlib.Path) -> Iterator[ZooKeeper]:
    """One that the test may stop."""
    server = ZooKeeper(str(tmp_path), lasting_port(), durable=False)
    try:
        server.start()
        yield server
    finally:
        server.stop()


def options(hosts: str, **given: Any) -> cfg.ConfigOpts:
    """The group [board]; unless told otherwise with sessions that no pause of a busy machine ends."""
    found = conf.load()
    for name, value in {'hosts': hosts, 'session_timeout': 20.0, **given}.items():
        found.set_override(name, value, group='board')
    return found.board


@pytest.fixture
def boards() -> Iterator[Boards]:
    """boards(hosts, name=…, **options) -> a started board; all are closed afterwards."""
    made: list[ZooKeeperBoard] = []

    def make(hosts: str, name: str = 'conductor', connect: bool = True, **given: Any) -> ZooKeeperBoard:
        board = ZooKeeperBoard(options(hosts, **given), name)
        made.append(board)
        board.start()
        if connect:
            until(lambda: board.connected, 20, 'the connection with ZooKeeper')
        return board

    yield make
    for board in made:
        board.close()


@pytest.fixture
def root() -> str:
    """A root node of the test's own."""
    return f'/test-{os.getpid()}-{next(_roots)}'


@pytest.fixture(params=['embedded', 'zookeeper'])
def board(request: pytest.FixtureRequest) -> Board:
    if request.param == 'embedded':
        return EmbeddedBoard()
    server, make = request.getfixturevalue('zookeeper'), request.getfixturevalue('boards')
    made = make(server.hosts, root=request.getfixturevalue('root'))
    made.claim((), 0)  # the first look makes the root: posts need not wait for that any more
    return made


@pytest.fixture
def pair(zookeeper: ZooKeeper, boards: Boards, root: str) -> tuple[ZooKeeperBoard, ZooKeeperBoard]:
    one, two = (boards(zookeeper.hosts, name, root=root) for name in ('one', 'two'))
    one.claim((), 0)
    return one, two


def expire(board: ZooKeeperBoard) -> None:
    """Somebody else opens its session and closes it: what ZooKeeper does after the time-out."""
    client = board._connection.client
    before = client.client_id

    def over() -> bool:
        if board.connected and client.client_id not in (None, before):
            return True
        other = KazooClient(board._connection.hosts, client_id=before, timeout=2.0)
        with contextlib.suppress(other.handler.timeout_exception):
            other.start(2)  # the board takes its session back at once: either may be first
        other.stop()
        other.close()
        return False

    until(over, 30, 'a new session')
