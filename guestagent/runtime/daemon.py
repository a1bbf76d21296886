"""Talking to the container daemon of this machine, dockerd or podman's service, by its Unix socket."""

import contextlib
import os
from collections.abc import Iterator
from typing import Any

from guestagent.failure import CommandError

SOCKETS = ('/run/docker.sock', '/run/podman/podman.sock')
ANSWER_WITHIN = 120.0  # seconds for a call; a large image is unpacked within one


def socket_path(given: str | None) -> str:
    """`given`, or the first of the usual sockets that is there."""
    return given or next((path for path in SOCKETS if os.path.exists(path)), SOCKETS[0])


@contextlib.contextmanager
def talking(socket: str, what: str) -> Iterator[Any]:
    """A docker.DockerClient. Raises CommandError: `what` failed, why, and what to do.

    What the caller can use itself is left to it: docker.errors.NotFound and ImageNotFound pass.
    """
    import docker  # late: most agents never need it, and its import takes as long as all of ours
    import requests
    from docker import errors

    try:
        client = docker.DockerClient(base_url=f'unix://{socket}', version='auto', timeout=ANSWER_WITHIN)
    except errors.DockerException as error:
        raise CommandError(
            f'{what}: the container daemon does not answer at {socket} ({_root(error)}):'
            f' start it (systemctl start docker), install it (in a guest image, see docs/guest-image.md)'
            f' or set [container] socket'
        ) from error
    try:
        yield client
    except errors.NotFound:
        raise
    except errors.DockerException as error:
        raise CommandError(f'{what}: the container daemon at {socket} refuses: {_said(error)}') from error
    except requests.Timeout as error:
        raise CommandError(f'{what}: it is not done in the time that it is given') from error
    except requests.RequestException as error:
        raise CommandError(f'{what}: the container daemon at {socket} went away: {_root(error)}') from error
    finally:
        client.close()


def _said(error: Any) -> str:
    return ' '.join(str(getattr(error, 'explanation', None) or error).split())


def _root(error: BaseException) -> str:
    """The system's own words at the bottom of a library's nested errors."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, OSError) and seen.strerror:
            return seen.strerror
        seen = seen.__cause__ or seen.__context__
    return str(error)
