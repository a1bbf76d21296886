"""The object store of the local cloud: a file per object, with its metadata in the first line."""

import contextlib
import json
import os
import threading
from collections.abc import Iterable, Iterator, Mapping
from urllib.parse import quote, unquote

from dbaas.cloud.protocol import Stored
from dbaas.exceptions import CloudError, NotFound

_PIECE = 1 << 20
_HALF = '.new'  # no name ends so: quote() writes the full stop of one that would


class LocalObjects:
    """root: the folder of the containers, made when it is needed."""

    def __init__(self, root: str):
        self._root = root

    def put(self, container: str, name: str, data: Iterable[bytes], metadata: Mapping[str, str]) -> Stored:
        path = self._path(container, name)
        half = f'{path}.{os.getpid()}-{threading.get_ident()}{_HALF}'
        try:
            os.makedirs(os.path.dirname(path), 0o700, exist_ok=True)
            with open(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600), 'wb') as out:
                out.write(json.dumps(dict(metadata)).encode() + b'\n')
                out.writelines(data)
                out.flush()
                os.fsync(out.fileno())
            os.rename(half, path)
        except OSError as error:
            raise CloudError(f'object {name} of {container} cannot be written: {error.strerror}') from error
        finally:
            with contextlib.suppress(OSError):
                os.unlink(half)
        return self._stored(path, name)

    def get(self, container: str, name: str) -> Iterator[bytes]:
        try:
            with open(self._path(container, name), 'rb') as file:
                file.readline()
                while piece := file.read(_PIECE):
                    yield piece
        except FileNotFoundError:
            raise NotFound(f'there is no object {name} in {container}') from None

    def find(self, container: str, name: str) -> Stored | None:
        try:
            return self._stored(self._path(container, name), name)
        except FileNotFoundError:
            return None

    def list(self, container: str, prefix: str = '') -> list[Stored]:
        folder, found = self._folder(container), []
        with contextlib.suppress(FileNotFoundError):
            names = [unquote(name) for name in os.listdir(folder) if not name.endswith(_HALF)]
            for name in sorted(name for name in names if name.startswith(prefix)):
                with contextlib.suppress(FileNotFoundError):  # deleted meanwhile
                    found.append(Stored(name, self._stored(self._path(container, name), name).size))
        return found

    def delete(self, container: str, name: str) -> None:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self._path(container, name))

    @staticmethod
    def _stored(path: str, name: str) -> Stored:
        with open(path, 'rb') as file:
            first = file.readline()
            return Stored(name, os.fstat(file.fileno()).st_size - len(first), json.loads(first))

    def _folder(self, container: str) -> str:
        return os.path.join(self._root, _plain(container))

    def _path(self, container: str, name: str) -> str:
        return os.path.join(self._folder(container), _plain(name))


def _plain(name: str) -> str:
    return quote(name, safe='').replace('.', '%2E')
