"""The contract of a board; every kind of board passes it."""

import threading
import time

from conductor.board.base import Board
from dbaas.db.operations import Job
from tests.waiting import until

KNOWN = frozenset({('a', 1)})


def job(
    operation: str, seq: int = 1, *, type: str = 'a', version: int = 1, priority: int = 5, project: str = 'p'
) -> Job:
    return Job(operation, seq, type, version, priority, project)


def claimed(board: Board) -> list[str]:
    found = []
    while (one := board.claim(KNOWN, 0)) is not None:
        found.append(one.operation_id)
    return found


def test_posted_twice_is_claimed_once(board: Board) -> None:
    board.post([job('x')])
    board.post([job('x')])
    assert claimed(board) == ['x']
    board.post([job('x')])  # it is claimed, not gone
    assert claimed(board) == []


def test_a_new_post_seq_is_another_job(board: Board) -> None:
    board.post([job('x', 1)])
    assert claimed(board) == ['x']
    board.post([job('x', 2)])
    assert claimed(board) == ['x']


def test_consumed_is_gone(board: Board) -> None:
    board.post([job('x')])
    one = board.claim(KNOWN, 0)
    assert one is not None
    board.consume(one)
    assert board.names() == set()


def test_abandoned_is_offered_again_after_its_delay(board: Board) -> None:
    board.post([job('x')])
    one = board.claim(KNOWN, 0)
    assert one is not None
    began = time.monotonic()
    board.abandon(one, 1.5)
    found = board.claim(KNOWN, 0)
    assert found is None or time.monotonic() - began >= 1.5
    assert (found or board.claim(KNOWN, 20)) == one


def test_unknown_versions_are_left_alone(board: Board) -> None:
    board.post([job('x', version=2), job('y', type='b'), job('z')])
    assert claimed(board) == ['z']
    assert board.names() == {job('x', version=2).name, job('y', type='b').name, job('z').name}


def test_priority_comes_before_arrival(board: Board) -> None:
    board.post([job('late', priority=9), job('backup', priority=7), job('failover', priority=1)])
    assert claimed(board) == ['failover', 'backup', 'late']


def test_projects_take_turns(board: Board) -> None:
    board.post([job(f'big-{n}', project='big') for n in range(3)] + [job('zmall', project='small')])
    assert claimed(board) == ['big-0', 'zmall', 'big-1', 'big-2']


def test_a_waiting_claim_is_woken_by_a_post(board: Board) -> None:
    found: list[Job | None] = []
    thread = threading.Thread(target=lambda: found.append(board.claim(KNOWN, 20)))
    thread.start()
    began = time.monotonic()
    board.post([job('x')])
    thread.join(20)
    assert found == [job('x')] and time.monotonic() - began < 15


def test_whoever_comes_after_the_end_gets_nothing(board: Board) -> None:
    board.post([job('x')])
    board.turn_away()
    assert board.claim(KNOWN, 20) is None


def test_one_of_many_waiting_threads_gets_it(board: Board) -> None:
    found: list[Job | None] = []
    threads = [threading.Thread(target=lambda: found.append(board.claim(KNOWN, 3))) for _ in range(4)]
    for thread in threads:
        thread.start()
    board.post([job('x')])
    for thread in threads:
        thread.join(20)
    assert sorted(found, key=str) == [job('x'), None, None, None]


def test_an_abandoned_claim_is_free_at_once_without_a_delay(board: Board) -> None:
    board.post([job('x')])
    one = board.claim(KNOWN, 0)
    assert one is not None
    board.abandon(one, 0)
    assert board.claim(KNOWN, 0) == one


def test_only_free_jobs_are_discarded(board: Board) -> None:
    board.post([job('claimed')])
    one = board.claim(KNOWN, 0)
    assert one is not None
    board.post([job('free', type='unknown')])
    board.discard([job('claimed').name, job('free', type='unknown').name, job('never-posted').name, 'not a job'])
    assert board.names() == {one.name}


def test_ends_of_unclaimed_jobs_change_nothing(board: Board) -> None:
    board.consume(job('x'))
    board.abandon(job('x'), 0)
    assert board.names() == set() and board.claim(KNOWN, 0) is None


def test_the_duties_are_the_only_ones(board: Board) -> None:
    board.campaign()
    until(board.elected, 20, 'the election')


def test_close_turns_waiting_claims_away(board: Board) -> None:
    found: list[Job | None] = []
    thread = threading.Thread(target=lambda: found.append(board.claim(KNOWN, 20)))
    thread.start()
    board.close()
    thread.join(15)
    assert found == [None]
