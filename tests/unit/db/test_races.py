"""Two writers at once on everything that SQLite's one writer used to make serial, in both orders."""

import pytest
import sqlalchemy as sa

from dbaas import exceptions
from dbaas.db import heartbeats, instances, locks, quotas, waits
from dbaas.db import operations as rows
from dbaas.db.logbook import claim as claims
from dbaas.db.logbook.fence import fence
from dbaas.db.session import Database
from dbaas.db.tables import EVENTS, HEARTBEATS, INSTANCES, OPERATIONS, QUOTAS, REPORTS, REQUESTS
from dbaas.services.operations import Operations
from guestagent.contract.commands import Outcome
from tests.fixtures import CTX, new_id
from tests.unit.db.rivals import race

BOTH_ORDERS = pytest.mark.parametrize('turned', [False, True], ids=['first', 'second'])


class Line:
    """An instance and the operations on it."""

    def __init__(self, db: Database, operations: Operations):
        self.db, self.operations, self.id = db, operations, new_id()
        db.run(
            lambda c: instances.insert(
                c, id=self.id, project_id=CTX.project_id, name='i', status='ACTIVE', datastore_version_id='v',
                flavor={}, volume_size=1, access={}, addresses=[], created=1.0, updated=1.0,
            )
        )  # fmt: skip

    def acceptance(self, type: str = 'test.user'):
        return lambda c: self.operations.accept(c, CTX, type, inputs={}, resource_id=self.id)

    def accept(self, type: str = 'test.user', state: str | None = None) -> str:
        found = self.db.run(self.acceptance(type))
        if state is not None:
            self.db.run(self.change(found, state))
        return found

    def deletion(self):
        return lambda c: self.operations.delete(
            c, CTX, resource_id=self.id, project_id=CTX.project_id, inputs={'instance_id': self.id}
        )

    def change(self, operation_id: str, state: str, **values):
        def work(c):
            op = rows.lock_row(c, operation_id)
            if op.state not in ('CANCELLED', 'SUPERSEDED'):
                rows.set_state(c, op, state, 2.0, **values)

        return work

    def row(self, operation_id: str):
        with self.db.read() as c:
            return rows.get(c, operation_id)

    def state(self, operation_id: str) -> str:
        return self.row(operation_id).state

    def holders(self) -> list[str]:
        with self.db.read() as c:
            return [row.operation_id for row in locks.holders(c, self.id)]

    def count(self, table: sa.Table) -> int:
        with self.db.read() as c:
            return c.execute(sa.select(sa.func.count()).select_from(table)).scalar()

    def seqs(self, operation_id: str) -> list[int]:
        with self.db.read() as c:
            e = EVENTS.c
            return list(c.execute(sa.select(e.seq).where(e.operation_id == operation_id).order_by(e.seq)).scalars())


@pytest.fixture
def line(db: Database, operations: Operations) -> Line:
    return Line(db, operations)


def in_order(turned: bool, one, two):
    return (two, one) if turned else (one, two)


# -- the line of an instance ---------------------------------------------------------------------------------------
@BOTH_ORDERS
def test_one_ends_while_the_next_is_accepted(line: Line, turned: bool) -> None:
    """The next one has seen the first in line, the first has not seen the next: nobody would ever start it."""
    first = line.accept(state='RUNNING')
    found = race(line.db, *in_order(turned, line.change(first, 'SUCCEEDED'), line.acceptance()))
    second = found[0 if turned else 1]
    assert (line.state(first), line.state(second)) == ('SUCCEEDED', 'QUEUED'), found


@BOTH_ORDERS
def test_one_ends_while_the_next_is_cancelled(line: Line, turned: bool) -> None:
    """Whoever passes the turn on must not bring back what somebody else has ended."""
    first, second, third = line.accept(state='RUNNING'), line.accept(), line.accept()
    found = race(line.db, *in_order(turned, line.change(first, 'SUCCEEDED'), line.change(second, 'CANCELLED')))
    assert found == [None, None]
    assert [line.state(x) for x in (first, second, third)] == ['SUCCEEDED', 'CANCELLED', 'QUEUED']
    assert line.holders() == [third]


@BOTH_ORDERS
def test_one_ends_while_the_next_is_paused_and_resumed(line: Line, turned: bool) -> None:
    first, second = line.accept(state='RUNNING'), line.accept()
    line.db.run(line.change(second, 'PAUSED'))

    def resume(c):
        op = rows.lock_row(c, second)
        turn = locks.in_turn(c, line.id, second)
        rows.set_state(c, op, 'QUEUED' if turn else 'ACCEPTED', 2.0, runnable=turn)

    assert race(line.db, *in_order(turned, line.change(first, 'SUCCEEDED'), resume)) == [None, None]
    assert line.state(second) == 'QUEUED'


def test_two_exclusive_ones_at_once(line: Line) -> None:
    found = race(line.db, line.acceptance('instance.create'), line.acceptance('instance.create'))
    assert isinstance(found[1], exceptions.Unprocessable) and found[0] in str(found[1])
    assert line.holders() == [found[0]]


@BOTH_ORDERS
def test_a_delete_and_anything_else_at_once(line: Line, turned: bool) -> None:
    found = race(line.db, *in_order(turned, line.deletion(), line.acceptance()))
    delete, other = in_order(turned, *found)
    if turned:
        assert line.state(other) == 'SUPERSEDED'
    else:
        assert isinstance(other, exceptions.Unprocessable) and delete[0] in str(other)
    assert line.state(delete[0]) == 'QUEUED' and line.holders() == [delete[0]]


def test_two_deletes_at_once_are_one(line: Line) -> None:
    line.accept(state='RUNNING')
    one, two = race(line.db, line.deletion(), line.deletion())
    assert one[0] == two[0] and (one[1], two[1]) == (True, False)
    assert line.count(REQUESTS) == 1


@BOTH_ORDERS
def test_a_delete_while_the_running_one_ends(line: Line, turned: bool) -> None:
    running = line.accept(state='RUNNING')
    found = race(line.db, *in_order(turned, line.deletion(), line.change(running, 'SUCCEEDED')))
    delete = found[1 if turned else 0][0]
    assert not [x for x in found if isinstance(x, Exception)], found
    assert (line.state(running), line.state(delete)) == ('SUCCEEDED', 'QUEUED')


# -- claims and the fence ------------------------------------------------------------------------------------------
def claim(line: Line, operation_id: str, who: str):
    with line.db.read() as c:
        job = rows.jobs(c, operation_id)[0]
    return lambda c: claims.claim(c, job, who, 3.0, lambda op: ['step']).op


def test_of_two_claims_at_once_the_first_is_stale(line: Line) -> None:
    """The board gives a job to one; should it not, the fence tells them apart."""
    op = line.accept()
    one, two = race(line.db, claim(line, op, 'one'), claim(line, op, 'two'))
    assert (one.epoch, two.epoch) == (1, 2) and line.seqs(op) == [1, 2, 3]
    with pytest.raises(exceptions.ClaimLost):
        line.db.run(lambda c: fence(c, op, one.epoch, 4.0))


@BOTH_ORDERS
def test_a_stale_commit_and_the_claim_that_makes_it_stale(line: Line, turned: bool) -> None:
    """It waits for the claim's row, and then finds another epoch: nothing of it is written."""
    op = line.accept()
    take_over = claim(line, op, 'two')
    line.db.run(claim(line, op, 'one'))

    def outcome(c):
        fence(c, op, 1, 4.0)
        c.execute(sa.update(OPERATIONS).where(OPERATIONS.c.id == op).values(step='done'))

    found = race(line.db, *in_order(turned, take_over, outcome))
    assert line.row(op).epoch == 2
    if turned:
        assert found[0] is None and line.row(op).step == 'done'
    else:
        assert isinstance(found[1], exceptions.ClaimLost) and line.row(op).step is None


def test_the_fence_counts_rows_that_it_finds_not_rows_that_change(line: Line) -> None:
    """MariaDB counts changed ones unless asked (FOUND_ROWS): two beats at the same time would lose the claim."""
    op = line.accept()
    line.db.run(claim(line, op, 'one'))
    for _ in range(2):
        line.db.run(lambda c: fence(c, op, 1, 1795272412.123456))
    assert line.row(op).beat == 1795272412.123456


def test_the_same_verb_twice_at_once_is_one_request(line: Line) -> None:
    op = line.accept(state='RUNNING')

    def order(c):
        rows.request(c, rows.lock_row(c, op), 'pause', 'somebody', 3.0)

    assert race(line.db, order, order) == [None, None]
    assert line.count(REQUESTS) == 1


# -- parking and waking --------------------------------------------------------------------------------------------
def park(line: Line, op: str, wake_at: float = 9.0):
    """The parking commit of a run that saw `wake_seq` 0."""

    def work(c):
        fence(c, op, 1, 4.0, bump=1)
        row = rows.get(c, op)
        waits.put(c, op, 'wait', [f'{op}:submit:do:1'], wake_at, None, 4.0)
        runnable = row.wake_seq != 0
        rows.set_state(c, row, 'QUEUED' if runnable else 'WAITING', 4.0, runnable=runnable)

    return work


def report(line: Line, op: str):
    outcome = Outcome(f'{op}:submit:do:1', 'succeeded', {}, None)
    return lambda c: waits.report(c, line.id, outcome, op, 4.0)


@BOTH_ORDERS
def test_a_report_while_its_operation_parks(line: Line, turned: bool) -> None:
    op = line.accept()
    line.db.run(claim(line, op, 'one'))
    found = race(line.db, *in_order(turned, report(line, op), park(line, op)))
    assert not [x for x in found if isinstance(x, Exception)], found
    assert line.state(op) == 'QUEUED' and line.seqs(op) == list(range(1, len(line.seqs(op)) + 1))


@BOTH_ORDERS
def test_a_heartbeat_while_an_operation_parks_on_it(line: Line, turned: bool) -> None:
    op = line.accept()
    line.db.run(claim(line, op, 'one'))
    key = f'{op}:submit:do:1'
    found = race(line.db, *in_order(turned, lambda c: waits.wake_key(c, line.id, key, 4.0), park(line, op)))
    assert not [x for x in found if isinstance(x, Exception)], found
    assert line.state(op) == 'QUEUED'


def test_the_same_report_twice_at_once(line: Line) -> None:
    op = line.accept()
    line.db.run(claim(line, op, 'one'))
    line.db.run(park(line, op))
    one, two = race(line.db, report(line, op), report(line, op))
    assert len(one) == 1 and line.count(REPORTS) == 1 and line.row(op).wake_seq == 2
    assert {job.name for job in two} <= {job.name for job in one}


def test_two_timers_wake_each_operation_once(line: Line) -> None:
    ids = []
    for _ in range(3):
        ids.append(line.accept('demo.wait'))
        line.db.run(claim(line, ids[-1], 'one'))
        line.db.run(park(line, ids[-1], wake_at=1.0))
    before = [line.row(op).post_seq for op in ids]
    one, two = race(line.db, lambda c: waits.wake_due(c, 5.0), lambda c: waits.wake_due(c, 5.0))
    assert sorted(job.operation_id for job in [*one, *two]) == sorted(ids)
    assert [line.row(op).post_seq for op in ids] == [n + 1 for n in before]


# -- quotas --------------------------------------------------------------------------------------------------------
def test_the_first_two_requests_of_a_project_make_its_rows_once(db: Database) -> None:
    def make(c):
        quotas.ensure(c, 'new', {'instances': 5, 'ram': 10})

    assert race(db, make, make) == [None, None]
    with db.read() as c:
        assert {name: row.limit for name, row in quotas.of(c, 'new').items()} == {'instances': 5, 'ram': 10}


def test_two_that_want_the_last_one(db: Database) -> None:
    db.run(lambda c: quotas.ensure(c, 'project', {'instances': 1}))
    found = race(db, *[lambda c, i=i: quotas.take(c, 'project', i, {'instances': 1}) for i in ('a', 'b')])
    assert found[0] is None and isinstance(found[1], exceptions.OverLimit)


def test_given_back_twice_at_once_counts_once(db: Database) -> None:
    db.run(lambda c: quotas.ensure(c, 'project', {'instances': 2, 'ram': 9}))
    db.run(lambda c: quotas.take(c, 'project', 'i', {'instances': 1, 'ram': 9}))
    assert race(db, *[lambda c: quotas.give_back(c, 'i')] * 2) == [None, None]
    with db.read() as c:
        assert list(c.execute(sa.select(QUOTAS.c.used)).scalars()) == [0, 0]


# -- guests --------------------------------------------------------------------------------------------------------
def test_the_first_two_heartbeats_at_once(line: Line) -> None:
    def beat(c):
        return heartbeats.record(c, line.id, 5.0, 'healthy', {})

    assert race(line.db, beat, beat) == [True, False]
    assert line.count(HEARTBEATS) == 1


@BOTH_ORDERS
def test_a_first_heartbeat_while_its_instance_is_deleted(line: Line, turned: bool) -> None:
    """Nothing of a deleted instance stays: nobody would ever remove it."""

    def deleted(c):
        c.execute(sa.update(INSTANCES).where(INSTANCES.c.id == line.id).values(deleted=5.0))
        heartbeats.forget(c, line.id)

    def beat(c):
        return heartbeats.record(c, line.id, 5.0, 'healthy', {})

    race(line.db, *in_order(turned, deleted, beat))
    assert line.count(HEARTBEATS) == 0
