"""Swift: objects of any size. Small ones are one PUT; large ones are segments and, last of all, a manifest (SLO)."""

import contextlib
import functools
import hashlib
import itertools
import re
from collections.abc import Iterable, Iterator, Mapping
from urllib.parse import quote, unquote

import requests

from dbaas.cloud.openstack.part import Part
from dbaas.cloud.openstack.segments import META, UPLOAD, Segments, Store, chunks, path
from dbaas.cloud.openstack.tries import repeated
from dbaas.cloud.protocol import Stored
from dbaas.exceptions import CloudError, CloudUnavailable, NotFound

_PIECE = 256 * 1024  # bytes that are read at a time
_MISSES = 5  # tries of a read that brought nothing


class SwiftObjects(Part):
    """Segments lie in `<container>_segments`. Three of them are in memory at a time."""

    def put(self, container: str, name: str, data: Iterable[bytes], metadata: Mapping[str, str]) -> Stored:
        store = self._store
        segments = Segments(store, container, name)
        headers = {META + key: quote(value) for key, value in metadata.items()} | {UPLOAD: segments.upload}
        store.put_container(container)
        try:
            size = self._send(path(container, name), chunks(data, self.options.segment_size), segments, headers)
        except BaseException:
            with contextlib.suppress(CloudError):  # the next put or delete of this name sweeps as well
                segments.sweep()
            raise
        segments.sweep()
        return Stored(name, size, dict(metadata))

    def _send(self, at: str, pieces: Iterator[bytes], segments: Segments, headers: dict[str, str]) -> int:
        first, second = next(pieces, b''), next(pieces, None)
        if second is None:
            etag = hashlib.md5(first, usedforsecurity=False).hexdigest()
            self._store.put_object(at, first, headers | {'ETag': etag})
            return len(first)
        segments.send(itertools.chain((first, second), pieces))
        self._store.put_object(f'{at}?multipart-manifest=put', segments.manifest(), headers)
        return segments.size

    def get(self, container: str, name: str) -> Iterator[bytes]:
        """A stream that breaks off is taken up where it was, as long as it is still the same object."""
        head = self._store.head(container, name)
        if head is None:
            raise NotFound(f'Swift: there is no object {container}/{name}.')
        return self._stream(path(container, name), int(head['content-length']), head['etag'])

    def _stream(self, at: str, size: int, etag: str) -> Iterator[bytes]:
        done, misses = 0, 0
        while done < size:
            begun = done
            with self._rest(at, done, etag) as answer, contextlib.suppress(requests.RequestException):
                for piece in answer.iter_content(_PIECE):
                    done += len(piece)
                    yield piece
            misses = 0 if done > begun else misses + 1
            if misses > _MISSES:
                raise CloudUnavailable(f'Swift: GET {at} breaks off at byte {done} of {size}; resume when it is back')

    @repeated
    def _rest(self, at: str, done: int, etag: str) -> requests.Response:
        headers = {'Range': f'bytes={done}-', 'If-Match': etag, 'Accept-Encoding': 'identity'}
        answer = self.services.objects.send('GET', at, headers=headers, stream=True)
        begin = _begin(answer)
        if begin != done:
            answer.close()
            where = 'somewhere' if begin is None else f'at byte {begin}'
            raise CloudError(
                f'Swift: GET {at} from byte {done}: the answer ({answer.status_code}) begins {where};'
                ' let what stands before Swift pass Range and Content-Range on, then resume'
            )
        return answer

    def find(self, container: str, name: str) -> Stored | None:
        head = self._store.head(container, name)
        if head is None:
            return None
        told = {key: value for key, value in head.items() if key.startswith(META) and key != UPLOAD}
        metadata = {key.removeprefix(META): unquote(value) for key, value in told.items()}
        return Stored(name, int(head['content-length']), metadata)

    def list(self, container: str, prefix: str = '') -> list[Stored]:
        return [Stored(row['name'], row['bytes']) for row in self._store.rows(container, prefix)]

    def delete(self, container: str, name: str) -> None:
        self._store.remove_object(path(container, name))
        Segments(self._store, container, name).sweep()

    @functools.cached_property
    def _store(self) -> Store:
        return Store(self.services, self.options, self.tries)


def _begin(answer: requests.Response) -> int | None:
    """The first byte of the object that is in it; None: it does not say."""
    if answer.status_code != requests.codes.partial_content:
        return 0
    found = re.match(r'bytes (\d+)-', answer.headers.get('Content-Range', ''))
    return int(found[1]) if found else None
