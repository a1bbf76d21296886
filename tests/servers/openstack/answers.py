"""Whether the services answer, and whether they know each other: HTTP alone does not tell."""

import urllib.error
import urllib.request

import openstack.exceptions
from openstack.connection import Connection

from tests.servers.openstack import programs

PATHS = {'swift': '/healthcheck', 'proxy': '/rules'}


def http(url: str) -> bool:
    """Any answer of the service itself, a refusal too."""
    try:
        urllib.request.urlopen(url, timeout=30).close()
    except urllib.error.HTTPError as answer:
        return answer.code < 500
    except OSError:
        return False
    return True


def service(name: str, ports: dict[str, int]) -> bool:
    port = ports['faults' if name == 'proxy' else name]
    return http(f'http://127.0.0.1:{port}{PATHS.get(name, "/")}')


def together(admin: Connection) -> str:
    """What is missing still, for people; empty when a server with a volume can be made.

    A volume waits for minutes where the scheduler has not heard of the storage yet.
    """
    try:
        if not list(admin.block_storage.backend_pools()):
            return 'cinder has no storage'
        down = [one.binary for one in admin.compute.services() if one.state != 'up']
        return f'down: {", ".join(down)}' if down else ''
    except openstack.exceptions.SDKException as problem:
        return str(problem)


def running(state, ports: dict[str, int]) -> dict[str, bool]:
    """Service -> whether its process runs and answers."""
    return {name: programs.process(state, name).pid is not None and service(name, ports) for name in programs.ALL}
