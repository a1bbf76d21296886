"""Boards on what people run: ensembles that lose a member, servers that ask who one is, connections nobody reads."""

import os
import pathlib
import signal
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest
from kazoo import exceptions
from kazoo.client import KazooClient

from conductor.board.zookeeper import ZooKeeperBoard
from dbaas.cli.cluster.zookeeper import ZooKeeper
from dbaas.exceptions import Unavailable
from tests.servers.authority import Authority
from tests.servers.ports import lasting_port
from tests.unit.conductor.conftest import Boards, options
from tests.unit.conductor.test_zookeeper_board import claim, job
from tests.waiting import until


# -- an ensemble -------------------------------------------------------------------------------------------------------
@pytest.fixture
def ensemble(tmp_path: pathlib.Path) -> Iterator[list[ZooKeeper]]:
    members = [f'server.{n}=127.0.0.1:{lasting_port()}:{lasting_port()}' for n in (1, 2, 3)]
    servers = [
        ZooKeeper(str(tmp_path), lasting_port(), name=f'zk-{n}', ensemble=members, number=n, durable=False)
        for n in (1, 2, 3)
    ]
    try:
        for server in servers:
            server.launch()
        for server in servers:
            server.await_ready()
        yield servers
    finally:
        for server in servers:
            server.stop()


def test_an_ensemble_goes_on_without_one_of_its_members(ensemble: list[ZooKeeper], boards: Boards) -> None:
    hosts = ','.join(server.hosts for server in ensemble)
    board, other = (boards(f'{hosts}/a/place/of-its-own', name, session_timeout=10) for name in ('one', 'two'))
    lost: list[str] = []
    board.listen(lost.append, lambda: None)
    board.post([job('before'), job('later')])
    held = claim(board, 20)
    dead = next(server for server in ensemble if 'Mode: leader' in server.ask('srvr'))
    os.kill(dead.pid or 0, signal.SIGKILL)
    board.post([job('while it elects')])
    found = {claim(other, 30).operation_id, claim(other, 30).operation_id}
    assert found == {'later', 'while it elects'} and lost == []
    board.consume(held)
    until(lambda: len(other.names()) == 2, 20, 'the end of the first job')


# -- who may -----------------------------------------------------------------------------------------------------------
def test_nodes_of_a_digest_user_are_nobody_elses(zookeeper: ZooKeeper, boards: Boards, root: str) -> None:
    board = boards(zookeeper.hosts, root=root, username='dbaas', password='secret')
    board.campaign()
    board.post([job('x'), job('y')])
    claimed = claim(board)  # whichever is there first
    other = job('y') if claimed == job('x') else job('x')
    until(board.elected, 20, 'the election')
    stranger = KazooClient(zookeeper.hosts)
    stranger.start()
    path = f'{root}/jobs/{claimed.name}'
    for forbidden in (
        lambda: stranger.get(path),
        lambda: stranger.get(f'{path}.lock'),
        lambda: stranger.set(path, b''),
        lambda: stranger.delete(path),
        lambda: stranger.delete(f'{path}.lock'),
        lambda: stranger.get_children(f'{root}/jobs'),
        lambda: stranger.create(f'{root}/jobs/{job("z").name}'),
        lambda: stranger.delete(f'{root}/elected'),
        lambda: stranger.get_children(root),
    ):
        with pytest.raises(exceptions.NoAuthError):
            forbidden()
    stranger.stop()
    stranger.close()
    wrong = boards(zookeeper.hosts, root=root, username='dbaas', password='guessed')
    assert wrong.claim({('a', 1)}, 0) is None
    wrong.post([job('z')])  # refused, and only logged
    right = boards(zookeeper.hosts, 'another', root=root, username='dbaas', password='secret')
    assert claim(right) == other and right.names() == board.names() == {job('x').name, job('y').name}


# -- TLS ---------------------------------------------------------------------------------------------------------------
def test_tls_proves_both_sides(tmp_path: pathlib.Path, boards: Boards) -> None:
    ours, others = Authority(tmp_path, 'ours'), Authority(tmp_path, 'others')
    server_file, client_file = ours.issue('server'), ours.issue('client')
    port = lasting_port()
    lines = [
        f'secureClientPort={port}', 'secureClientPortAddress=127.0.0.1',
        'serverCnxnFactory=org.apache.zookeeper.server.NettyServerCnxnFactory', 'ssl.clientAuth=need',
        f'ssl.keyStore.location={server_file.with_suffix(".both.pem")}', f'ssl.trustStore.location={ours.file}',
        'ssl.quorum.hostnameVerification=false', 'ssl.hostnameVerification=false',
    ]  # fmt: skip
    server = ZooKeeper(str(tmp_path), lasting_port(), extra=lines, durable=False)
    proof = {'cert_file': str(client_file), 'key_file': str(client_file.with_suffix('.key'))}
    try:
        server.start()
        board = boards(f'127.0.0.1:{port}', ca_file=str(ours.file), **proof)
        board.post([job(str(n)) for n in range(50)])
        assert len({claim(board).operation_id for _ in range(50)}) == 50
        nameless = boards(f'127.0.0.1:{port}', connect=False, ca_file=str(ours.file))
        deceived = boards(f'127.0.0.1:{port}', connect=False, ca_file=str(others.file), **proof)
        until(lambda: nameless._connection._told or nameless.claim((), 0.5), 30, 'the first tries')
        assert deceived.claim((), 1) is None and not deceived.connected and not nameless.connected
    finally:
        server.stop()


def test_a_certificate_that_is_not_there_is_said_at_once() -> None:
    with pytest.raises(Unavailable, match=r'/nowhere/ca\.pem cannot be read: No such file'):
        ZooKeeperBoard(options('127.0.0.1:1', ca_file='/nowhere/ca.pem'), 'one')


# -- another process dies ----------------------------------------------------------------------------------------------
PROGRAM = """
import sys
import conf
from conductor.board.zookeeper import ZooKeeperBoard
options = conf.load()
for name, value in {'hosts': sys.argv[1], 'root': sys.argv[2], 'session_timeout': 6.0}.items():
    options.set_override(name, value, group='board')
board = ZooKeeperBoard(options.board, 'doomed')
board.start()
board.campaign()
found = board.claim({('a', 1)}, 20)
while not board.elected():
    pass
print(found.operation_id, flush=True)
sys.stdin.read()
"""


@pytest.mark.parametrize('how', [signal.SIGKILL, signal.SIGSTOP])
def test_claims_and_duties_of_a_dead_or_frozen_process_move_within_its_session_timeout(
    zookeeper: ZooKeeper, boards: Boards, root: str, how: signal.Signals
) -> None:
    board = boards(zookeeper.hosts, root=root)
    board.post([job('x')])
    command = [sys.executable, '-c', PROGRAM, zookeeper.hosts, root]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None and process.stdout.readline() == 'x\n'
        board.campaign()
        assert board.claim({('a', 1)}, 0) is None and not board.elected()
        began = time.monotonic()
        process.send_signal(how)
        assert claim(board, 20) == job('x')
        until(board.elected, 20, 'the election')
        took = time.monotonic() - began
    finally:
        process.kill()
        process.communicate()
    assert took > 0.5, 'it was not the session time-out that moved them'
