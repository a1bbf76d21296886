"""What only the ZooKeeper board does: sessions end, servers go and come, several processes claim."""

import shutil
import threading
import time
from typing import Any

import pytest

from conductor.board.zookeeper import ZooKeeperBoard
from dbaas import metrics
from dbaas.cli.cluster.zookeeper import ZooKeeper
from dbaas.db.operations import Job
from dbaas.exceptions import Unavailable
from tests.unit.conductor.conftest import BRIEF, Boards, expire
from tests.waiting import until

KNOWN = frozenset({('a', 1)})


def job(operation: str, seq: int = 1, *, type: str = 'a', priority: int = 5, project: str = 'p') -> Job:
    return Job(operation, seq, type, 1, priority, project)


def claim(board: ZooKeeperBoard, timeout: float = 10) -> Job:
    found = board.claim(KNOWN, timeout)
    assert found is not None, 'no job to claim'
    return found


def trips(request: str) -> float:
    return metrics.BOARD_ROUND_TRIPS.labels(request)._value.get()


# -- several processes -------------------------------------------------------------------------------------------------
def test_two_boards_race_for_500_jobs_and_each_is_claimed_once(pair: tuple[ZooKeeperBoard, ZooKeeperBoard]) -> None:
    claimed: list[tuple[int, str]] = []

    def work(number: int, board: ZooKeeperBoard) -> None:
        while (found := board.claim(KNOWN, 1)) is not None:
            claimed.append((number, found.operation_id))
            board.consume(found)

    pair[0].post([job(f'{n:03}', project=f'p{n % 9}') for n in range(500)])
    threads = [threading.Thread(target=work, args=(n, board)) for n, board in enumerate(pair)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(name for _, name in claimed) == [f'{n:03}' for n in range(500)]
    assert {number for number, _ in claimed} == {0, 1}, 'one of them got nothing'
    until(lambda: not pair[0].names(), 30, 'all are consumed')


def test_claims_of_other_processes_count_for_fairness(pair: tuple[ZooKeeperBoard, ZooKeeperBoard]) -> None:
    one, two = pair
    one.post([job('a-big', project='big'), job('b-big', project='big'), job('c-small', project='small')])
    assert claim(one, 0).operation_id == 'a-big'
    assert two.claim(KNOWN, 0) == job('c-small', project='small')


def test_a_post_of_another_process_wakes_a_waiting_claim(pair: tuple[ZooKeeperBoard, ZooKeeperBoard]) -> None:
    one, two = pair
    found: list[Job | None] = []
    thread = threading.Thread(target=lambda: found.append(two.claim(KNOWN, 20)))
    thread.start()
    one.post([job('x')])
    thread.join(15)
    assert found == [job('x')]


def test_the_lock_names_its_holder(pair: tuple[ZooKeeperBoard, ZooKeeperBoard], root: str) -> None:
    pair[0].post([job('x')])
    claim(pair[0])
    data, stat = pair[1]._connection.client.get(f'{root}/jobs/{job("x").name}.lock')
    assert data == b'one' and stat.ephemeralOwner


def test_a_strange_type_is_left_alone_and_nothing_is_asked_to_know_it(
    pair: tuple[ZooKeeperBoard, ZooKeeperBoard],
) -> None:
    strange = job('x', type='unheard.of')
    pair[0].post([strange])
    until(lambda: pair[1].names(), 30, 'the post')
    before = trips('get')
    for _ in range(3):
        assert pair[1].claim(KNOWN, 0) is None
    assert trips('get') == before and pair[1].names() == {strange.name}
    assert pair[1].claim({('unheard.of', 1)}, 0) == strange


def test_nodes_of_others_are_left_alone(pair: tuple[ZooKeeperBoard, ZooKeeperBoard], root: str) -> None:
    client = pair[0]._connection.client
    for name in ('stranger', '5.p.x-1'):
        client.create(f'{root}/jobs/{name}', b'\xff')
    assert pair[1].claim(KNOWN, 0) is None
    pair[1].discard(['stranger', '5.p.x-1'])
    assert {'stranger', '5.p.x-1'} <= pair[1].names()


# -- sessions ----------------------------------------------------------------------------------------------------------
def test_the_claims_of_an_expired_session_are_others_and_it_is_told(
    pair: tuple[ZooKeeperBoard, ZooKeeperBoard],
) -> None:
    one, two = pair
    lost: list[str] = []
    one.listen(lost.append, lambda: None)
    one.post([job('x')])
    old = claim(one)
    expire(one)
    assert lost == ['x']
    assert claim(two) == old
    one.consume(old)  # late: it is two's now
    one.abandon(old, 0)
    assert one.claim(KNOWN, 0) is None and one.names() == {old.name}
    two.consume(old)
    until(lambda: not one.names(), 30, 'the end of the job')


def test_a_version_that_is_over_ends_no_newer_claim(pair: tuple[ZooKeeperBoard, ZooKeeperBoard], root: str) -> None:
    """The end of a claim that was sent late, after the session had changed."""
    one, two = pair
    one.post([job('x')])
    old = claim(one)
    version = one._shelf.get(old.name).version  # type: ignore[union-attr]
    expire(one)
    claim(two)
    path = f'{root}/jobs/{old.name}'
    one._endings.consume(path, version)  # type: ignore[arg-type]
    one._endings.abandon(path, version)  # type: ignore[arg-type]
    one._connection.client.sync('/')
    assert one._connection.client.exists(path) and one._connection.client.exists(f'{path}.lock')


def test_a_lost_claim_is_offered_to_its_old_holder_too(pair: tuple[ZooKeeperBoard, ZooKeeperBoard]) -> None:
    pair[0].post([job('x')])
    claim(pair[0])
    expire(pair[0])
    assert claim(pair[0]) == job('x')


def test_a_removed_lock_is_a_lost_claim(pair: tuple[ZooKeeperBoard, ZooKeeperBoard], root: str) -> None:
    lost: list[str] = []
    pair[0].listen(lost.append, lambda: None)
    pair[0].post([job('x')])
    claim(pair[0])
    pair[1]._connection.client.delete(f'{root}/jobs/{job("x").name}.lock')
    pair[0].claim((), 0)
    assert lost == ['x']


def test_a_claim_whose_answer_was_lost_is_offered_again(
    pair: tuple[ZooKeeperBoard, ZooKeeperBoard], monkeypatch: pytest.MonkeyPatch
) -> None:
    from kazoo.exceptions import ConnectionLoss

    board, answer, torn = pair[0], pair[0]._connection.answer, []

    def tears_once(result: Any) -> Any:
        found = answer(result)
        if isinstance(found, list) and not torn and len(found) == 2:
            torn.append(found)
            raise ConnectionLoss
        return found

    monkeypatch.setattr(board._connection, 'answer', tears_once)
    board.post([job('x')])
    assert claim(board) == job('x') and torn
    assert pair[1].claim(KNOWN, 0) is None


def test_a_lock_without_a_job_goes(pair: tuple[ZooKeeperBoard, ZooKeeperBoard], root: str) -> None:
    pair[0].post([job('x')])
    one = claim(pair[0])
    client = pair[1]._connection.client
    client.delete(f'{root}/jobs/{one.name}')
    pair[0].consume(one)
    pair[0].claim((), 0)
    assert client.get_children(f'{root}/jobs') == []


def test_who_leaves_gives_its_claims_back_and_still_posts(pair: tuple[ZooKeeperBoard, ZooKeeperBoard]) -> None:
    one, two = pair
    one.post([job('x')])
    claim(one)
    one.leave()
    assert claim(two) == job('x')
    one.post([job('y')])
    assert claim(two) == job('y')


def test_who_closes_gives_its_claims_back_at_once(pair: tuple[ZooKeeperBoard, ZooKeeperBoard]) -> None:
    one, two = pair
    one.post([job('x')])
    claim(one)
    one.close()
    assert claim(two) == job('x')
    one.post([job('y')])  # nowhere; nothing is raised


# -- servers that go and come ------------------------------------------------------------------------------------------
def test_it_starts_and_takes_posts_without_a_server(boards: Boards, own_zookeeper: ZooKeeper) -> None:
    own_zookeeper.stop()
    board = boards(own_zookeeper.hosts, connect=False)
    began = time.monotonic()
    board.post([job('x')])
    assert board.claim(KNOWN, 0) is None and time.monotonic() - began < 5
    with pytest.raises(Unavailable, match='away'):
        board.names()
    own_zookeeper.start()
    assert claim(board, 60) == job('x')


def test_only_an_outage_is_complained_about(
    boards: Boards, own_zookeeper: ZooKeeper, caplog: pytest.LogCaptureFixture
) -> None:
    """Not the moment that a first connection takes; each one once."""
    board = boards(own_zookeeper.hosts, connect=False)
    assert board.claim(KNOWN, 0) is None
    until(lambda: board.connected, 20, 'the first connection')
    assert 'is away' not in caplog.text
    own_zookeeper.stop()
    until(lambda: 'is away' in caplog.text, 20, 'the complaint')
    late = boards(own_zookeeper.hosts, connect=False, session_timeout=BRIEF)
    assert late.claim(KNOWN, 0) is None
    until(lambda: caplog.text.count('is away') == 2, 20, 'that of the other one')


def test_claims_posts_and_ends_survive_a_restart_of_the_server(boards: Boards, own_zookeeper: ZooKeeper) -> None:
    board = boards(own_zookeeper.hosts, session_timeout=30)
    lost: list[str] = []
    board.listen(lost.append, lambda: None)
    board.post([job('finished-meanwhile'), job('running')])
    first, second = claim(board), claim(board)
    own_zookeeper.stop()
    until(lambda: not board.connected, 20, 'the loss of the connection')
    board.consume(first)
    board.post([job('posted-meanwhile')])
    own_zookeeper.start()
    assert claim(board, 60) == job('posted-meanwhile')
    until(lambda: board.names() == {second.name, job('posted-meanwhile').name}, 30, 'the end of the first')
    assert lost == []


def test_a_new_empty_server_is_told_to_whoever_fills_it(boards: Boards, own_zookeeper: ZooKeeper) -> None:
    board = boards(own_zookeeper.hosts, session_timeout=BRIEF)
    called = threading.Event()
    board.listen(lambda operation: None, called.set)
    board.campaign()
    until(board.elected, 20, 'the election')
    board.post([job('x')])
    claim(board)
    called.clear()
    own_zookeeper.stop()
    shutil.rmtree(f'{own_zookeeper.folder}/data')
    own_zookeeper.start()
    assert called.wait(30)
    until(lambda: board.elected(), 20, 'the next election')
    board.post([job('x')])  # what the reconciler does
    assert claim(board, 30) == job('x')


def test_a_root_that_was_removed_is_made_again(zookeeper: ZooKeeper, boards: Boards, root: str) -> None:
    board = boards(zookeeper.hosts, root=root)
    board.post([job('x')])
    claim(board)
    board._connection.client.delete(root, recursive=True)
    called = threading.Event()
    board.listen(lambda operation: None, called.set)
    assert board.claim(KNOWN, 0) is None and called.is_set()
    board.post([job('x')])
    assert claim(board) == job('x')


def test_more_than_it_keeps_is_left_to_the_reconciler(
    boards: Boards, own_zookeeper: ZooKeeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr('conductor.board.posting.LIMIT', 3)
    own_zookeeper.stop()
    board = boards(own_zookeeper.hosts, connect=False)
    board.post([job(str(n)) for n in range(5)])
    own_zookeeper.start()
    until(lambda: board.connected, 20, 'the connection')
    until(lambda: len(board.names()) == 3, 30, 'what was kept')
    rest = [job(str(n)) for n in range(3, 5)]
    until(lambda: board.post(rest) or len(board.names()) == 5, 30, 'the rest, as the reconciler posts it')
