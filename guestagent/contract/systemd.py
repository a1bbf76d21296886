"""Telling whoever started us how we are: systemd's notify protocol. Without NOTIFY_SOCKET nothing is said.

Standard library only.
"""

import contextlib
import os
import socket
import time

READY, STOPPING, WATCHDOG = 'READY=1', 'STOPPING=1', 'WATCHDOG=1'


def notify(state: str) -> None:
    """One datagram; whoever does not listen is no reason to fail."""
    path = os.environ.get('NOTIFY_SOCKET', '')
    if path[:1] not in ('/', '@'):
        return
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as out:
        out.setblocking(False)
        out.sendto(state.encode(), '\0' + path[1:] if path[0] == '@' else path)


def reloading() -> str:
    """What to say before options are read again; READY follows."""
    return f'RELOADING=1\nMONOTONIC_USEC={time.monotonic_ns() // 1000}'


def watchdog() -> float | None:
    """Seconds between signs of life that systemd wants of this process (half of its limit); None: it wants none."""
    limit, whom = os.environ.get('WATCHDOG_USEC', ''), os.environ.get('WATCHDOG_PID', str(os.getpid()))
    return int(limit) / 2e6 if limit.isdigit() and int(limit) and whom == str(os.getpid()) else None
