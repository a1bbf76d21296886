"""Conductors on one ZooKeeper board that leave, lose their session, or come back to an empty board: real engine."""

import contextlib
import threading
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from taskflow.patterns import linear_flow

import conf
from conductor import service
from conductor.board.embedded import EmbeddedBoard
from conductor.board.zookeeper import ZooKeeperBoard
from dbaas.cli.cluster.zookeeper import ZooKeeper
from dbaas.context import RequestContext
from dbaas.db import operations
from dbaas.db.logbook.claim import claim
from dbaas.db.session import Database
from dbaas.services.keyring import Keyring
from dbaas.services.operations import Operations, OperationType
from dbaas.services.secrets import Secrets
from flows import registry
from flows.base import Step
from tests.unit.conductor.conftest import BRIEF, Boards
from tests.unit.conductor.test_zookeeper_board import expire
from tests.waiting import until

TYPE = OperationType('test.handover', 1, 'none', 'hold', 5)
CTX = RequestContext('project', 'user', 'User')


class Gate:
    """Stops first steps at its middle, until opened; remembers who ran what."""

    def __init__(self) -> None:
        self.ran: list[tuple[str, str]] = []
        self.reached, self.opened = threading.Event(), threading.Event()

    def pass_(self, step: str, operation_id: str) -> None:
        self.ran.append((step, operation_id))
        if step == 'first':
            self.reached.set()
            assert self.opened.wait(60), 'nobody opened the gate'


class Passing(Step):
    effect = 'nothing'

    def execute(self, run: Any, gate: Gate) -> None:
        gate.pass_(self.name, run.operation_id)

    def revert(self, **_: Any) -> None:
        """Nothing was made."""


class NoCloud:
    def tend(self) -> list[str]:
        return []

    def resources(self) -> list[Any]:
        return []


class House:
    """SQL and a registry with one flow of three steps; conductors come and go."""

    def __init__(self, db: Database):
        self.db, self.gate = db, Gate()
        self.operations = Operations({TYPE.name: TYPE}, db.clock)
        self._made: list[service.Conductor] = []

    def conductor(self, name: str, board: Any) -> service.Conductor:
        settings = conf.load()
        settings.set_override('name', name, group='conductor')
        settings.set_override('reconcile_interval', 600.0, group='conductor')  # only when it is called
        secrets = Secrets(self.db, Keyring('test', {'test': bytes(32)}))
        made = service.build(
            settings, db=self.db, board=board, cloud=NoCloud(), guest=None, secrets=secrets,
            dependencies={'gate': self.gate},
        )  # fmt: skip
        self._made.append(made)
        made.start()
        return made

    def accept(self) -> operations.Job:
        def work(c: Any) -> operations.Job:
            found = self.operations.accept(c, CTX, TYPE.name, inputs={})
            return operations.jobs(c, found)[0]

        return self.db.run(work)

    def row(self, operation_id: str) -> Any:
        with self.db.read() as c:
            return operations.get(c, operation_id)

    def finished(self, *operation_ids: str) -> None:
        for operation_id in operation_ids:
            until(lambda one=operation_id: self.row(one).state == 'SUCCEEDED', 30, 'the end of the operation')

    def close(self) -> None:
        self.gate.opened.set()
        for one in self._made:
            one.stop()
            one.board.close()


@pytest.fixture
def house(db: Database, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    def build(**_: Any) -> linear_flow.Flow:
        return linear_flow.Flow(TYPE.name).add(*[Passing(name=name) for name in ('first', 'second', 'third')])

    monkeypatch.setitem(registry.OPERATIONS, (TYPE.name, 1), build)
    with contextlib.closing(House(db)) as made:
        yield made


def test_a_conductor_that_stops_hands_over_between_two_steps(
    house: House, zookeeper: ZooKeeper, boards: Boards, root: str
) -> None:
    leaving = house.conductor('leaving', boards(zookeeper.hosts, 'leaving', root=root))
    job = house.accept()
    leaving.board.post([job])
    assert house.gate.reached.wait(30)
    stopping = threading.Thread(target=leaving.stop, args=(20,))
    stopping.start()
    house.conductor('staying', boards(zookeeper.hosts, 'staying', root=root))
    house.gate.opened.set()
    stopping.join(20)
    house.finished(job.operation_id)
    assert [step for step, _ in house.gate.ran] == ['first', 'second', 'third']
    assert house.row(job.operation_id).post_seq > job.post_seq
    until(lambda: not leaving.board.names(), 30, 'the last job is consumed')


def test_a_step_that_takes_too_long_is_left_to_others(
    house: House, zookeeper: ZooKeeper, boards: Boards, root: str
) -> None:
    leaving = house.conductor('leaving', boards(zookeeper.hosts, 'leaving', root=root))
    job = house.accept()
    leaving.board.post([job])
    assert house.gate.reached.wait(30)
    house.gate.reached.clear()
    leaving.stop(0.1)
    house.conductor('staying', boards(zookeeper.hosts, 'staying', root=root))
    assert house.gate.reached.wait(30), 'nobody took it over'
    house.gate.opened.set()
    house.finished(job.operation_id)
    ran = [step for step, _ in house.gate.ran]
    assert ran == ['first', 'first', 'second', 'third'], 'the late one went on'


def test_a_lost_session_stops_the_run_between_two_steps_and_it_is_claimed_anew(
    house: House, zookeeper: ZooKeeper, boards: Boards, root: str
) -> None:
    board = boards(zookeeper.hosts, root=root)
    house.conductor('one', board)
    job = house.accept()
    board.post([job])
    assert house.gate.reached.wait(30)
    epoch = house.row(job.operation_id).epoch
    expire(board)
    house.gate.opened.set()
    house.finished(job.operation_id)
    assert house.row(job.operation_id).epoch > epoch + 1  # a claim, and its end
    assert [step for step, _ in house.gate.ran][-2:] == ['second', 'third']
    assert [step for step, _ in house.gate.ran].count('second') == 1
    until(lambda: not board.names(), 30, 'the job is consumed')


def test_what_is_runnable_and_not_posted_is_posted_by_the_elected_conductor(
    house: House, zookeeper: ZooKeeper, boards: Boards, root: str
) -> None:
    house.gate.opened.set()
    lost = [house.accept() for _ in range(5)]
    house.conductor('one', boards(zookeeper.hosts, root=root))
    house.finished(*(job.operation_id for job in lost))


def test_jobs_that_nobody_can_run_any_more_go(house: House, zookeeper: ZooKeeper, boards: Boards, root: str) -> None:
    board = boards(zookeeper.hosts, root=root)
    board.claim((), 0)
    over = operations.Job(str(uuid.uuid4()), 1, 'an.older.version', 7, 5, operations.project_hash('p'))
    board.post([over])
    until(lambda: over.name in board.names(), 30, 'the post')
    house.conductor('one', board)
    until(lambda: not board.names(), 20, 'the removal')


def test_a_lost_board_is_filled_from_sql(house: House, own_zookeeper: ZooKeeper, boards: Boards) -> None:
    import shutil

    board: ZooKeeperBoard = boards(own_zookeeper.hosts, session_timeout=BRIEF)
    house.conductor('one', board)
    first = house.accept()
    board.post([first])
    assert house.gate.reached.wait(30)
    own_zookeeper.stop()
    shutil.rmtree(f'{own_zookeeper.folder}/data')
    waiting = [house.accept() for _ in range(3)]
    own_zookeeper.start()
    house.gate.opened.set()
    house.finished(first.operation_id, *(job.operation_id for job in waiting))


def test_an_embedded_board_survives_a_restart(house: House) -> None:
    """It is rebuilt from SQL: also what was claimed when the process ended."""
    first, unposted = house.accept(), house.accept()
    dead = EmbeddedBoard()
    dead.post([first])
    claimed = dead.claim({(TYPE.name, 1)}, 0)
    assert claimed is not None
    house.db.run(lambda c: claim(c, claimed, 'dead', house.db.clock(), lambda op: []))
    house.gate.opened.set()
    house.conductor('next', EmbeddedBoard())
    house.finished(first.operation_id, unposted.operation_id)
