"""Durations and counts, on every database."""

import sqlalchemy as sa

from dbaas.db import events, history, operations
from dbaas.db.session import Database
from dbaas.db.tables import OPERATIONS

OP = {
    'type': 'demo.wait', 'version': 1, 'project_id': 'p', 'user_id': 'u', 'mode': 'none', 'policy': 'hold',
    'inputs': {},
}  # fmt: skip


def _insert(c: sa.Connection, operation_id: str, created: float, state: str, took: float | None = None) -> None:
    operations.insert(c, created, {}, 'ann', id=operation_id, state=state, **OP)
    if took is not None:
        times = {'started': created, 'finished': created + took}
        c.execute(sa.update(OPERATIONS).where(OPERATIONS.c.id == operation_id).values(**times))


def test_durations_by_step_from_the_newest(db: Database) -> None:
    def work(c: sa.Connection) -> None:
        for number in range(1, 21):
            operation_id = f'op-{number:02d}'
            _insert(c, operation_id, 100.0 * number, 'SUCCEEDED', float(number))
            events.add(c, operation_id, 'done', 50.0 + number, step='one', started=50.0)
            events.add(c, operation_id, 'failed', 60.0, step='one', started=50.0, error='no')
        events.add(c, 'op-20', 'undone', 61.0, step='one', started=60.0)
        events.add(c, 'op-20', 'held', 61.0, before='RUNNING', after='HELD')
        _insert(c, 'op-21', 3000.0, 'HELD')

    db.run(work)
    with db.read() as c:
        all_, newest = history.steps(c, 'demo.wait'), history.steps(c, 'demo.wait', samples=11)
        since, none = history.steps(c, 'demo.wait', since=1950.0), history.steps(c, 'other')
        whole = history.whole(c, 'demo.wait')
    assert all_['one', False] == history.Durations(20, 20, 10.0, 19.0, 20.0)
    assert all_['one', True] == history.Durations(1, 0, 1.0, 1.0, 1.0)
    assert newest['one', False].count == 10, 'the eleventh is held and has done nothing'
    assert since['one', False].count == 1 and none == {}
    assert whole == history.Durations(19, 1, 10.0, 19.0, 19.0), 'one was held: its time is not that of the work'


def test_what_is_under_way(db: Database) -> None:
    def work(c: sa.Connection) -> None:
        for number, state in enumerate(('RUNNING', 'RUNNING', 'ABORTING', 'HELD', 'SUCCEEDED')):
            _insert(c, f'op-{number}', 10.0 + number, state, 5.0 if state == 'SUCCEEDED' else None)
        claimed = sa.update(OPERATIONS).where(OPERATIONS.c.state.in_(('RUNNING', 'ABORTING')))
        c.execute(claimed.values(conductor='c-1'))

    db.run(work)
    with db.read() as c:
        assert {(r.state, r.total, r.since) for r in history.states(c)} == {
            ('RUNNING', 2, 10.0), ('ABORTING', 1, 12.0), ('HELD', 1, 13.0),
        }  # fmt: skip
        assert [(r.name, r.running, r.beat) for r in history.conductors(c)] == [('c-1', 3, 10.0)]
        assert history.ended(c, 19.0) == {'SUCCEEDED': 1} and history.ended(c, 20.0) == {}
        assert history.accepted(c, ['demo.wait'], 12.0) == 3
        assert [row.id for row in operations.oldest(c, 2)] == ['op-0', 'op-1']
