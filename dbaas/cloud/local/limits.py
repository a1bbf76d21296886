"""Memory and CPU of an instance, confined by cgroups: version 2 where it has the controllers, else version 1."""

import contextlib
import dataclasses
import os
from collections.abc import Mapping

_PERIOD = 100_000  # microseconds


@dataclasses.dataclass(frozen=True)
class Hierarchy:
    """Where cgroups are made. version 2: one folder for all controllers; 1: a folder for each."""

    version: int
    folders: dict[str, str]  # controller -> mount point


def detect(mounts: str = '/proc/self/mounts') -> Hierarchy | None:
    """The hierarchy with memory and cpu; None: this machine has none."""
    v1: dict[str, str] = {}
    with open(mounts) as lines:
        for line in lines:
            _, where, kind, options = line.split()[:4]
            if kind == 'cgroup2' and _wanted() <= set(_read(f'{where}/cgroup.controllers').split()):
                return Hierarchy(2, dict.fromkeys(_wanted(), where))
            if kind == 'cgroup':
                v1.update((c, where) for c in _wanted() & set(options.split(',')))
    return Hierarchy(1, v1) if v1.keys() >= _wanted() else None


class Limits:
    """`group` is the folder of this deployment within the hierarchy; `refused` says why nothing is limited."""

    def __init__(self, group: str, enabled: bool = True, hierarchy: Hierarchy | None = None):
        self._group = group
        self._hierarchy = (hierarchy or detect()) if enabled else None
        self.refused = self._probe() if enabled else None

    def make(self, instance: str, ram: int, vcpus: int) -> list[str]:
        """Limit `instance` to `ram` MiB and `vcpus` cores -> folders a process enters before exec. Repeatable."""
        if self._hierarchy is None or self.refused:
            return []
        if self._hierarchy.version == 2:
            settings: dict[str, int | str] = {'memory.max': ram << 20, 'cpu.max': f'{vcpus * _PERIOD} {_PERIOD}'}
            return [self._write(self._folder('memory', instance), settings)]
        memory = {'memory.limit_in_bytes': ram << 20}
        cpu = {'cpu.cfs_period_us': _PERIOD, 'cpu.cfs_quota_us': vcpus * _PERIOD}
        return [
            self._write(self._folder('memory', instance), memory),
            self._write(self._folder('cpu', instance), cpu),
        ]

    def remove(self, instance: str) -> None:
        for folder in self._folders(instance):
            with contextlib.suppress(FileNotFoundError):
                os.rmdir(folder)

    def close(self) -> None:
        """Remove the folder of the deployment, when no instance is left in it."""
        for folder in self._folders(''):
            with contextlib.suppress(OSError):
                os.rmdir(folder)

    def _probe(self) -> str | None:
        if self._hierarchy is None:
            return 'no cgroup controllers for memory and cpu'
        try:
            for folder in self._folders(''):
                os.makedirs(folder, exist_ok=True)
            if self._hierarchy.version == 2:
                self._delegate()
        except OSError as error:
            return f'{error.filename}: {error.strerror}'
        return None

    def _delegate(self) -> None:
        """Version 2 gives controllers to the folders below only where each folder above says so."""
        group = self._folder('memory', '')
        for above in (os.path.dirname(group), group):
            with open(f'{above}/cgroup.subtree_control', 'w') as out:
                out.write('+memory +cpu')

    def _write(self, folder: str, settings: Mapping[str, int | str]) -> str:
        os.makedirs(folder, exist_ok=True)
        for key, value in settings.items():
            with open(f'{folder}/{key}', 'w') as out:
                out.write(str(value))
        return folder

    def _folders(self, instance: str) -> set[str]:
        return {self._folder(c, instance) for c in self._hierarchy.folders} if self._hierarchy else set()

    def _folder(self, controller: str, instance: str) -> str:
        assert self._hierarchy is not None
        return os.path.join(self._hierarchy.folders[controller], self._group, instance).rstrip('/')


def _wanted() -> set[str]:
    return {'memory', 'cpu'}


def _read(path: str) -> str:
    with contextlib.suppress(OSError), open(path) as text:
        return text.read()
    return ''
