"""The simulated cloud and its guests in another process, a dbaas-simulator: same methods, same errors as in memory."""

import base64
import dataclasses
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from dbaas.cloud.protocol import (
    KINDS,
    Flavor,
    FloatingIp,
    Machine,
    Need,
    Nic,
    Owner,
    Port,
    Resource,
    Rule,
    Server,
    Snapshot,
    Stored,
    Volume,
)
from dbaas.cloud.simulated.mail import OnHeartbeat, OnReport
from dbaas.cloud.simulated.receiver import Receiver
from dbaas.cloud.simulated.wire import Wire
from dbaas.exceptions import CloudUnavailable, GuestUnreachable
from guestagent.contract.commands import Command, Outcome

Document = dict[str, Any]
Kind = TypeVar('Kind')


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
        self._wire, self.objects = wire, RemoteObjects(wire)

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

    def refusal(
        self, project: str, nics: Sequence[Nic], zone: str, volume_type: str, public: bool = False
    ) -> str | None:
        asked = {'project': project, 'zone': zone, 'volume_type': volume_type, 'public': public}
        why: str | None = self._call('refusal', nics=[_plain(nic) for nic in nics], **asked)
        return why

    def shortage(self, need: Need) -> str | None:
        why: str | None = self._call('shortage', need=_plain(need))
        return why

    # -- made
    def create_security_group(self, owner: Owner, name: str, rules: Sequence[Rule]) -> str | None:
        plain = [_plain(rule) for rule in rules]
        made: str = self._call('create_security_group', owner=_plain(owner), name=name, rules=plain)
        return made

    def create_server_group(self, owner: Owner, name: str, policy: str | None) -> str | None:
        made: str | None = self._call('create_server_group', owner=_plain(owner), name=name, policy=policy)
        return made

    def create_port(
        self, owner: Owner, name: str, service_port: int, nic: Nic | None = None, security_group: str | None = None
    ) -> Port:
        facts = {'service_port': service_port, 'nic': None if nic is None else _plain(nic)}
        made = self._call('create_port', owner=_plain(owner), name=name, security_group=security_group, **facts)
        return Port(**made)

    def create_management_port(self, owner: Owner, name: str) -> Port | None:
        return Port(**self._call('create_management_port', owner=_plain(owner), name=name))

    def create_floating_ip(self, owner: Owner, name: str, port: Port) -> FloatingIp | None:
        return FloatingIp(**self._call('create_floating_ip', owner=_plain(owner), name=name, port=_plain(port)))

    def create_volume(
        self, owner: Owner, name: str, size: int, type: str = '', zone: str = '', snapshot: str = ''
    ) -> Volume:
        facts = {'size': size, 'type': type, 'zone': zone, 'snapshot': snapshot}
        return Volume(**self._call('create_volume', owner=_plain(owner), name=name, **facts))

    def create_snapshot(self, owner: Owner, name: str, volume_id: str) -> Snapshot:
        return Snapshot(**self._call('create_snapshot', owner=_plain(owner), name=name, volume_id=volume_id))

    def create_server(self, owner: Owner, name: str, machine: Machine) -> Server:
        """user_data stays here: it holds the guest's key, and simulated guests need none."""
        parts = _plain(dataclasses.replace(machine, user_data={}))
        del parts['user_data']
        return Server(**self._call('create_server', owner=_plain(owner), name=name, machine=parts))

    # -- seen
    def server(self, owner: Owner, name: str) -> Server | None:
        return _made(Server, self._call('server', owner=_plain(owner), name=name))

    def server_by_id(self, server_id: str) -> Server | None:
        return _made(Server, self._call('server_by_id', server_id=server_id))

    def volume(self, volume_id: str) -> Volume | None:
        return _made(Volume, self._call('volume', volume_id=volume_id))

    def port(self, port_id: str) -> Port | None:
        return _made(Port, self._call('port', port_id=port_id))

    def snapshot_by_id(self, snapshot_id: str) -> Snapshot | None:
        return _made(Snapshot, self._call('snapshot_by_id', snapshot_id=snapshot_id))

    # -- changed
    def set_security_rules(self, security_group: str | None, rules: Sequence[Rule]) -> None:
        self._call('set_security_rules', security_group=security_group, rules=[_plain(rule) for rule in rules])

    def extend_volume(self, volume_id: str, size: int) -> None:
        self._call('extend_volume', volume_id=volume_id, size=size)

    def resize_server(self, server_id: str, flavor: Flavor) -> None:
        self._call('resize_server', server_id=server_id, flavor=_plain(flavor))

    def confirm_resize(self, server_id: str) -> None:
        self._call('confirm_resize', server_id=server_id)

    def revert_resize(self, server_id: str, flavor: Flavor) -> None:
        self._call('revert_resize', server_id=server_id, flavor=_plain(flavor))

    def reboot_server(self, server_id: str, hard: bool = False) -> None:
        self._call('reboot_server', server_id=server_id, hard=hard)

    def rebuild_server(self, server_id: str, image: str, user_data: Mapping[str, Any]) -> None:
        """user_data stays here, as in create_server."""
        self._call('rebuild_server', server_id=server_id, image=image, user_data={})

    def stop_server(self, server_id: str) -> None:
        self._call('stop_server', server_id=server_id)

    def start_server(self, server_id: str) -> None:
        self._call('start_server', server_id=server_id)

    # -- removed
    def delete_server(self, owner: Owner, name: str) -> None:
        self._call('delete_server', owner=_plain(owner), name=name)

    def delete_floating_ip(self, owner: Owner, name: str) -> None:
        self._call('delete_floating_ip', owner=_plain(owner), name=name)

    def delete_port(self, owner: Owner, name: str) -> None:
        self._call('delete_port', owner=_plain(owner), name=name)

    def delete_snapshot(self, owner: Owner, name: str) -> None:
        self._call('delete_snapshot', owner=_plain(owner), name=name)

    def delete_volume(self, owner: Owner, name: str) -> None:
        self._call('delete_volume', owner=_plain(owner), name=name)

    def delete_security_group(self, owner: Owner, name: str) -> None:
        self._call('delete_security_group', owner=_plain(owner), name=name)

    def delete_server_group(self, owner: Owner, name: str) -> None:
        self._call('delete_server_group', owner=_plain(owner), name=name)

    def resources(self, instance: str | None = None, kinds: Collection[str] = KINDS) -> list[Resource]:
        found = self._call('resources', instance=instance, kinds=list(kinds))
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


class RemoteObjects:
    """dbaas.cloud.protocol.Objects; whole objects travel, so small ones only."""

    def __init__(self, wire: Wire):
        self._wire = wire

    def _call(self, call: str, /, container: str, **arguments: Any) -> Any:
        return self._wire.call(f'cloud.{call}', container=container, **arguments)

    def put(self, container: str, name: str, data: Iterable[bytes], metadata: Mapping[str, str]) -> Stored:
        text = base64.b64encode(b''.join(data)).decode()
        return Stored(**self._call('put_object', container, name=name, text=text, metadata=dict(metadata)))

    def get(self, container: str, name: str) -> Iterator[bytes]:
        yield base64.b64decode(self._call('get_object', container, name=name))

    def find(self, container: str, name: str) -> Stored | None:
        return _made(Stored, self._call('find_object', container, name=name))

    def list(self, container: str, prefix: str = '') -> list[Stored]:
        return [Stored(**row) for row in self._call('list_objects', container, prefix=prefix)]

    def delete(self, container: str, name: str) -> None:
        self._call('delete_object', container, name=name)


def _made(kind: type[Kind], found: dict[str, Any] | None) -> Kind | None:
    return None if found is None else kind(**found)


def _plain(thing: Any) -> dict[str, Any]:
    return dataclasses.asdict(thing)
