"""The executor handed to TaskFlow's parallel engine: it only queues, and runs one step when told, in that thread.

So each outcome is committed before the next sibling starts, and what has not started can be called off.
"""

import collections
from collections.abc import Callable
from concurrent import futures
from typing import Any

from taskflow.engines.action_engine import executor
from taskflow.types import failure

from conductor import failures


class Stepper(futures.Executor):
    """around(step): a context in which the step runs; opened(): secrets seen so far, never to be stored."""

    def __init__(self, around: Callable[[Any], Any], opened: Callable[[], list[str]]):
        self._around, self._opened = around, opened
        self._queue: collections.deque[tuple[futures.Future, Callable[..., Any], Any, tuple, dict]] = (
            collections.deque()
        )

    def submit(self, fn: Callable[..., Any], /, task: Any, *args: Any, **kwargs: Any) -> futures.Future:  # type: ignore[override]
        future: futures.Future = futures.Future()
        self._queue.append((future, fn, task, args, kwargs))
        return future

    def next(self) -> Any:
        """The step that would run now, or None."""
        return self._queue[0][2] if self._queue else None

    def one(self) -> None:
        """Run one step. ClaimLost and other errors of the surroundings pass through; the step's own are its outcome."""
        future, fn, task, args, kwargs = self._queue[0]
        with self._around(task):
            kind, result = fn(task, *args, **kwargs)
        if isinstance(result, failure.Failure):
            result = failures.stored(result, self._opened())
        elif kind == executor.EXECUTED:
            result = self._checked(task.name, result)
        self._queue.popleft()
        future.set_result((kind, result))

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
            future, _, task, _, _ = self._queue.popleft()
            future.cancel()
            future.set_running_or_notify_cancel()
            called_off.append(task.name)
        return called_off
