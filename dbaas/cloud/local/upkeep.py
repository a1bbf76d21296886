"""The local cloud's own calls, beside the protocol: at the start, now and then, at the end; and what it sees."""

import contextlib
import os
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from dbaas.cloud.local import volumes
from dbaas.cloud.local.agents import end_installers, strays
from dbaas.cloud.local.parts import Parts, doing
from dbaas.cloud.local.places import remove_tree
from dbaas.cloud.local.records import Record
from dbaas.exceptions import CloudError


class Upkeep(Parts):
    """Part of LocalCloud."""

    def recover(self) -> list[str]:
        """Start the agents of all instances that should run -> their ids; those that live go on as they are.

        Raises CloudError when an address has been taken by somebody else.
        """
        with doing('starting agents'):
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
            with doing(f'starting the agent of instance {instance}'):
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
        with doing('stopping instances'), ThreadPoolExecutor(8) as pool:
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


def _names(folder: str) -> set[str]:
    with contextlib.suppress(FileNotFoundError):
        return set(os.listdir(folder))
    return set()
