"""A port that nobody listens on now."""

import contextlib
import random
import socket


def free_port() -> int:
    with socket.socket() as found:
        found.bind(('127.0.0.1', 0))
        return found.getsockname()[1]


def lasting_port() -> int:
    """Free, and not of those that outgoing connections get: for a server that is stopped and started again."""
    while True:
        port = random.randrange(20000, 30000)
        with contextlib.suppress(OSError), socket.socket() as found:
            found.bind(('127.0.0.1', port))
            return port
