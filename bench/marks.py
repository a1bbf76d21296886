"""Moments that the processes of a benchmark write down as they pass, one line each, by one clock."""

import dataclasses
import os
import time
from collections.abc import Callable, Collection

_VARIABLE = 'DBAAS_BENCH_MARKS'


@dataclasses.dataclass(frozen=True)
class Moment:
    """at: seconds of time.monotonic, the same for all processes; cpu: seconds that its process had used by then."""

    at: float
    cpu: float


Marks = dict[tuple[str, str], Moment]


def environment(path: str) -> dict[str, str]:
    """For the processes that shall write to that file."""
    return {**os.environ, _VARIABLE: path}


_file: int | None = None


def mark(kind: str, key: str) -> None:
    """One short write, appended: lines of several processes do not mix."""
    global _file
    if _file is None:
        _file = os.open(os.environ[_VARIABLE], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    os.write(_file, f'{kind} {key} {time.monotonic_ns()} {time.process_time_ns()}\n'.encode())


def read(path: str) -> Marks:
    """{(kind, key): the first time}."""
    found: Marks = {}
    if os.path.exists(path):
        with open(path) as lines:
            for line in lines:
                kind, key, at, cpu = line.split()
                found.setdefault((kind, key), Moment(int(at) / 1e9, int(cpu) / 1e9))
    return found


def clear(path: str) -> None:
    with open(path, 'w'):
        pass


def wait_for(path: str, kind: str, keys: Collection[str], alive: Callable[[], bool], timeout: float = 120) -> Marks:
    """All marks, once each of `keys` has one of that kind. Raises RuntimeError when that does not happen."""
    give_up = time.monotonic() + timeout
    while not all((kind, key) in (found := read(path)) for key in keys):
        if time.monotonic() > give_up or not alive():
            missing = sum((kind, key) not in found for key in keys)
            raise RuntimeError(f'{missing} of {len(keys)} flows have no mark {kind!r}')
        time.sleep(0.02)
    return found
