"""The simulated cloud and its guests in another process, a dbaas-simulator: same methods, same errors as in memory."""

import dataclasses
from typing import Any

from dbaas.cloud.protocol import Flavor, Owner, Port, Resource, Server, Volume
from dbaas.cloud.simulated.mail import OnHeartbeat, OnReport
from dbaas.cloud.simulated.receiver import Receiver
from dbaas.cloud.simulated.wire import Wire
from dbaas.exceptions import CloudUnavailable, GuestUnreachable
from guestagent.contract.commands import Command, Outcome

Document = dict[str, Any]


class RemoteWorld:
    """timeout: seconds for one try of a call; patience: seconds for all its tries; workers: reports side by side."""

    def __init__(self, url: str, timeout: float = 5.0, patience: float = 30.0, workers: int = 4):
        self.url, self._workers = url, workers
        wire = Wire(url, timeout, patience)
        self.cloud, self.guests = RemoteCloud(wire), RemoteGuests(wire)

    def receive(self, on_report: OnReport, on_heartbeat: OnHeartbeat) -> Receiver:
        """Once it is started these are told what guests say: start(), stop()."""
        return Receiver(self.url, on_report, on_heartbeat, self._workers)


class RemoteCloud:
    """dbaas.cloud.protocol.Cloud. Errors: CloudUnavailable when patience is at its end, CloudError at once."""

    name = 'simulated'

    def __init__(self, wire: Wire):
        self._wire = wire

    def _call(self, name: str, /, **arguments: Any) -> Any:
        return self._wire.call(f'cloud.{name}', **arguments)

    def effect(self, kind: str) -> str:
        return f'a {kind.replace("-", " ")} in the simulator'

    def tend(self) -> list[str]:
        """Nothing to restart."""
        return []

    def snapshot(self) -> Document:
        """Comparable: what exists, without ids and times."""
        found: Document = self._wire.call('control.snapshot')
        return found

    def flavors(self) -> list[Flavor]:
        return [Flavor(**row) for row in self._call('flavors')]

    def create_security_group(self, owner: Owner, name: str, cidrs: list[str]) -> str | None:
        made: str = self._call('create_security_group', owner=_plain(owner), name=name, cidrs=cidrs)
        return made

    def create_port(self, owner: Owner, name: str, service_port: int, public: bool = False) -> Port:
        facts = {'name': name, 'service_port': service_port, 'public': public}
        return Port(**self._call('create_port', owner=_plain(owner), **facts))

    def create_volume(self, owner: Owner, name: str, size: int, type: str = '') -> Volume:
        return Volume(**self._call('create_volume', owner=_plain(owner), name=name, size=size, type=type))

    def create_server(
        self, owner: Owner, name: str, flavor: Flavor, port: Port, volume: Volume, user_data: dict[str, Any]
    ) -> Server:
        """user_data stays here: it holds the guest's key, and simulated guests need none."""
        parts = {'flavor': _plain(flavor), 'port': _plain(port), 'volume': _plain(volume), 'user_data': {}}
        return Server(**self._call('create_server', owner=_plain(owner), name=name, **parts))

    def server(self, owner: Owner, name: str) -> Server | None:
        found = self._call('server', owner=_plain(owner), name=name)
        return None if found is None else Server(**found)

    def delete_server(self, owner: Owner, name: str) -> None:
        self._call('delete_server', owner=_plain(owner), name=name)

    def delete_volume(self, owner: Owner, name: str) -> None:
        self._call('delete_volume', owner=_plain(owner), name=name)

    def delete_port(self, owner: Owner, name: str) -> None:
        self._call('delete_port', owner=_plain(owner), name=name)

    def delete_security_group(self, owner: Owner, name: str) -> None:
        self._call('delete_security_group', owner=_plain(owner), name=name)

    def resources(self, instance: str | None = None) -> list[Resource]:
        found = self._call('resources', instance=instance)
        return [Resource(**{**row, 'owner': Owner(**row['owner'])}) for row in found]

    def remove(self, resource: Resource) -> None:
        self._call('remove', resource=_plain(resource))

    def forget(self, instance: str) -> None:
        self._call('forget', instance=instance)


class RemoteGuests:
    """The methods of dbaas.guest.api.Guests. Errors: GuestUnreachable (it may have run), CommandRefused."""

    def __init__(self, wire: Wire):
        self._wire = wire

    def _call(self, name: str, instance_id: str, **arguments: Any) -> Any:
        try:
            return self._wire.call(f'guest.{name}', instance_id=instance_id, **arguments)
        except CloudUnavailable as error:
            raise GuestUnreachable(f'no answer from the guest of instance {instance_id}: {error}') from error

    def submit(self, instance_id: str, command: Command) -> Outcome:
        return Outcome.from_dict(self._call('submit', instance_id, command=command.to_dict()))

    def ask(self, instance_id: str, command_id: str) -> Outcome:
        return Outcome.from_dict(self._call('ask', instance_id, command_id=command_id))

    def ping(self, instance_id: str) -> dict[str, Any]:
        pong: dict[str, Any] = self._call('ping', instance_id)
        return pong


def _plain(thing: Any) -> dict[str, Any]:
    return dataclasses.asdict(thing)
