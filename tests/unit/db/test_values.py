"""The same value means the same on every database: by case, to the last blank and digit, long, empty and absent."""

from typing import Any

import pytest
import sqlalchemy as sa

from dbaas import exceptions
from dbaas.db import instances, operations, quotas
from dbaas.db.session import Database
from dbaas.db.tables import BOOK, EVENTS, INSTANCES, OPERATIONS, SECRETS
from dbaas.services.operations import Operations
from tests.fixtures import CTX, new_id

TIME = 1795272412.1234567
ALIKE = ['abc', 'ABC', 'abc ', 'äbc', 'abc\u0301', '\uff41bc']


def instance(c: sa.Connection, **values: object) -> str:
    given: dict[str, Any] = {
        'id': new_id(), 'project_id': 'project', 'name': 'i', 'status': 'ACTIVE', 'datastore_version_id': 'v',
        'flavor': {}, 'volume_size': 1, 'access': {}, 'addresses': [], 'created': TIME, 'updated': TIME,
    }  # fmt: skip
    given |= values
    instances.insert(c, **given)
    return given['id']


def test_projects_whose_names_are_only_alike_are_not_mixed_up(db: Database) -> None:
    """MariaDB's own collations would make them one: by case, by accents, by blanks at the end."""
    for number, project in enumerate(ALIKE):
        db.run(lambda c, p=project, n=number: quotas.ensure(c, p, {'instances': n}))
    with db.read() as c:
        assert [quotas.of(c, project)['instances'].limit for project in ALIKE] == list(range(len(ALIKE)))


def test_ids_are_found_by_exactly_their_letters(db: Database) -> None:
    found = db.run(lambda c: instance(c, id='ab'))
    with db.read() as c:
        assert instances.get(c, found) and not instances.get(c, 'AB') and not instances.get(c, 'ab ')


def test_times_come_back_to_the_last_digit(db: Database) -> None:
    found = db.run(lambda c: instance(c, deleted=1e-9))
    with db.read() as c:
        row = instances.get(c, found)
        assert (row.created, row.deleted) == (TIME, 1e-9)
        assert list(c.execute(sa.select(INSTANCES.c.id).where(INSTANCES.c.created == TIME)).scalars()) == [found]


def test_json_of_all_kinds(db: Database) -> None:
    kinds = {'text': 'ä€😀\u2028', 'none': None, 'truth': True, 'number': 1.5, 'big': 2**62, 'list': [[], {}]}
    kinds['nul'] = '\0'
    found = db.run(lambda c: instance(c, flavor=kinds, fault=None, name='ä€😀'))
    with db.read() as c:
        row = instances.get(c, found)
    assert (row.flavor, row.fault, row.name) == (kinds, None, 'ä€😀')


def test_what_is_absent_is_null_in_json_too(db: Database) -> None:
    found = db.run(lambda c: instance(c, fault=None))
    with db.read() as c:
        assert c.execute(sa.text('SELECT id FROM instances WHERE fault IS NULL')).scalar() == found


def test_long_failures_and_reasons_fit(db: Database, operations: Operations) -> None:
    """A failure keeps its text twice, and each character of it may take six in JSON: TEXT of MariaDB is too small."""
    long = '\u0001' * 16384
    op = db.run(lambda c: operations.accept(c, CTX, 'demo.wait', inputs={}))
    atom = {'uuid': new_id(), 'parent_uuid': op, 'failure': {'text': long, 'args': [long]}, 'results': long, 'meta': {}}
    db.run(lambda c: c.execute(sa.insert(BOOK.atomdetails), atom))
    text = '😀' * 16386
    db.run(lambda c: c.execute(sa.update(OPERATIONS).values(reason=text)))
    db.run(lambda c: c.execute(sa.update(EVENTS).values(error=text)))
    with db.read() as c:
        assert c.execute(sa.select(BOOK.atomdetails.c.failure)).scalar() == atom['failure']
        assert c.execute(sa.select(OPERATIONS.c.reason, EVENTS.c.error).join(EVENTS, sa.true())).one() == (text, text)


def test_sealed_secrets_come_back_byte_by_byte(db: Database) -> None:
    row = {'id': 's', 'project_id': 'p', 'owner': 'o', 'purpose': 'x', 'key_id': 'k', 'nonce': bytes(range(12)),
           'ciphertext': bytes(range(256)) * 64, 'created': TIME}  # fmt: skip
    db.run(lambda c: c.execute(sa.insert(SECRETS), row))
    with db.read() as c:
        assert dict(c.execute(sa.select(SECRETS)).one()._mapping) == row


@pytest.mark.parametrize('name', ['x' * 256, 'a\0b', '\ud800'], ids=['long', 'nul', 'surrogate'])
def test_what_does_not_fit_is_the_callers_mistake(db: Database, kind: str, name: str) -> None:
    """SQLite takes the first two; whoever takes a value from outside checks it before."""
    if name in {'sqlite': ('x' * 256, 'a\0b'), 'mariadb': ('a\0b',)}.get(kind, ()):
        db.run(lambda c: instance(c, name=name))
    else:
        with pytest.raises(exceptions.DoesNotFit):
            db.run(lambda c: instance(c, name=name))


def test_pages_of_operations_of_one_instant_miss_nothing_and_repeat_nothing(
    db: Database, operations: Operations
) -> None:
    ids = [db.run(lambda c: operations.accept(c, CTX, 'demo.wait', inputs={})) for _ in range(5)]
    db.run(lambda c: c.execute(sa.update(OPERATIONS).values(created=TIME)))
    seen, marker = [], None
    while True:
        with db.read() as c:
            page = rows_page(c, marker)
        seen += [row.id for row in page[:2]]
        if len(page) <= 2:
            break
        marker = page[1].id
    assert seen == sorted(ids, reverse=True)


def rows_page(c: sa.Connection, marker: str | None) -> list[sa.Row]:
    return operations.page(c, limit=2, marker=marker)
