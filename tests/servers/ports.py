"""A port that nobody listens on now."""

import contextlib
import os
import random
import socket

SLICES, WIDTH = 10, 1000
LOWEST = 10000  # below those that the product chooses, and those that outgoing connections get


def free_port() -> int:
    with socket.socket() as found:
        found.bind(('127.0.0.1', 0))
        return found.getsockname()[1]


def _slice() -> range:
    """Of this process among those that run the tests: what one has been given and not bound yet is no other's."""
    worker = int(os.environ.get('PYTEST_XDIST_WORKER', 'gw0').removeprefix('gw')) % SLICES
    return range(LOWEST + WIDTH * worker, LOWEST + WIDTH * (worker + 1))


_offers = iter(random.sample(_slice(), WIDTH))


def lasting_port() -> int:
    """Free, given once, and nobody else's choice: for a server that starts later, or is stopped and started again."""
    for port in _offers:
        with contextlib.suppress(OSError), socket.socket() as found:
            found.bind(('127.0.0.1', port))
            return port
    raise AssertionError(f'no port is left of {WIDTH}')
