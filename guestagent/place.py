"""Where an agent's instance lives: the facts of agent.json, and the folders that follow from them."""

import base64
import dataclasses
import json
import os
from typing import Any

from guestagent.failure import CommandError

SOCKET_PATH_MAX = 107  # bytes that fit into a sockaddr


@dataclasses.dataclass(frozen=True)
class Place:
    """`identity` is (uid, gid) of the database server; None: the agent's own. `volume_size` in GiB.

    The volume, mounted at `mount`: the file `image`, or the block device `device`; None: it is a plain directory.
    """

    instance: str
    datastore: str
    state: str
    record: str
    runtime: str
    data: str
    templates: str
    transport_url: str = dataclasses.field(repr=False)  # with a broker: the login of this instance's own user
    key: bytes = dataclasses.field(repr=False)
    address: str = '127.0.0.1'
    port: int = 0
    volume_size: float = 1
    image: str | None = None
    device: str | None = None
    mount: str | None = None
    identity: tuple[int, int] | None = None
    cgroups: tuple[str, ...] = ()
    flavor: dict[str, Any] = dataclasses.field(default_factory=dict)
    heartbeat_interval: float = 10.0

    @property
    def home(self) -> str:
        """On the volume: everything the server opens but its sockets."""
        return os.path.dirname(self.data)

    @property
    def sockets(self) -> str:
        return os.path.join(self.runtime, 's')

    @property
    def socket(self) -> str:
        path = os.path.join(self.sockets, 'sql')
        if len(os.fsencode(path)) > SOCKET_PATH_MAX:
            raise CommandError(f'the socket path {path} is too long: choose a shorter runtime directory')
        return path

    @property
    def error_log(self) -> str:
        return os.path.join(self.home, 'log', 'error.log')

    @property
    def server_pid(self) -> str:
        return os.path.join(self.record, 'server.pid')

    @property
    def mark(self) -> str:
        """The argument by which the server's process is known to be this instance's."""
        return f'--loose-dbaas={self.record}'


def read(path: str) -> Place:
    """The place described by agent.json. Raises KeyError naming what is missing, ValueError for bad JSON."""
    with open(path) as text:
        return make(json.load(text))


def make(given: dict[str, Any]) -> Place:
    """The same of what such a file holds."""
    volume, identity = given.get('volume') or {}, given.get('identity')
    return Place(
        key=base64.b64decode(given['key']),
        port=int(given['port']),
        volume_size=float(volume.get('size', 1)),
        image=volume.get('image'),
        device=volume.get('device'),
        mount=volume.get('mount'),
        identity=(identity['uid'], identity['gid']) if identity else None,
        cgroups=tuple(given.get('cgroups') or ()),
        flavor=given.get('flavor') or {},
        heartbeat_interval=float(given.get('heartbeat_interval', 10)),
        **{name: given[name] for name in _PLAIN},
    )


_PLAIN = (
    'instance', 'datastore', 'state', 'record', 'runtime', 'data', 'templates', 'transport_url', 'address',
)  # fmt: skip
