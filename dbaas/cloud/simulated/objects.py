"""The object store of the simulated cloud: in memory, in its state."""

import base64
from collections.abc import Iterable, Iterator, Mapping

from dbaas.cloud.protocol import Stored
from dbaas.cloud.simulated.faults import AFTER, BEFORE, Faults
from dbaas.cloud.simulated.state import Document, State
from dbaas.exceptions import NotFound


class SimulatedObjects:
    def __init__(self, state: State, faults: Faults):
        self._state, self._faults = state, faults

    def put(self, container: str, name: str, data: Iterable[bytes], metadata: Mapping[str, str]) -> Stored:
        return self.keep(container, name, base64.b64encode(b''.join(data)).decode(), dict(metadata))

    def keep(self, container: str, name: str, text: str, metadata: Mapping[str, str]) -> Stored:
        """text: Base64."""
        self._faults.hit('put_object', BEFORE, container=container, name=name)
        size = len(base64.b64decode(text))
        row = {'container': container, 'name': name, 'data': text, 'size': size, 'metadata': dict(metadata)}
        with self._state.change():
            self._state.put('objects', _key(container, name), row)
        self._faults.hit('put_object', AFTER, container=container, name=name)
        return _stored(row)

    def get(self, container: str, name: str) -> Iterator[bytes]:
        yield base64.b64decode(self.text(container, name))

    def text(self, container: str, name: str) -> str:
        """Base64. Raises NotFound."""
        self._faults.hit('get_object', BEFORE, container=container, name=name)
        row = self._row(container, name)
        if row is None:
            raise NotFound(f'there is no object {name} in {container}')
        return str(row['data'])

    def find(self, container: str, name: str) -> Stored | None:
        self._faults.hit('find_object', BEFORE, container=container, name=name)
        row = self._row(container, name)
        return None if row is None else _stored(row)

    def list(self, container: str, prefix: str = '') -> list[Stored]:
        self._faults.hit('list_objects', BEFORE, container=container)
        with self._state.look() as document:
            rows = [r for r in document['objects'].values() if r['container'] == container]
        return sorted((Stored(r['name'], r['size']) for r in rows if r['name'].startswith(prefix)), key=_name)

    def delete(self, container: str, name: str) -> None:
        self._faults.hit('delete_object', BEFORE, container=container, name=name)
        with self._state.change() as document:
            if _key(container, name) in document['objects']:
                self._state.drop('objects', _key(container, name))
        self._faults.hit('delete_object', AFTER, container=container, name=name)

    def _row(self, container: str, name: str) -> Document | None:
        with self._state.look() as document:
            found: Document | None = document['objects'].get(_key(container, name))
        return found


def _key(container: str, name: str) -> str:
    return f'{container}/{name}'


def _name(stored: Stored) -> str:
    return stored.name


def _stored(row: Document) -> Stored:
    return Stored(row['name'], row['size'], row['metadata'])
