"""Lock modes: who may stand beside whom, whose turn comes next, and what a delete does to the others."""

import pytest

from dbaas import exceptions
from dbaas.db import locks
from dbaas.db import operations as rows
from dbaas.db.session import Database
from dbaas.services.operations import Operations
from tests.fixtures import CTX, new_id


class Resource:
    """One resource and the operations accepted on it."""

    def __init__(self, db: Database, operations: Operations):
        self.db, self.operations, self.id = db, operations, new_id()

    def accept(self, type: str) -> str:
        return self.db.run(lambda c: self.operations.accept(c, CTX, type, inputs={}, resource_id=self.id))

    def delete(self) -> tuple[str, bool]:
        return self.db.run(
            lambda c: self.operations.delete(c, CTX, resource_id=self.id, project_id=CTX.project_id, inputs={})
        )

    def state(self, operation_id: str) -> str:
        with self.db.read() as c:
            return rows.get(c, operation_id).state

    def set(self, operation_id: str, state: str) -> None:
        self.db.run(lambda c: rows.set_state(c, rows.get(c, operation_id), state, self.db.clock()))

    def holders(self) -> list[str]:
        with self.db.read() as c:
            return [row.operation_id for row in locks.holders(c, self.id)]


@pytest.fixture
def resource(db: Database, operations: Operations) -> Resource:
    return Resource(db, operations)


@pytest.mark.parametrize('second', ['instance.create', 'test.user', 'test.backup'])
def test_nothing_stands_beside_an_exclusive_one(resource: Resource, second: str) -> None:
    first = resource.accept('instance.create')
    with pytest.raises(exceptions.Unprocessable, match=f'instance.create.*QUEUED.*{first}'):
        resource.accept(second)
    assert resource.holders() == [first]


@pytest.mark.parametrize('first', ['test.user', 'test.backup'])
def test_an_exclusive_one_is_refused_beside_others(resource: Resource, first: str) -> None:
    holder = resource.accept(first)
    with pytest.raises(exceptions.Unprocessable, match=holder):
        resource.accept('instance.create')


def test_in_line_ones_run_one_after_another_in_the_order_accepted(resource: Resource) -> None:
    one, two, three = (resource.accept('test.user') for _ in range(3))
    assert [resource.state(x) for x in (one, two, three)] == ['QUEUED', 'ACCEPTED', 'ACCEPTED']
    resource.set(one, 'SUCCEEDED')
    assert [resource.state(x) for x in (two, three)] == ['QUEUED', 'ACCEPTED']
    resource.set(two, 'ABORTED')
    assert resource.state(three) == 'QUEUED'


def test_one_that_leaves_the_line_does_not_let_the_next_overtake(resource: Resource) -> None:
    one, two, three = (resource.accept('test.user') for _ in range(3))
    resource.set(two, 'CANCELLED')
    assert (resource.state(one), resource.state(three)) == ('QUEUED', 'ACCEPTED')


def test_shared_ones_stand_beside_in_line_ones(resource: Resource) -> None:
    accepted = [resource.accept(type) for type in ('test.user', 'test.backup', 'test.backup', 'test.user')]
    assert [resource.state(x) for x in accepted] == ['QUEUED', 'QUEUED', 'QUEUED', 'ACCEPTED']


def test_a_delete_ends_what_rests_and_runs_at_once(resource: Resource) -> None:
    one, two, backup = (resource.accept(type) for type in ('test.user', 'test.user', 'test.backup'))
    delete, started = resource.delete()
    assert started and [resource.state(x) for x in (one, two, backup)] == ['SUPERSEDED'] * 3
    assert resource.state(delete) == 'QUEUED' and resource.holders() == [delete]


def test_a_delete_waits_for_what_runs_and_lets_nothing_in(resource: Resource) -> None:
    running = resource.accept('test.backup')
    resource.set(running, 'RUNNING')
    delete, _ = resource.delete()
    assert resource.state(delete) == 'ACCEPTED'
    with pytest.raises(exceptions.Unprocessable, match=f'being deleted by operation {delete}'):
        resource.accept('test.user')
    resource.set(running, 'SUPERSEDED')
    assert resource.state(delete) == 'QUEUED'


def test_a_second_delete_starts_nothing(resource: Resource) -> None:
    first, _ = resource.delete()
    assert resource.delete() == (first, False)


def test_other_resources_are_not_touched(resource: Resource, db: Database, operations: Operations) -> None:
    resource.accept('instance.create')
    Resource(db, operations).accept('instance.create')
