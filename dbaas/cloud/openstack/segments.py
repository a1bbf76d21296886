"""The segments of a large object in Swift: where they lie, what lists them, and which of them nobody needs."""

import functools
import hashlib
import json
import uuid
from collections.abc import Iterable, Iterator
from urllib.parse import quote, unquote

from dbaas.cloud.openstack.part import Part
from dbaas.cloud.openstack.service import Refused
from dbaas.cloud.openstack.tries import Row, repeated

META = 'x-object-meta-'
UPLOAD = f'{META}dbaas-upload'  # of an object: which segments it is made of
MOST = 1000  # entries of a manifest, where Swift does not say


class Store(Part):
    """One HTTP call each, repeated while its failure may pass."""

    @functools.cached_property
    def most(self) -> int:
        """Entries of a manifest; asked once."""
        return max(2, self._most())

    @repeated
    def _most(self) -> int:
        try:
            told = self.services.objects.above().send('GET', '/info').json()
            return int(told['slo']['max_manifest_segments'])
        except (Refused, ValueError, KeyError, TypeError):  # not every Swift offers this, nor all that speak its API
            return MOST

    @repeated
    def put_container(self, container: str) -> None:
        self.services.objects.send('PUT', path(container))

    @repeated
    def put_object(self, at: str, data: bytes, headers: Row | None = None) -> None:
        self.services.objects.send('PUT', at, data=data, headers=headers or {})

    @repeated
    def remove_object(self, at: str) -> None:
        self.services.objects.delete(at)

    @repeated
    def head(self, container: str, name: str) -> dict[str, str] | None:
        """Its headers, in lower case."""
        try:
            # of the newest replica: an older one names segments that are gone, and ours would be swept
            found = self.services.objects.send('HEAD', path(container, name), headers={'X-Newest': 'true'}).headers
        except Refused as error:
            if error.code == 404:
                return None
            raise
        return {key.lower(): value for key, value in found.items()}

    @repeated
    def rows(self, container: str, prefix: str = '') -> list[Row]:
        """{name, bytes}; of a container that does not exist: none."""
        found: list[Row] = []
        while page := self._page(container, prefix, found[-1]['name'] if found else ''):
            found += page
        return found

    def _page(self, container: str, prefix: str, marker: str) -> list[Row]:
        params = {'format': 'json', 'prefix': prefix, 'marker': marker}
        try:
            page: list[Row] = self.services.objects.send('GET', path(container), params=params).json()
        except Refused as error:
            if error.code == 404:
                return []
            raise
        return page


class Segments:
    """Of one upload of an object; each upload has its own, so that the old object stays whole meanwhile."""

    def __init__(self, store: Store, container: str, name: str):
        self.upload = uuid.uuid4().hex
        self._store, self._of = store, (container, name)
        self._container = f'{container}_segments'
        self._prefix = quote(name, safe='') + '/'  # without a '/' of its own: 'a' is no prefix of 'a/b'
        self._entries: list[Row] = []

    @property
    def size(self) -> int:
        return sum(entry['size_bytes'] for entry in self._entries)

    def send(self, pieces: Iterable[bytes]) -> None:
        """Each piece is a segment."""
        self._store.put_container(self._container)
        for piece in pieces:
            at = self._path(len(self._entries))
            etag = hashlib.md5(piece, usedforsecurity=False).hexdigest()
            self._store.put_object(at, piece, {'ETag': etag})
            self._entries.append({'path': at, 'etag': etag, 'size_bytes': len(piece)})

    def manifest(self) -> bytes:
        """What makes one object of them; Swift looks at every segment when it gets it."""
        entries = [{**entry, 'path': unquote(entry['path'])} for entry in self._entries]
        level = 0
        while len(entries) > self._store.most:
            level += 1
            entries = self._parts(level, entries)
        return json.dumps(entries).encode()

    def _parts(self, level: int, entries: list[Row]) -> list[Row]:
        """Where there are too many for one manifest, it lists manifests."""
        most = self._store.most
        return [self._part(f'part-{level}-{at:08}', entries[at : at + most]) for at in range(0, len(entries), most)]

    def _part(self, word: str, entries: list[Row]) -> Row:
        where = self._path(word)
        self._store.put_object(f'{where}?multipart-manifest=put', json.dumps(entries).encode())
        return {'path': unquote(where)}

    def sweep(self) -> None:
        """Remove all of this name that the object which is there now is not made of."""
        head = self._store.head(*self._of) or {}
        used = self._prefix + head.get(UPLOAD, '-')
        for row in self._store.rows(self._container, self._prefix):
            if not row['name'].startswith(used):
                self._store.remove_object(path(self._container, row['name']))

    def _path(self, number: int | str) -> str:
        word = number if isinstance(number, str) else f'{number:08}'
        return path(self._container, f'{self._prefix}{self.upload}/{word}')


def path(*names: str) -> str:
    return ''.join(f'/{quote(name)}' for name in names)


def chunks(data: Iterable[bytes], size: int) -> Iterator[bytes]:
    """The same bytes in pieces of `size`, the last one shorter."""
    held = bytearray()
    for piece in data:
        held += piece
        while len(held) >= size:
            yield bytes(held[:size])
            del held[:size]
    if held:
        yield bytes(held)
