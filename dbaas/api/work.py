"""A request's unit of work: change rows, or start an operation and post its job; rehearsed, it is rolled back."""

import dataclasses
import logging
from collections.abc import Callable, Sequence
from typing import Any, NoReturn, TypeVar

import flask

from dbaas.api.guards import REHEARSAL
from dbaas.api.parts import parts
from dbaas.db import operations
from flows import plan

LOG = logging.getLogger(__name__)
T = TypeVar('T')


@dataclasses.dataclass
class Rehearsal:
    """Rides in the WSGI environment of a nested request, and takes the plan of what that would have started."""

    plan: dict[str, Any] | None = None


class _RolledBack(Exception):
    pass


def change(work: Callable[[Any], T]) -> T:
    """work(c) in one transaction; its result."""
    if _rehearsal() is not None:
        _rehearse(lambda c: _unplanned(work(c)))
    return parts().db.run(work)


def order(work: Callable[[Any], tuple[Sequence[operations.Job], T]]) -> T:
    """work(c) -> (jobs, result): committed, then posted."""
    if _rehearsal() is not None:
        _rehearse(lambda c: _unplanned(work(c)))
    jobs, result = parts().db.run(work)
    _post(jobs)
    return result


def start(work: Callable[[Any], tuple[str, T]]) -> T:
    """work(c) -> (id of the operation that it accepted, result): committed, then posted; the answer names it."""
    if _rehearsal() is not None:
        _rehearse(lambda c: plan.plan(c, work(c)[0]))

    def once(c: Any) -> tuple[str, T, list[operations.Job]]:
        operation_id, result = work(c)
        return operation_id, result, operations.jobs(c, operation_id)

    flask.g.operation_id, result, jobs = parts().db.run(once)
    _post(jobs)
    return result


def _post(jobs: Sequence[operations.Job]) -> None:
    try:
        parts().post(jobs)
    except Exception:
        LOG.warning('%d jobs are not posted yet', len(jobs), exc_info=True)


def _unplanned(_result: Any) -> None:
    """What starts no operation has no plan."""


def _rehearsal() -> Rehearsal | None:
    return flask.request.environ.get(REHEARSAL)


def _rehearse(work: Callable[[Any], plan.Draft | None]) -> NoReturn:
    """Do it, undo it, tell its plan; the nested request ends here."""
    rehearsal = _rehearsal()
    drafts: list[plan.Draft | None] = []
    assert rehearsal is not None

    def once(c: Any) -> NoReturn:
        drafts[:] = [work(c)]
        raise _RolledBack

    try:
        parts().db.run(once)
    except _RolledBack:
        rehearsal.plan = None if drafts[0] is None else drafts[0].told(parts().cloud)
        flask.abort(flask.make_response('', 200))
    raise AssertionError('a rehearsed transaction was committed')


def accepted() -> flask.Response:
    """Trove's 202: an empty body that calls itself JSON."""
    return flask.Response('', 202, content_type='application/json')
