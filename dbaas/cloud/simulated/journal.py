"""The simulated world on disk: a line of JSON per change, appended; a torn last line is a change that never was.

Not synced: it outlives a killed process, not a machine that loses its power.
"""

import contextlib
import json
import os
from collections.abc import Iterable, Iterator
from typing import Any

Entry = tuple[str, Any, Any]  # part of the document, key, value; value None: gone
GROWTH = 16 * 2**20  # bytes appended after which it is worth writing anew


class Journal:
    """One process at a time. `due` says that rewrite() would make it much smaller."""

    def __init__(self, path: str):
        self._path = path
        self._out: int | None = None
        self._appended = 0

    def read(self) -> Iterator[Entry]:
        with contextlib.suppress(FileNotFoundError), open(self._path) as text:
            for line in text:
                if not line.endswith('\n'):
                    return
                yield from json.loads(line)

    def append(self, entries: Iterable[Entry]) -> None:
        """One change: all of it or nothing is read again."""
        assert self._out is not None, 'rewrite() comes first'
        self._appended += os.write(self._out, _line(entries))

    @property
    def due(self) -> bool:
        return self._appended > GROWTH

    def rewrite(self, entries: Iterable[Entry]) -> None:
        """From now on it says this and nothing else."""
        fresh = f'{self._path}.new'
        with open(fresh, 'wb') as out:
            out.writelines(_line([entry]) for entry in entries)
        os.rename(fresh, self._path)
        if self._out is not None:
            os.close(self._out)
        self._out = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC)
        self._appended = 0


def _line(entries: Iterable[Entry]) -> bytes:
    return json.dumps(list(entries), separators=(',', ':')).encode() + b'\n'
