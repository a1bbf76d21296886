"""What ZooKeeper tells of a folder, and that listings and changes together amount to the truth."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from kazoo.exceptions import NodeExistsError, RolledBackError

from conductor.board.changes import Changes
from conductor.board.nodes import LOCK, change, compare, job_of
from conductor.board.shelf import Shelf
from conductor.board.zookeeper import ZooKeeperBoard
from dbaas.cli.cluster.zookeeper import ZooKeeper
from dbaas.db.operations import Job
from tests.unit.conductor.conftest import Boards
from tests.unit.conductor.test_zookeeper_board import KNOWN, claim, job, trips
from tests.waiting import until

JOBS = [Job(operation, 1, 'instance.create', 1, 5, 'p') for operation in 'xyz']
Told = list[tuple[str, bool]]


# -- the watch ---------------------------------------------------------------------------------------------------------
@pytest.fixture
def client(pair: tuple[ZooKeeperBoard, ZooKeeperBoard]) -> Any:
    return pair[1]._connection.client


def test_all_that_comes_and_goes_is_told_in_order(
    pair: tuple[ZooKeeperBoard, ZooKeeperBoard], client: Any, root: str
) -> None:
    told: Told = []
    client.ensure_path(f'{root}/folder')
    changes = Changes(pair[0]._connection, f'{root}/folder', lambda *what: told.append(what))
    pair[0]._connection.answer(changes.watch())
    client.create(f'{root}/folder/a', b'')
    client.set(f'{root}/folder/a', b'is not told')
    client.create(f'{root}/folder/a.lock', b'', ephemeral=True)
    client.create(f'{root}/elsewhere', b'')
    client.delete(f'{root}/folder/a.lock')
    client.delete(f'{root}/folder/a')
    until(lambda: len(told) == 4, 30, 'the changes')
    assert told == [('a', True), ('a.lock', True), ('a.lock', False), ('a', False)]


def test_other_watches_go_off_as_ever(pair: tuple[ZooKeeperBoard, ZooKeeperBoard], client: Any, root: str) -> None:
    seen: list[Any] = []
    client.ensure_path(f'{root}/watched')
    pair[0]._connection.client.get(f'{root}/watched', watch=seen.append)
    client.set(f'{root}/watched', b'new')
    until(lambda: seen, 30, 'the watch')


# -- listings and changes ----------------------------------------------------------------------------------------------
def history(choices: list[int]) -> Told:
    """Jobs come, are claimed, given up, and go, each in the only order there is."""
    told, there = [], set[str]()
    for choice in choices:
        name = JOBS[choice % len(JOBS)].name
        if name not in there:
            what = name
        elif f'{name}{LOCK}' in there or choice < len(JOBS):
            what = f'{name}{LOCK}'
        else:
            what = name
        told.append((what, what not in there))
        there ^= {what}
    return told


def after(told: Told) -> set[str]:
    """The names that are there then."""
    found = set[str]()
    for name, created in told:
        (found.add if created else found.discard)(name)
    return found


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.integers(0, 2 * len(JOBS) - 1), max_size=40), st.data())
def test_a_listing_of_any_moment_and_the_changes_since_are_the_truth(choices: list[int], data: st.DataObject) -> None:
    told = history(choices)
    began = data.draw(st.integers(0, len(told)))
    listed = data.draw(st.integers(began, len(told)))
    shelf = Shelf()
    for name, created in told:
        assert change(shelf, name, created)
    compare(shelf, sorted(after(told[:listed])))
    for name, created in told[began:]:
        change(shelf, name, created)
    there = after(told)
    assert shelf.names() == {name for name in there if job_of(name)}
    assert {entry.job.name for entry in shelf if entry.claimed} == {n.removesuffix(LOCK) for n in there if LOCK in n}


@pytest.mark.parametrize('suffix', ['', LOCK])
def test_of_a_claim_of_ours_only_a_listing_is_believed(suffix: str) -> None:
    """What is told may be about an earlier claim, by somebody else."""
    shelf, (mine, *_) = Shelf(), JOBS
    shelf.put(mine)
    entry = shelf.get(mine.name)
    assert entry is not None
    entry.claimed, entry.version = True, 3
    assert not change(shelf, f'{mine.name}{suffix}', False)
    assert entry.claimed and entry.version == 3
    assert compare(shelf, [mine.name]) == [mine.operation_id]


# -- the board that is told -------------------------------------------------------------------------------------------
def test_jobs_are_told_not_listed(pair: tuple[ZooKeeperBoard, ZooKeeperBoard]) -> None:
    """Nothing is listed for a job once the board is known."""
    poster, board = pair
    assert board.claim(KNOWN, 0) is None
    before = trips('get_children'), trips('claim')
    for n in range(20):
        poster.post([job(f'{n}')])
        board.consume(claim(board))
    assert trips('claim') == before[1] + 20 and trips('get_children') == before[0]


def test_what_was_not_told_is_found_by_the_clock(zookeeper: ZooKeeper, boards: Boards, root: str) -> None:
    deaf = boards(zookeeper.hosts, root=root, resync_interval=0.5)
    assert deaf.claim(KNOWN, 0) is None
    deaf._changes._tell = lambda name, created: None
    boards(zookeeper.hosts, root=root).post([job('x')])
    assert claim(deaf).operation_id == 'x'


def test_an_old_answer_to_a_claim_does_not_hide_that_the_job_is_free(
    pair: tuple[ZooKeeperBoard, ZooKeeperBoard],
) -> None:
    board, one = pair[0], job('x')
    board._shelf.put(one)
    entry = board._shelf.get(one.name)
    assert entry is not None
    assert not board._taken(entry, RolledBackError(), NodeExistsError(), [(f'{one.name}.lock', False)])
    assert not entry.claimed
    assert not board._taken(entry, RolledBackError(), NodeExistsError(), [])
    assert entry.claimed
