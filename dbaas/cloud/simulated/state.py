"""What the simulated world remembers: one document behind a lock, with a journal if it shall survive its process."""

import contextlib
import json
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

from dbaas.cloud.simulated.journal import Entry, Journal

Document = dict[str, Any]
COUNTS = ('next', 'refused')


def empty() -> Document:
    """resources: id -> what it is; guests: instance -> what is in it; the rest survives what it speaks of.

    objects: container/name -> what is stored; executed: command id -> how often it ran; effects: see record();
    mail: reports that nobody has acknowledged.
    """
    return {
        'next': 1, 'refused': 0, 'resources': {}, 'guests': {}, 'objects': {}, 'executed': {}, 'mail': {},
        'effects': [],
    }  # fmt: skip


class State:
    """`with state.change() as document:` = one change, whole or not at all for a reader of the file.

    What changes is put, dropped or touched, by part and key: only that is written. `restless` are guests that have
    changed since somebody looked at them.
    """

    def __init__(self, path: str | None = None, clock: Callable[[], float] = time.time):
        self.clock = clock
        self.changed = threading.Condition(threading.RLock())
        self.changes = 0
        self.document = empty()
        self.restless: set[str] = set()
        self._owned: dict[str, set[str]] = {}  # instance -> ids of its resources
        self._depth = 0
        self._dirty: dict[tuple[str, Any], None] = {}
        self._journal = Journal(path) if path is not None else None
        if self._journal is not None:
            self._load(self._journal)

    # -- on disk
    def _load(self, journal: Journal) -> None:
        for part, key, value in journal.read():
            self._apply(part, key, value)
        journal.rewrite(self._everything())
        for id, row in self.document['resources'].items():
            self._owned.setdefault(row['instance'], set()).add(id)
        self.restless |= set(self.document['guests'])

    def _apply(self, part: str, key: Any, value: Any) -> None:
        if part in COUNTS:
            self.document[part] = value
        elif part == 'effects':
            self.document[part].append(value)
        elif value is None:
            self.document[part].pop(key, None)
        else:
            self.document[part][key] = value

    def _everything(self) -> Iterator[Entry]:
        for part, content in self.document.items():
            if part in COUNTS:
                yield part, None, content
            elif part == 'effects':
                yield from ((part, None, effect) for effect in content)
            else:
                yield from ((part, key, value) for key, value in content.items())

    def _value(self, part: str, key: Any) -> Any:
        if part in COUNTS:
            return self.document[part]
        return self.document[part][key] if part == 'effects' else self.document[part].get(key)

    def _write(self) -> None:
        if self._journal is not None:
            self._journal.append([(part, key, self._value(part, key)) for part, key in self._dirty])
            if self._journal.due:
                self._journal.rewrite(self._everything())
        self._dirty.clear()

    # -- in memory
    @contextlib.contextmanager
    def change(self) -> Iterator[Document]:
        """The document, to be changed by the block; written when the outermost block ends."""
        with self.changed:
            self._depth += 1
            try:
                yield self.document
            finally:
                self._depth -= 1
                if self._depth == 0 and self._dirty:
                    self._write()
                    self.wake()

    @contextlib.contextmanager
    def look(self) -> Iterator[Document]:
        """The document, to be read only."""
        with self.changed:
            yield self.document

    def wake(self) -> None:
        """Whoever waits for a change looks up."""
        with self.changed:
            self.changes += 1
            self.changed.notify_all()

    def touch(self, part: str, key: Any = None) -> None:
        """This was changed, inside a change()."""
        self._dirty[part, key] = None
        if part == 'guests':
            self.restless.add(key)

    def put(self, part: str, key: str, row: Document) -> None:
        self.document[part][key] = row
        if part == 'resources':
            self._owned.setdefault(row['instance'], set()).add(key)
        self.touch(part, key)

    def drop(self, part: str, key: str) -> Document | None:
        """What was there."""
        row = self.document[part].pop(key, None)
        if row is not None and part == 'resources':
            self._owned[row['instance']].discard(key)
            if not self._owned[row['instance']]:
                del self._owned[row['instance']]
        self.touch(part, key)
        return row

    def resources_of(self, instance: str) -> dict[str, Document]:
        """id -> resource, in the order in which they were made."""
        rows = self.document['resources']
        return {id: rows[id] for id in sorted(self._owned.get(instance, ()), key=number_of)}

    def new_id(self, kind: str) -> str:
        return f'{kind}-{self.count("next") - 1}'

    def count(self, name: str) -> int:
        with self.change() as document:
            document[name] += 1
            self.touch(name)
            return document[name]

    def record(self, call: str, id: str, **facts: Any) -> None:
        """An effect has happened: never forgotten, so that what happened twice can be seen."""
        with self.change() as document:
            document['effects'].append({'at': self.clock(), 'call': call, 'id': id, **facts})
            self.touch('effects', len(document['effects']) - 1)

    def snapshot(self) -> Document:
        """Comparable: what exists and what is in the guests, without ids, ledgers and times."""
        with self.look() as document:
            resources = sorted(
                (r['kind'], r['name'], r['instance'], r['operation'], r.get('size', 0), about(r))
                for r in document['resources'].values()
            )
            guests = {i: json.loads(json.dumps(g['inside'])) for i, g in sorted(document['guests'].items())}
            objects = sorted((r['container'], r['name'], r['size']) for r in document['objects'].values())
        return {'resources': resources, 'guests': guests} | ({'objects': objects} if objects else {})


def about(row: Document) -> str:
    """What can be changed of it, in words."""
    if row['kind'] == 'server':
        return f'{row["status"]} on flavor {row["flavor"]}'
    return ' '.join(f'{cidr}:{port}' for port, cidr in row.get('rules', ()))


def number_of(id: str) -> int:
    """The number in 'security-group-17'."""
    return int(id.rpartition('-')[2])
