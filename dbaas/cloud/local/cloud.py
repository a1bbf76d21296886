"""The local cloud: instances are processes of this machine, with an address and a volume of their own.

Every call can be repeated, and killed between any two of its effects: a record is written before a thing is
made and removed after it is gone. `recover`, `tend` and `down` are its own: at the start, now and then, at the end.
"""

import contextlib
import errno
import functools
import os
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from dbaas.cloud.local import flavors, volumes
from dbaas.cloud.local.addresses import Addresses
from dbaas.cloud.local.agents import Agents, end_installers, strays
from dbaas.cloud.local.limits import Limits
from dbaas.cloud.local.machines import Machines
from dbaas.cloud.local.places import Places, remove_tree
from dbaas.cloud.local.records import Record, Records
from dbaas.cloud.protocol import Flavor, Owner, Port, Resource, Server, Volume
from dbaas.exceptions import CloudError

ADDRESS_DIR = '/run/lock/dbaas-addresses'
NETWORK = '127.64.0.0/10'


class LocalCloud:
    """agent_options: what every agent is told, e.g. {transport_url, heartbeat_interval}."""

    name = 'local'

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

    def flavors(self) -> list[Flavor]:
        return list(self._flavors)

    def effect(self, kind: str) -> str:
        return {
            'security-group': f'nothing on this cloud: every user of this machine reaches {self._network}',
            'port': f'a loopback address in {self._network}',
            'volume': 'a folder, its size watched by the agent' if self._no_images else 'an XFS image, mounted',
            'server': 'an agent process on this machine',
        }[kind]

    def create_security_group(self, owner: Owner, name: str, cidrs: list[str]) -> None:
        """There is none here: see `effect`."""

    def create_port(self, owner: Owner, name: str, service_port: int, public: bool = False) -> Port:
        folder = self._places.record(owner.instance)
        with _doing(f'taking an address for {owner.instance}'), self._addresses.locked():
            record = self._records.get(owner.instance, 'port', name)
            if record is None or not self._addresses.take(record.facts['address'], folder):
                address = self._addresses.choose(folder, service_port)
                record = Record('port', name, owner, {'address': address, 'service_port': service_port})
                self._records.put(record)
                self._addresses.take(address, folder)
        return Port(record.id, record.facts['address'], 'local')

    def create_volume(self, owner: Owner, name: str, size: int, type: str = '') -> Volume:
        with _doing(f'making the volume of {owner.instance}'):
            record = self._records.get(owner.instance, 'volume', name)
            if record is None:
                image = None if self._no_images else self._places.record(owner.instance, f'{name}.img')
                record = Record('volume', name, owner, {'size': size, 'type': type, 'image': image})
                self._records.put(record)
            if record.facts['image']:
                volumes.make(record.facts['image'], record.facts['size'])
        return Volume(record.id, record.facts['size'], record.facts['type'])

    def create_server(
        self, owner: Owner, name: str, flavor: Flavor, port: Port, volume: Volume, user_data: dict[str, Any]
    ) -> Server:
        with _doing(f'starting the agent of {owner.instance}'):
            record = self._records.get(owner.instance, 'server', name)
            if record is None:
                names = {r.id: r.name for r in self._records.all(owner.instance)}
                if port.id not in names or volume.id not in names:
                    raise CloudError(f'the port or the volume of {owner.instance} does not exist')
                facts = {'port': names[port.id], 'volume': names[volume.id], 'flavor': flavor.to_dict()}
                record = Record('server', name, owner, facts | {'wanted': True})
                self._records.put(record)
            self._machines.start(record, user_data)
        return self._seen(record)

    def server(self, owner: Owner, name: str) -> Server | None:
        record = self._records.get(owner.instance, 'server', name)
        return self._seen(record) if record else None

    def delete_server(self, owner: Owner, name: str) -> None:
        record = self._records.get(owner.instance, 'server', name)
        if record is not None:
            with _doing(f'removing the server of {owner.instance}'):
                self._machines.delete(record)
                self._leave(owner.instance)

    def delete_volume(self, owner: Owner, name: str) -> None:
        record = self._records.get(owner.instance, 'volume', name)
        if record is not None:
            with _doing(f'removing the volume of {owner.instance}'):
                volumes.unmount(self._places.live(owner.instance))
                if record.facts['image']:
                    volumes.remove(record.facts['image'])
                remove_tree(self._places.record(owner.instance, 'data'))
                self._records.remove(owner.instance, 'volume', name)
                self._leave(owner.instance)

    def delete_port(self, owner: Owner, name: str) -> None:
        record = self._records.get(owner.instance, 'port', name)
        if record is not None:
            with _doing(f'giving back the address of {owner.instance}'), self._addresses.locked():
                self._addresses.give_back(record.facts['address'], self._places.record(owner.instance))
                self._records.remove(owner.instance, 'port', name)
                self._leave(owner.instance)

    def delete_security_group(self, owner: Owner, name: str) -> None:
        """There is none here."""

    def resources(self, instance: str | None = None) -> list[Resource]:
        """In an order in which they can be removed."""
        instances = self._records.instances() if instance is None else [instance]
        return [record.resource for i in instances for record in self._records.all(i)]

    def remove(self, resource: Resource) -> None:
        delete = {
            'server': self.delete_server,
            'volume': self.delete_volume,
            'port': self.delete_port,
            'security-group': self.delete_security_group,
        }[resource.kind]
        delete(resource.owner, resource.name)

    def forget(self, instance: str) -> None:
        with _doing(f'removing the folders of {instance}'):
            for resource in self.resources(instance):
                self.remove(resource)
            self._leave(instance)

    def recover(self) -> list[str]:
        """Start the agents of all instances that should run -> their ids; those that live go on as they are.

        Raises CloudError when an address has been taken by somebody else.
        """
        with _doing('starting agents'):
            for server in self._servers():
                if self._machines.wanted(server):
                    self._machines.claim(server)
            return self._revive()

    def tend(self) -> list[str]:
        """Start dead agents anew, without touching their databases -> what was done or could not be, a line each."""
        return [line for server in self._servers() if (line := self._tend(server))]

    def _tend(self, server: Record) -> str:
        instance = server.owner.instance
        try:
            with _doing(f'starting the agent of instance {instance}'):
                started = self._machines.revive(server)
        except CloudError as error:
            return f'the agent of instance {instance} has ended and cannot be started: {error}'
        return f'the agent of instance {instance} had ended and is started again' if started else ''

    def _revive(self) -> list[str]:
        return [server.owner.instance for server in self._servers() if self._machines.revive(server)]

    def databases(self) -> list[str]:
        """Ids of the instances whose database server runs."""
        return [server.owner.instance for server in self._servers() if self._machines.database_runs(server)]

    def down(self) -> list[str]:
        """End all agents and database servers cleanly and unmount -> ids of instances; data and records stay."""
        servers = self._servers()
        with _doing('stopping instances'), ThreadPoolExecutor(8) as pool:
            list(pool.map(self._machines.halt, servers))
            end_installers(self._places.templates, patience=5)
            volumes.clean_all(self._probe)
            self._limits.close()
            remove_tree(self._places.rpc)
            with contextlib.suppress(OSError):  # not ours alone, or gone
                os.rmdir(self._places.runtime)
        return [server.owner.instance for server in servers]

    def notes(self) -> list[str]:
        """What this machine does not permit and what we do instead, a line each."""
        notes = []
        if self._no_images:
            as_root = ', database servers run as root' if os.geteuid() == 0 else ''
            notes.append(f'volumes are folders, their size watched by the agents{as_root}: {self._no_images}')
        if self._limits.refused:
            notes.append(f'memory and CPU of instances are not limited: {self._limits.refused}')
        return notes

    def snapshot(self) -> dict[str, Any]:
        """Everything of ours that exists on this machine, comparable: for tests and audits."""
        instances = self._records.instances()
        with open('/proc/self/mounts') as mounts:
            points = [line.split()[1] for line in mounts]
        return {
            'resources': self.resources(),
            'folders': instances,
            'addresses': self._addresses.owned(self._places.instances),
            'mounts': [point for point in points if point.startswith(self._places.runtime + os.sep)],
            'runtime': sorted(_names(self._places.runtime) - {'rpc'}),
            'agents': [i for i in instances if strays(self._places.record(i, 'agent.json'))],
            'databases': [i for i in instances if strays(f'--loose-dbaas={self._places.record(i)}')],
        }

    def _leave(self, instance: str) -> None:
        """With its last resource an instance's folders go: an undone create leaves nothing either."""
        if not self._records.all(instance):
            self._machines.clear(instance)
            remove_tree(self._places.record(instance))

    def _servers(self) -> list[Record]:
        return [r for i in self._records.instances() for r in self._records.all(i) if r.kind == 'server']

    def _seen(self, record: Record) -> Server:
        if not record.facts['wanted']:
            return Server(record.id, 'DELETED')
        if self._machines.alive(record):
            return Server(record.id, 'ACTIVE')
        fault = self._machines.fault(record)
        return Server(record.id, 'ERROR' if fault else 'BUILD', fault)

    @functools.cached_property
    def _no_images(self) -> str | None:
        with self._probing:  # Python 3.12 lets two threads in here
            why = volumes.refusal(os.path.join(self._probe, str(os.getpid())))
            with contextlib.suppress(OSError):  # another process tries, too, or this one may not even that
                os.rmdir(self._probe)
            return why


@contextlib.contextmanager
def _doing(what: str) -> Iterator[None]:
    """Wrap the machine's refusals into one line that says what was being done, and the remedy."""
    try:
        yield
    except OSError as error:
        remedy = '; free some space' if error.errno in (errno.ENOSPC, errno.EDQUOT) else ''
        place = f' ({error.filename})' if error.filename else ''
        raise CloudError(f'{what} failed: {error.strerror or error}{place}{remedy}') from error


def _names(folder: str) -> set[str]:
    with contextlib.suppress(FileNotFoundError):
        return set(os.listdir(folder))
    return set()
