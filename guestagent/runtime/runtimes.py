"""Which runtime this instance has: what prepare or start named, kept for the next agent."""

import contextlib
import json
import os
from typing import Any

from guestagent.contract import processes
from guestagent.failure import CommandError
from guestagent.place import Place
from guestagent.runtime.base import Runtime
from guestagent.runtime.container import Container
from guestagent.runtime.process import Process

PROCESS: dict[str, Any] = {'kind': 'process'}


class Runtimes:
    """`current` runs the instance's programs; a server that an earlier one started is found by each of them."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._path = os.path.join(place.record, 'runtime.json')
        self._choice = PROCESS
        with contextlib.suppress(FileNotFoundError), open(self._path) as text:
            self._choice = json.load(text)
        self.current = self._make(self._choice)

    def choose(self, choice: dict[str, Any] | None) -> None:
        """None: a process. Raises CommandError for a runtime that this agent does not know."""
        wanted = choice or PROCESS
        if wanted != self._choice:
            self.current = self._make(wanted)
            processes.replace(self._path, json.dumps(wanted))
            self._choice = wanted

    def _make(self, choice: dict[str, Any]) -> Runtime:
        if choice['kind'] == 'process':
            return Process(self._place)
        if choice['kind'] == 'container':
            return Container(self._place, choice)
        raise CommandError(f'this agent knows no runtime {choice["kind"]!r}: it knows process and container')
