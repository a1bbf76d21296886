"""The ports of a cluster's servers: each chosen once and remembered; another one when a stranger has it by now."""

import contextlib
import json
import os
import random
import socket
import threading
from collections.abc import Collection

from dbaas.exceptions import Unavailable
from guestagent.contract import processes

_RANGE = range(20000, 32000)  # below those that the kernel gives to outgoing connections
_TRIES = 200


class Ports:
    """In ports.json of the state directory. Servers that start at once may choose at once."""

    def __init__(self, state: str):
        self._lock = threading.Lock()
        self._path = os.path.join(state, 'ports.json')
        self._known: dict[str, int] = {}
        with contextlib.suppress(FileNotFoundError), open(self._path) as text:
            self._known = json.load(text)

    def get(self, name: str) -> int | None:
        return self._known.get(name)

    def choose(self, name: str, runs: bool = False) -> int:
        """The port of `name`; runs: its server has it now, so it stays. Raises Unavailable: none is free."""
        with self._lock:
            known = self._known.get(name)
            if known is None or (not runs and taken(known)):
                self._known[name] = _free(set(self._known.values()))
                processes.replace(self._path, json.dumps(self._known, indent=1) + '\n')
            return self._known[name]


def taken(port: int, host: str = '127.0.0.1') -> bool:
    """Whether somebody listens there."""
    with socket.socket(socket.AF_INET6 if ':' in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return True
    return False


def _free(others: Collection[int]) -> int:
    for port in random.sample(_RANGE, _TRIES):
        if port not in others and not taken(port):
            return port
    raise Unavailable(f'no free port between {_RANGE.start} and {_RANGE.stop - 1} on 127.0.0.1')
