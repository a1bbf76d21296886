"""The local cloud's own records: a small file per resource, written before the resource is made, removed after it.

What exists therefore always has a record: `all()` shows orphans, whatever the control plane's database says.
"""

import contextlib
import dataclasses
import json
import os
import uuid
from collections.abc import Iterator
from typing import Any

from dbaas.cloud.local.places import Places
from dbaas.cloud.protocol import KINDS, Owner, Resource
from guestagent.contract import processes


@dataclasses.dataclass(frozen=True)
class Record:
    """One resource; `facts` are the kind's own: small JSON without secrets."""

    kind: str
    name: str
    owner: Owner
    facts: dict[str, Any]

    @property
    def id(self) -> str:
        """Deterministic: a repeated create answers the same id."""
        return _id(self.owner.instance, self.kind, self.name)

    @property
    def resource(self) -> Resource:
        return Resource(self.kind, self.id, self.name, self.owner)


class Records:
    def __init__(self, places: Places):
        self._places = places

    def get(self, instance: str, kind: str, name: str) -> Record | None:
        return _read(self._path(instance, kind, name))

    def by_id(self, kind: str, id: str) -> Record | None:
        """Ids are made of names: no other file is opened."""
        for instance in self.instances():
            for path in _files(self._folder(instance)):
                name = os.path.basename(path).removeprefix(f'{kind}.').removesuffix('.json')
                if _id(instance, kind, name) == id:
                    return _read(path)
        return None

    def put(self, record: Record) -> None:
        path = self._path(record.owner.instance, record.kind, record.name)
        os.makedirs(os.path.dirname(path), 0o700, exist_ok=True)
        text = {'owner': dataclasses.asdict(record.owner), 'facts': record.facts}
        processes.replace(path, json.dumps(text | {'kind': record.kind, 'name': record.name}))

    def remove(self, instance: str, kind: str, name: str) -> None:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self._path(instance, kind, name))

    def all(self, instance: str) -> list[Record]:
        """What one instance has, in the order in which it can be removed."""
        found = [r for path in _files(self._folder(instance)) if (r := _read(path))]
        return sorted(found, key=lambda r: (KINDS.index(r.kind), r.name))

    def instances(self) -> list[str]:
        """Ids of all instances with a folder, records or not."""
        return sorted(entry.name for entry in os.scandir(self._places.instances) if entry.is_dir())

    def _folder(self, instance: str) -> str:
        return self._places.record(instance, 'resources')

    def _path(self, instance: str, kind: str, name: str) -> str:
        return os.path.join(self._folder(instance), f'{kind}.{name}.json')


def _id(instance: str, kind: str, name: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_OID, f'{instance}/{kind}/{name}'))


def _files(folder: str) -> Iterator[str]:
    with contextlib.suppress(FileNotFoundError):
        for name in os.listdir(folder):
            if name.endswith('.json'):
                yield os.path.join(folder, name)


def _read(path: str) -> Record | None:
    try:
        with open(path) as text:
            seen = json.load(text)
    except FileNotFoundError:
        return None
    return Record(seen['kind'], seen['name'], Owner(**seen['owner']), seen['facts'])
