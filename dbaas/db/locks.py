"""Locks on resources: they live and die with the operation, and say whose turn it is.

exclusive: alone on the resource. in-line: one after another in the order accepted. shared: beside in-line
and shared ones. delete: accepted beside anything, runs when all others have ended, lets nothing new in.
What takes, releases and passes on locks of one resource is serial: `enter` makes it so.
"""

import sqlalchemy as sa

from dbaas import exceptions
from dbaas.db.tables import INSTANCES, LOCKS, OPERATIONS
from dbaas.db.words import DELETE, EXCLUSIVE, IN_LINE

_l = LOCKS.c


def enter(c: sa.Connection, resource_id: str) -> None:
    """Until this transaction ends, nobody else takes, releases or passes on a lock of this resource.

    Without it one that ends and one that is accepted do not see each other: the line would stand still for ever.
    """
    c.execute(sa.select(INSTANCES.c.id).where(INSTANCES.c.id == resource_id).with_for_update())


def holders(c: sa.Connection, resource_id: str, locked: bool = False) -> list[sa.Row]:
    """Lock rows with the type and state of their operations, in the order accepted; locked: these states stay."""
    query = (
        sa.select(LOCKS, OPERATIONS.c.type, OPERATIONS.c.state)
        .join(OPERATIONS, OPERATIONS.c.id == _l.operation_id)
        .where(_l.resource_id == resource_id)
        .order_by(_l.seq)
    )
    return list(c.execute(query.with_for_update() if locked else query))


def acquire(c: sa.Connection, resource_id: str, operation_id: str, mode: str) -> bool:
    """Take the lock. -> whether it is this operation's turn already; False: it stands in line.

    Raises Unprocessable naming the holder when the mode does not go with the locks that exist.
    """
    enter(c, resource_id)
    present = holders(c, resource_id)
    for row in present:
        if DELETE in (row.mode, mode) and not (mode == DELETE and row.mode != DELETE):
            raise exceptions.Unprocessable(f'{resource_id} is being deleted by operation {row.operation_id}.')
        if mode != DELETE and EXCLUSIVE in (row.mode, mode):
            raise exceptions.Unprocessable(
                f'{resource_id} is busy: {row.type} ({row.state}), operation {row.operation_id}, holds it.'
            )
    seq = max((row.seq for row in present), default=0) + 1
    slot = mode if mode in (EXCLUSIVE, DELETE) else operation_id
    c.execute(
        sa.insert(LOCKS),
        {'resource_id': resource_id, 'slot': slot, 'operation_id': operation_id, 'mode': mode, 'seq': seq},
    )
    return _turn(mode, present)


def _turn(mode: str, ahead: list[sa.Row]) -> bool:
    if mode == DELETE:
        return not ahead
    return mode != IN_LINE or not any(row.mode == IN_LINE for row in ahead)


def in_turn(c: sa.Connection, resource_id: str | None, operation_id: str) -> bool:
    """Whether nothing stands before this operation; it may hold no lock at all."""
    present = holders(c, resource_id) if resource_id is not None else []
    mine = next((row for row in present if row.operation_id == operation_id), None)
    return mine is None or _turn(mine.mode, [row for row in present if row.seq < mine.seq])


def release(c: sa.Connection, operation_id: str) -> None:
    c.execute(sa.delete(LOCKS).where(_l.operation_id == operation_id))


def next_in_turn(c: sa.Connection, resource_id: str) -> list[str]:
    """Ids of ACCEPTED operations whose turn has come, now that another one has released the resource; locked."""
    present = holders(c, resource_id, locked=True)
    return [
        row.operation_id
        for row in present
        if row.state == 'ACCEPTED' and _turn(row.mode, [r for r in present if r.seq < row.seq])
    ]
