"""A commit that hangs keeps the row of its operation; the timers go on with all others."""

from collections.abc import Iterator

import pytest

import conf
from conductor.board.embedded import EmbeddedBoard
from conductor.claims import Claim, Claims
from conductor.timers import Timers
from dbaas.db import events
from dbaas.db import operations as rows
from dbaas.db.logbook.claim import claim
from dbaas.db.session import Database
from dbaas.services.operations import Operations
from flows import registry
from tests.fixtures import CTX

pytestmark = pytest.mark.parametrize('kind', ['mariadb', 'postgresql'], scope='session')

STEP = 'wait-for-alarm'
LATER = 1_000_000.0  # seconds since the epoch


@pytest.fixture
def claims(db: Database, operations: Operations) -> Iterator[Claims]:
    """Two operations, each in a step that has begun long ago."""
    found = Claims()
    for _ in range(2):
        operation = db.run(lambda c: operations.accept(c, CTX, 'demo.wait', inputs={}))
        (job,) = db.run(lambda c, id=operation: rows.jobs(c, id))
        db.run(lambda c, job=job: claim(c, job, 'one', 1.0, lambda op: list(registry.graph(op).steps)))
        found._claims[operation] = Claim(operation, 1, 'one', step=STEP, started=1.0)
    yield found


@pytest.fixture
def timers(db: Database, claims: Claims) -> Iterator[Timers]:
    others = Database(db.url, lambda: LATER)
    yield Timers(others, EmbeddedBoard(), claims, conf.load())
    others.close()


def shown(db: Database, operation: str) -> bool:
    with db.read() as c:
        return 'running' in [event.kind for event in events.of(c, operation)]


def beat(db: Database, operation: str) -> float:
    with db.read() as c:
        row = rows.get(c, operation)
    assert row is not None
    return row.beat


def test_long_steps_are_shown_and_runs_live_on(db: Database, claims: Claims, timers: Timers) -> None:
    held, free = sorted(claim.operation_id for claim in claims.all())
    with db.transaction() as c:
        rows.lock_row(c, held)
        timers.tick()
        assert (shown(db, free), beat(db, free)) == (True, LATER)
    assert (shown(db, held), beat(db, held)) == (False, 1.0)
    timers.tick()
    assert shown(db, held)


def test_overdue_steps_are_given_up(db: Database, claims: Claims, timers: Timers) -> None:
    held = min(claim.operation_id for claim in claims.all())
    for mine in claims._claims.values():
        mine.limit = 10
    with db.transaction() as c:
        rows.lock_row(c, held)
        timers.tick()
        assert [claim.operation_id for claim in claims.all()] == [held]
    timers.tick()
    assert claims.all() == []
