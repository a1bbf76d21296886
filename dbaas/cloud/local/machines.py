"""The local cloud's servers: an agent process with its facts in agent.json, its limits and its mounted volume."""

import contextlib
import json
import os
import threading
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from dbaas.cloud.local import volumes
from dbaas.cloud.local.addresses import Addresses, listening
from dbaas.cloud.local.agents import CONFIG, SERVER_PID, Agents, strays
from dbaas.cloud.local.limits import Limits
from dbaas.cloud.local.places import Places, remove_tree
from dbaas.cloud.local.records import Record, Records
from dbaas.exceptions import CloudError
from guestagent.contract import processes

UID_BASE = 0x70000000  # above every range that systemd and shadow hand out; no passwd entry is needed


class Machines:
    """`options`: what every agent is told, whatever its server's user data once said."""

    def __init__(
        self, places: Places, records: Records, addresses: Addresses, limits: Limits, agents: Agents,
        options: dict[str, Any],
    ):  # fmt: skip
        self._places, self._records, self._addresses = places, records, addresses
        self._limits, self._agents, self._options = limits, agents, options
        self._guards: dict[str, threading.RLock] = defaultdict(threading.RLock)

    def start(self, server: Record, user_data: Mapping[str, Any]) -> None:
        with self._guards[server.owner.instance]:
            self._start(server, user_data)

    def refit(self, server: Record) -> None:
        """What its records say anew holds from now on: limits at once, the agent's facts when it starts again."""
        with self._guards[server.owner.instance]:
            known = self._known_config(server)
            if known is not None:
                self._configure(server, known)

    def renew(self, server: Record) -> None:
        """The same, and its agent is started anew; the database goes on."""
        with self._guards[server.owner.instance]:
            self._agents.end(self._folder(server))
            self.refit(server)
            self.revive(server)

    def restart(self, server: Record, user_data: Mapping[str, Any] | None = None) -> None:
        """Agent and database server, with the same user data or with other."""
        with self._guards[server.owner.instance]:
            known = self._known_config(server) if user_data is None else user_data
            self.halt(server)
            if known is not None:
                self._start(server, known)

    def revive(self, server: Record) -> bool:
        """Start its agent anew if it should run and does not -> whether it was started."""
        with self._guards[server.owner.instance]:
            if self._agents.alive(self._folder(server)) or not self.wanted(server):
                return False
            known = self._known_config(server)
            if known is None:  # the step that makes it was killed, and will be repeated
                return False
            self.claim(server)  # after a boot nobody has it
            return self._start(server, known)

    def halt(self, server: Record) -> None:
        """Agent and database server ended, volume unmounted, limits gone; data and records stay."""
        with self._guards[server.owner.instance]:
            self._agents.stop(self._folder(server))
            self.clear(server.owner.instance)

    def clear(self, instance: str) -> None:
        """Everything of an instance that is no data and no record: mount, sockets, limits."""
        live = self._places.live(instance)
        volumes.unmount(live)
        for folder in (live, *self._places.queues(instance)):
            remove_tree(folder)
        self._limits.remove(instance)

    def delete(self, server: Record) -> None:
        with self._guards[server.owner.instance]:
            self._records.put(Record(server.kind, server.name, server.owner, server.facts | {'wanted': False}))
            with contextlib.suppress(FileNotFoundError):
                os.unlink(os.path.join(self._folder(server), CONFIG))  # an agent being born ends by itself
            self.halt(server)
            self._records.remove(server.owner.instance, server.kind, server.name)

    def wanted(self, server: Record) -> bool:
        """Whether it should run: it is not being deleted, and nobody has stopped it."""
        current = self._records.get(server.owner.instance, server.kind, server.name)
        return current is not None and current.facts['wanted'] and not current.facts.get('stopped')

    def alive(self, server: Record) -> bool:
        return self._agents.alive(self._folder(server))

    def fault(self, server: Record) -> str:
        return self._agents.fault(self._folder(server))

    def database_runs(self, server: Record) -> bool:
        folder = self._folder(server)
        return processes.running(os.path.join(folder, SERVER_PID)) or bool(strays(f'--loose-dbaas={folder}'))

    def claim(self, server: Record) -> None:
        """Take its address again (after a reboot). Raises CloudError when a stranger has it."""
        port = self._port(server)
        address, number = port.facts['address'], port.facts['service_port']
        with self._addresses.locked():
            ours = self._addresses.take(address, self._folder(server))
        if not ours:
            raise CloudError(
                f'{address}, the address of instance {server.owner.instance}, belongs to another deployment'
            )
        if not self.database_runs(server) and listening(address, number):
            raise CloudError(
                f'something else listens on {address}:{number}, the address of instance {server.owner.instance};'
                f' find it with "ss -ltnp sport = :{number}", stop it and start again'
            )

    def _start(self, server: Record, user_data: Mapping[str, Any]) -> bool:
        """-> whether it was started. Another process may delete the server meanwhile: then nothing of it stays.

        It marks the server before it ends what runs, we look at the mark after we have started: one of us ends it.
        """
        try:
            self._configure(server, user_data)
            return self._agents.start(self._folder(server))
        finally:
            if not self.wanted(server):
                self._agents.stop(self._folder(server))
                self.clear(server.owner.instance)

    def _configure(self, server: Record, user_data: Mapping[str, Any]) -> None:
        config = dict(user_data) | self._options | self._facts(server)
        live = config['runtime']
        os.makedirs(live, exist_ok=True)
        os.chmod(live, 0o711 if config['identity'] else 0o700)
        processes.replace(os.path.join(self._folder(server), CONFIG), json.dumps(config))

    def _facts(self, server: Record) -> dict[str, Any]:
        """What this machine adds to the user data; absolute paths."""
        instance, flavor = server.owner.instance, server.facts['flavor']
        port, volume = self._port(server), self._volume(server)
        folder, live = self._folder(server), self._places.live(instance)
        image = volume.facts['image']
        return {
            'state': self._places.state,
            'record': folder,
            'runtime': live,
            'templates': self._places.templates,
            'data': os.path.join(live if image else folder, 'data'),
            'volume': {'image': image, 'mount': live if image else None, 'size': volume.facts['size']},
            'identity': self._identity(port.facts['address']) if image else None,
            'cgroups': self._limits.make(instance, flavor['ram'], flavor['vcpus']),
            'address': port.facts['address'],
            'port': port.facts['service_port'],
            'flavor': flavor,
        }

    def _identity(self, address: str) -> dict[str, int] | None:
        uid = UID_BASE + self._addresses.number(address)
        return {'uid': uid, 'gid': uid} if _mapped('uid', uid) and _mapped('gid', uid) else None

    def _known_config(self, server: Record) -> dict[str, Any] | None:
        with contextlib.suppress(FileNotFoundError), open(os.path.join(self._folder(server), CONFIG)) as text:
            return json.load(text)
        return None

    def _port(self, server: Record) -> Record:
        return self._part(server, 'port')

    def _volume(self, server: Record) -> Record:
        return self._part(server, 'volume')

    def _part(self, server: Record, kind: str) -> Record:
        part = self._records.get(server.owner.instance, kind, server.facts[kind])
        if part is None:
            raise CloudError(f'the {kind} of instance {server.owner.instance} is gone')
        return part

    def _folder(self, server: Record) -> str:
        return self._places.record(server.owner.instance)


def _mapped(kind: str, number: int) -> bool:
    """Whether this user namespace knows that uid or gid (containers may have few)."""
    with open(f'/proc/self/{kind}_map') as lines:
        ranges = [tuple(map(int, line.split())) for line in lines]
    return any(first <= number < first + count for first, _, count in ranges)
