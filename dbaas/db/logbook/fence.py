"""The fence: a run writes only while the epoch of its operation is the one that it has claimed."""

from typing import Any

import sqlalchemy as sa

from dbaas import metrics
from dbaas.db.statements import Prepared
from dbaas.db.tables import OPERATIONS
from dbaas.exceptions import ClaimLost

_o = OPERATIONS.c
_now = sa.bindparam('now', type_=_o.beat.type)


def _fence(at_step: bool, if_calm: bool) -> Prepared:
    mine = sa.update(OPERATIONS).where(_o.id == sa.bindparam('op'), _o.epoch == sa.bindparam('mine'))
    if if_calm:
        mine = mine.where(_o.wake_seq == sa.bindparam('seen'))
    place = {'step': sa.bindparam('step'), 'updated': _now} if at_step else {}
    return Prepared(mine.values(beat=_now, epoch=_o.epoch + sa.bindparam('bump'), **place))


_fences = {(at_step, if_calm): _fence(at_step, if_calm) for at_step in (False, True) for if_calm in (False, True)}


def fence(c: sa.Connection, operation_id: str, epoch: int, now: float, bump: int = 0, step: str | None = None) -> None:
    """The first statement of every transaction of a run. Raises ClaimLost, then nothing is written.

    step: the one that the operation stands at from now on, if that changes.
    """
    statement, values = fencing(operation_id, epoch, now, bump, step)
    if statement.run(c, values) != 1:
        metrics.FENCED_WRITES.inc()
        raise ClaimLost(f'operation {operation_id} has gone on without this conductor')


def fencing(
    operation_id: str, epoch: int, now: float, bump: int, step: str | None, seen: int | None = None
) -> tuple[Prepared, dict[str, Any]]:
    """seen: what wake_seq was; the fence then holds, too, when it has moved."""
    values = {'op': operation_id, 'mine': epoch, 'bump': bump, 'now': now, 'step': step, 'seen': seen}
    return _fences[step is not None, seen is not None], values
