"""TaskFlow's executor for us: steps are queued, and run one at a time when told, in that thread.

So each outcome is committed before the next sibling starts, and what has not started can be called off.
"""

import collections
from collections.abc import Callable
from concurrent import futures
from typing import Any

from taskflow import task as task_atom
from taskflow.engines.action_engine import executor
from taskflow.types import failure

from conductor import failures
from dbaas.exceptions import DatabaseUnavailable

_Call = tuple[futures.Future, Any, str, dict[str, Any]]  # what TaskFlow waits for, step, outcome's kind, arguments


class Stepper(executor.TaskExecutor):
    """around(step): a context in which the step runs; opened(): secrets seen so far, never to be stored."""

    def __init__(self, around: Callable[[Any], Any], opened: Callable[[], list[str]]):
        self._around, self._opened = around, opened
        self._queue: collections.deque[_Call] = collections.deque()

    # -- what TaskFlow calls
    def execute_task(self, task: Any, task_uuid: str, arguments: dict[str, Any], progress_callback: Any = None) -> Any:
        return self._queued(task, executor.EXECUTED, arguments)

    def revert_task(
        self,
        task: Any,
        task_uuid: str,
        arguments: dict[str, Any],
        result: Any,
        failures: Any,
        progress_callback: Any = None,
    ) -> Any:
        given = {task_atom.REVERT_RESULT: result, task_atom.REVERT_FLOW_FAILURES: failures}
        return self._queued(task, executor.REVERTED, arguments | given)

    def _queued(self, task: Any, kind: str, arguments: dict[str, Any]) -> futures.Future:
        future: Any = futures.Future()
        future.atom = task
        self._queue.append((future, task, kind, arguments))
        return future

    # -- what the engine calls
    def next(self) -> Any:
        """The step that would run now, or None."""
        return self._queue[0][1] if self._queue else None

    def one(self) -> None:
        """Run one step. ClaimLost and other errors of the surroundings pass through; the step's own are its outcome."""
        future, step, kind, arguments = self._queue[0]
        with self._around(step):
            result = self._run(step, kind, arguments)
        if isinstance(result, failure.Failure):
            result = failures.stored(result, self._opened())
        elif kind == executor.EXECUTED:
            result = self._checked(step.name, result)
        self._queue.popleft()
        future.set_result((kind, result))

    @staticmethod
    def _run(step: Any, kind: str, arguments: dict[str, Any]) -> Any:
        try:
            return (step.execute if kind == executor.EXECUTED else step.revert)(**arguments)
        except DatabaseUnavailable:
            raise  # nothing that a step has done: it is begun again when the database is back, as after a death
        except Exception:  # noqa: BLE001 - whatever it is, it is the step's outcome
            return failure.Failure()

    @staticmethod
    def _checked(step: str, result: Any) -> Any:
        try:
            failures.check_result(step, result)
        except failures.BadResult as bad:
            return failures.stored(failure.Failure.from_exception(bad))
        return result

    def call_off(self) -> list[str]:
        """Cancel what is queued. -> names of those steps."""
        called_off = []
        while self._queue:
            future, step, _, _ = self._queue.popleft()
            future.cancel()
            future.set_running_or_notify_cancel()
            called_off.append(step.name)
        return called_off
