"""What the simulated world remembers: one JSON document behind a lock, in a file if it shall survive."""

import contextlib
import json
import os
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

Document = dict[str, Any]


def empty() -> Document:
    """resources: id -> what it is; guests: instance -> what is in it; counts survive everything."""
    return {'next': 1, 'resources': {}, 'guests': {}, 'executed': {}, 'refused': 0}


class State:
    """`with state as document:` = one change, whole or not at all for a reader of the file."""

    def __init__(self, path: str | None = None, clock: Callable[[], float] = time.time):
        self.path, self.clock = path, clock
        self.changed = threading.Condition(threading.RLock())
        self._depth = 0
        self.document = self._read() or empty()

    def _read(self) -> Document | None:
        if self.path is None or not os.path.exists(self.path):
            return None
        with open(self.path) as text:
            return json.load(text)

    @contextlib.contextmanager
    def change(self) -> Iterator[Document]:
        """The document, to be changed by the block; written when the outermost block ends."""
        with self.changed:
            self._depth += 1
            try:
                yield self.document
            finally:
                self._depth -= 1
                if self._depth == 0:
                    self._write()
                    self.changed.notify_all()

    @contextlib.contextmanager
    def look(self) -> Iterator[Document]:
        """The document, to be read only."""
        with self.changed:
            yield self.document

    def new_id(self, kind: str) -> str:
        with self.change() as document:
            number = document['next']
            document['next'] = number + 1
        return f'{kind}-{number}'

    def _write(self) -> None:
        if self.path is None:
            return
        with open(self.path + '.new', 'w') as out:
            json.dump(self.document, out)
        os.rename(self.path + '.new', self.path)

    def snapshot(self) -> Document:
        """Comparable: what exists and what is in the guests, without ids, ledgers and times."""
        with self.look() as document:
            resources = sorted(
                (r['kind'], r['name'], r['instance'], r['operation'], r.get('size', 0))
                for r in document['resources'].values()
            )
            guests = {i: json.loads(json.dumps(g['inside'])) for i, g in sorted(document['guests'].items())}
        return {'resources': resources, 'guests': guests}
