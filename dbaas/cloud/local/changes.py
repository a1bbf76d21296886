"""What is done to servers of the local cloud that are there: each call returns when it is done."""

from collections.abc import Mapping
from typing import Any

from dbaas.cloud.local.parts import Parts, doing
from dbaas.cloud.local.records import Record
from dbaas.cloud.protocol import Flavor
from dbaas.exceptions import CloudError


class Changes(Parts):
    """Part of LocalCloud."""

    def resize_server(self, server_id: str, flavor: Flavor) -> None:
        """Other limits at once: nothing is moved, nothing has to be confirmed."""
        server = self._known_server(server_id)
        with doing(f'limiting instance {server.owner.instance} to flavor {flavor.name}'):
            self._machines.refit(self._noted(server, flavor=flavor.to_dict()))

    def confirm_resize(self, server_id: str) -> None:
        self._known_server(server_id)

    def revert_resize(self, server_id: str, flavor: Flavor) -> None:
        self.resize_server(server_id, flavor)

    def reboot_server(self, server_id: str, hard: bool = False) -> None:
        """Agent and database server."""
        server = self._known_server(server_id)
        with doing(f'restarting the agent of {server.owner.instance}'):
            self._machines.restart(self._noted(server, stopped=False))

    def rebuild_server(self, server_id: str, image: str, user_data: Mapping[str, Any]) -> None:
        """There is no root disk here: an agent with the new user data."""
        server = self._known_server(server_id)
        with doing(f'restarting the agent of {server.owner.instance}'):
            self._machines.restart(self._noted(server, stopped=False), user_data)

    def stop_server(self, server_id: str) -> None:
        server = self._known_server(server_id)
        with doing(f'stopping the agent of {server.owner.instance}'):
            self._machines.halt(self._noted(server, stopped=True))

    def start_server(self, server_id: str) -> None:
        server = self._known_server(server_id)
        with doing(f'starting the agent of {server.owner.instance}'):
            self._machines.revive(self._noted(server, stopped=False))

    def _noted(self, server: Record, **facts: Any) -> Record:
        """Written down before it is done: whoever starts it anew does so with this."""
        changed = Record(server.kind, server.name, server.owner, server.facts | facts)
        self._records.put(changed)
        return changed

    def _known_server(self, server_id: str) -> Record:
        server = self._records.by_id('server', server_id)
        if server is None or not server.facts['wanted']:
            raise CloudError(f'server {server_id} does not exist')
        return server
