"""Failures, repetitions and a watch on the steps of any flow: what the generic tests do to them."""

import collections
import contextlib
import functools
from collections.abc import Callable, Iterator
from typing import Any
from unittest import mock

from flows import registry
from flows.base import Step

DO, UNDO = 'do', 'undo'
Watch = Callable[[Any, str, str], None]  # (run, step, DO or UNDO), as it begins


class Injected(Exception):
    """The failure of a step that was asked to fail."""


class Injection:
    """Wraps `execute` and `revert` of every step of every flow that the registry builds while `installed`."""

    def __init__(self) -> None:
        self.failures: dict[tuple[str, str], list[str]] = collections.defaultdict(list)
        self.twice: set[tuple[str, str]] = set()  # (step, way) to be done twice in a row
        self.began: list[tuple[str, str]] = []
        self.watches: list[Watch] = []

    def fail(self, step: str, way: str = DO, when: str = 'before', times: int = 1) -> None:
        """Its next `times` runs fail, before or after their effect."""
        self.failures[step, way] += [when] * times

    def _hit(self, step: str, way: str, when: str) -> None:
        planned = self.failures[step, way]
        if planned and planned[0] == when:
            planned.pop(0)
            raise Injected(f'{step} {way} {when}')

    def wrap(self, flow: Any) -> Any:
        for item in flow:
            if isinstance(item, Step):
                item.execute = self._wrapped(item.name, DO, item.execute)  # type: ignore[method-assign]
                item.revert = self._wrapped(item.name, UNDO, item.revert)  # type: ignore[method-assign]
            else:
                self.wrap(item)
        return flow

    def _wrapped(self, step: str, way: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def run_step(**arguments: Any) -> Any:
            self.began.append((step, way))
            for watch in list(self.watches):
                watch(arguments.get('run'), step, way)
            self._hit(step, way, 'before')
            if (step, way) in self.twice:
                call(**arguments)
            result = call(**arguments)
            self._hit(step, way, 'after')
            return result

        return run_step

    @contextlib.contextmanager
    def installed(self) -> Iterator['Injection']:
        real = dict(registry.OPERATIONS)
        wrapped = {key: self._factory(build) for key, build in real.items()}
        with mock.patch.dict(registry.OPERATIONS, wrapped):
            yield self

    def _factory(self, build: Callable[..., Any]) -> Callable[..., Any]:
        return functools.wraps(build)(lambda **inputs: self.wrap(build(**inputs)))
