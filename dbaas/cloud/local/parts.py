"""What the local cloud is made of, and what its parts share."""

import contextlib
import errno
import functools
import os
import threading
from collections.abc import Collection, Iterator, Sequence
from typing import Any

from dbaas.cloud.local import flavors, volumes
from dbaas.cloud.local.addresses import Addresses
from dbaas.cloud.local.agents import Agents
from dbaas.cloud.local.limits import Limits
from dbaas.cloud.local.machines import Machines
from dbaas.cloud.local.objects import LocalObjects
from dbaas.cloud.local.places import Places, remove_tree
from dbaas.cloud.local.records import Record, Records
from dbaas.cloud.protocol import KINDS, Resource, Server
from dbaas.exceptions import CloudError

ADDRESS_DIR = '/run/lock/dbaas-addresses'
NETWORK = '127.64.0.0/10'


class Parts:
    """agent_options: what every agent is told, e.g. {transport_url, heartbeat_interval}."""

    def __init__(
        self, places: Places, *, network: str = NETWORK, address_dir: str = ADDRESS_DIR,
        flavors_file: str | None = None, limits: bool = True, agent_command: Sequence[str] | None = None,
        agent_options: dict[str, Any] | None = None,
    ):  # fmt: skip
        self._places, self._network = places, network
        self._probe, self._probing = os.path.join(places.state, 'probe'), threading.Lock()
        self._flavors = flavors.read(flavors_file)
        self._records = Records(places)
        self._addresses = Addresses(address_dir, network)
        self._limits = Limits(places.tag, limits)
        self._machines = Machines(
            places, self._records, self._addresses, self._limits, Agents(places.state, agent_command),
            agent_options or {},
        )  # fmt: skip
        self.objects = LocalObjects(os.path.join(places.state, 'objects'))

    def resources(self, instance: str | None = None, kinds: Collection[str] = KINDS) -> list[Resource]:
        """In an order in which they can be removed."""
        instances = self._records.instances() if instance is None else [instance]
        return [record.resource for i in instances for record in self._records.all(i) if record.kind in kinds]

    def _leave(self, instance: str) -> None:
        """With its last resource an instance's folders go: an undone create leaves nothing either."""
        if not self._records.all(instance):
            self._machines.clear(instance)
            remove_tree(self._places.record(instance))

    def _servers(self) -> list[Record]:
        return [r for i in self._records.instances() for r in self._servers_of(i)]

    def _servers_of(self, instance: str) -> list[Record]:
        return [r for r in self._records.all(instance) if r.kind == 'server']

    def _seen(self, record: Record) -> Server:
        flavor, alive = record.facts['flavor']['id'], self._machines.alive(record)
        if not record.facts['wanted']:
            return Server(record.id, 'DELETED', flavor=flavor)
        if record.facts.get('stopped'):
            return Server(record.id, 'CHANGING' if alive else 'SHUTOFF', flavor=flavor)
        if alive:
            return Server(record.id, 'ACTIVE', flavor=flavor)
        fault = self._machines.fault(record)
        return Server(record.id, 'ERROR' if fault else 'BUILD', fault, flavor)

    @functools.cached_property
    def _no_images(self) -> str | None:
        with self._probing:  # Python 3.12 lets two threads in here
            why = volumes.refusal(os.path.join(self._probe, str(os.getpid())))
            with contextlib.suppress(OSError):  # another process tries, too, or this one may not even that
                os.rmdir(self._probe)
            return why


@contextlib.contextmanager
def doing(what: str) -> Iterator[None]:
    """Wrap the machine's refusals into one line that says what was being done, and the remedy."""
    try:
        yield
    except OSError as error:
        remedy = '; free some space' if error.errno in (errno.ENOSPC, errno.EDQUOT) else ''
        place = f' ({error.filename})' if error.filename else ''
        raise CloudError(f'{what} failed: {error.strerror or error}{place}{remedy}') from error
