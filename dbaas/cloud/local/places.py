"""Where the local cloud keeps what: records and data in the state directory, sockets and mounts in a short one.

As root, what a database server opens lies under /run/dbaas-<hash>/<instance> (the volume is mounted there),
because the state directory may lie below a 0700 folder. Else only sockets lie there: it may be a tmpfs.
"""

import contextlib
import dataclasses
import glob
import hashlib
import os
import re
import shutil
import stat
from collections.abc import Iterator
from typing import Any

from dbaas.exceptions import CloudError
from guestagent.contract import processes

_NAME = re.compile(r'[A-Za-z0-9][A-Za-z0-9_.-]*')


@dataclasses.dataclass(frozen=True)
class Places:
    """Absolute folders of one deployment; `instance` arguments are ids of ours."""

    state: str
    runtime: str

    @property
    def instances(self) -> str:
        return os.path.join(self.state, 'instances')

    @property
    def templates(self) -> str:
        return os.path.join(self.state, 'templates')

    @property
    def rpc(self) -> str:
        """Folder of the Unix-socket transport."""
        return os.path.join(self.runtime, 'rpc')

    @property
    def tag(self) -> str:
        """A machine-wide name of this deployment: dbaas-<hash of the state directory>."""
        return _tag(self.state)

    def record(self, instance: str, *rest: str) -> str:
        return os.path.join(self.instances, _safe(instance), *rest)

    def live(self, instance: str, *rest: str) -> str:
        return os.path.join(self.runtime, _safe(instance), *rest)

    def queues(self, instance: str) -> list[str]:
        """Folders of the transport in which its agent listens; one that was killed could not remove them."""
        sockets = os.path.join(glob.escape(self.rpc), '*', f'{_safe(instance)}.sock*')
        return sorted({os.path.dirname(path) for path in glob.glob(sockets)})


def settle(state: str, runtime_dir: str | None = None) -> Places:
    """Make the folders of a deployment. Raises CloudError with the remedy where that is not possible.

    The runtime folder is written down and kept while it exists: agents that still run have their sockets there.
    """
    state = os.path.abspath(state)
    with _explained(state, 'choose another with --state or DBAAS_STATE'):
        os.makedirs(state, 0o700, exist_ok=True)
        os.makedirs(os.path.join(state, 'instances'), 0o700, exist_ok=True)
        os.chmod(os.path.join(state, 'instances'), 0o700)
    places = Places(state, _runtime(state, runtime_dir))
    with _explained(places.runtime, 'choose another with [local] runtime_dir'):
        _make_own(places.runtime, 0o711 if os.geteuid() == 0 else 0o700)
        _make_own(places.rpc, 0o700)
    with _explained(state, 'choose another with --state or DBAAS_STATE'):
        if _noted(state) != places.runtime:
            processes.replace(_note(state), places.runtime)
    return places


def find(state: str) -> Places | None:
    """The places of a deployment that was settled before; None: there is none in `state`."""
    state = os.path.abspath(state)
    runtime = _noted(state)
    return Places(state, runtime) if runtime else None


def _note(state: str) -> str:
    return os.path.join(state, 'runtime')


def _noted(state: str) -> str | None:
    try:
        with open(_note(state)) as text:
            return text.read().strip() or None
    except FileNotFoundError:
        return None
    except OSError as error:
        raise CloudError(f'cannot read {_note(state)}: {error.strerror}; run as the user who started it') from error


def _runtime(state: str, runtime_dir: str | None) -> str:
    noted = _noted(state)
    if noted and os.path.isdir(noted):
        return noted
    if runtime_dir:
        return os.path.join(os.path.abspath(runtime_dir), _tag(state))
    if os.geteuid() == 0:
        return f'/run/{_tag(state)}'
    above = os.environ.get('XDG_RUNTIME_DIR')
    if not above or not os.access(above, os.W_OK):
        above = f'/tmp/dbaas-{os.geteuid()}'  # short, since Unix socket paths end at 107 bytes
        with _explained(above, 'choose another with [local] runtime_dir'):
            _make_own(above, 0o700)
    return os.path.join(above, _tag(state))


def _tag(state: str) -> str:
    return 'dbaas-' + hashlib.sha256(state.encode()).hexdigest()[:8]


def _make_own(folder: str, mode: int) -> None:
    """Make `folder`; one that is there must be a real folder of ours: /tmp belongs to everybody."""
    with contextlib.suppress(FileExistsError):
        os.makedirs(folder, mode)
    seen = os.lstat(folder)
    if not stat.S_ISDIR(seen.st_mode) or seen.st_uid != os.geteuid():
        raise CloudError(f'{folder} belongs to somebody else; choose another place with [local] runtime_dir')
    os.chmod(folder, mode)


def remove_tree(folder: str) -> None:
    """Also while a dying process removes some of it itself."""

    def passed_over(_function: object, _path: str, seen: Any) -> None:
        if not isinstance(seen[1], FileNotFoundError):
            raise seen[1]

    shutil.rmtree(folder, onerror=passed_over)


@contextlib.contextmanager
def _explained(folder: str, remedy: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise CloudError(f'cannot write to {folder}: {error.strerror}; {remedy}') from error


def _safe(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise CloudError(f'{name!r} is no name of an instance')
    return name
