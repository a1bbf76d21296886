"""A claim or a commit whose fence does not hold waits for nobody, and stumbles over nothing that others write."""

import dataclasses
import threading

import pytest
import sqlalchemy as sa

from dbaas.db import events
from dbaas.db import operations as rows
from dbaas.db.logbook.claim import Claimed, NothingToRun, claim
from dbaas.db.logbook.fence import fence
from dbaas.db.logbook.session import Session
from dbaas.db.session import Database
from dbaas.exceptions import ClaimLost
from dbaas.services.operations import Operations
from tests.fixtures import CTX

pytestmark = pytest.mark.parametrize('kind', ['mariadb', 'postgresql'], scope='session')


@pytest.fixture
def job(db: Database, operations: Operations) -> rows.Job:
    operation = db.run(lambda c: operations.accept(c, CTX, 'demo.wait', inputs={}))
    (found,) = db.run(lambda c: rows.jobs(c, operation))
    return found


@pytest.fixture
def claimed(db: Database, job: rows.Job) -> Claimed:
    return db.run(lambda c: claim(c, job, 'one', 1.0, lambda op: ['a', 'b']))


def kinds(db: Database, job: rows.Job) -> list[str]:
    with db.read() as c:
        return [event.kind for event in events.of(c, job.operation_id)]


def test_the_first_claim_writes_the_atoms_and_says_what_there_is(db: Database, job: rows.Job, claimed: Claimed) -> None:
    assert (claimed.op.state, claimed.op.epoch, claimed.op.undo, claimed.op.inputs) == ('RUNNING', 1, False, {})
    assert [atom.name for atom in claimed.flow] == ['a', 'b'] and claimed.verbs == set()
    assert kinds(db, job) == ['accepted', 'claimed']


def test_an_old_job_claims_nothing_while_the_run_writes(db: Database, job: rows.Job, claimed: Claimed) -> None:
    """Some databases let it see at once that it is old, others when the run has committed."""
    old, said = dataclasses.replace(job, post_seq=job.post_seq + 1), list[str]()

    def late() -> None:
        try:
            db.run(lambda c: claim(c, old, 'two', 3.0, lambda op: []))
        except NothingToRun:
            said.append('nothing')

    thread = threading.Thread(target=late)
    with db.transaction() as c:
        fence(c, job.operation_id, claimed.op.epoch, 2.0)
        events.add(c, job.operation_id, 'done', 2.0, step='a')
        thread.start()
        thread.join(0.5)
    thread.join(20)
    assert said == ['nothing'] and kinds(db, job) == ['accepted', 'claimed', 'done']


def test_a_run_that_is_overtaken_says_so_whatever_others_write(
    db: Database, job: rows.Job, claimed: Claimed, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The number of its event is another's by the time it gets there."""
    session = Session(db, claimed)
    db.run(lambda c: fence(c, job.operation_id, claimed.op.epoch, 2.0, bump=1))
    monkeypatch.setattr(events, '_inserts', _Taken())
    with pytest.raises(ClaimLost):
        session.commit(('done', 'a'), step='a')
    assert session.closed and kinds(db, job) == ['accepted', 'claimed']


class _Taken(events.Family):
    """What the database says when the number has been taken meanwhile."""

    def __init__(self) -> None:
        super().__init__([], lambda columns: None)

    def member(self, values: object) -> rows.Prepared:
        taken = sa.select(events.EVENTS).limit(1).subquery()
        return rows.Prepared(sa.insert(events.EVENTS).from_select(list(taken.c.keys()), sa.select(taken)))
