"""What a cloud does for us: one small protocol, the same on local, simulated and (later) openstack.

Every resource belongs to an Owner (instance and operation) and has a deterministic name, so a repeated
call finds what an earlier one made: create = find or make, delete = make it gone; both bear repeating.
Errors: CloudError, when the client's own tries are used up, with a message for the person who reads it.
"""

import dataclasses
from typing import Any, Protocol


@dataclasses.dataclass(frozen=True)
class Owner:
    """The tag on everything we make."""

    instance: str
    operation: str
    project: str


@dataclasses.dataclass(frozen=True)
class Flavor:
    """ram in MiB, disk and ephemeral in GiB."""

    id: str
    name: str
    ram: int
    vcpus: int
    disk: int = 0
    ephemeral: int = 0

    def to_dict(self) -> dict[str, Any]:
        return dataclasses.asdict(self)


@dataclasses.dataclass(frozen=True)
class Port:
    id: str
    address: str
    network: str = ''


@dataclasses.dataclass(frozen=True)
class Volume:
    id: str
    size: int  # GiB
    type: str = ''


@dataclasses.dataclass(frozen=True)
class Server:
    """status: BUILD, ACTIVE, ERROR or DELETED; `fault` says why it is ERROR."""

    id: str
    status: str
    fault: str = ''


@dataclasses.dataclass(frozen=True)
class Resource:
    """One thing that exists in the cloud, for audit and for delete."""

    kind: str  # port, volume, server, security-group
    id: str
    name: str
    owner: Owner


class Cloud(Protocol):
    """All names are ours: '<kind>' or '<kind>-<n>' within an instance."""

    name: str

    def flavors(self) -> list[Flavor]:
        """Smallest first."""

    def effect(self, kind: str) -> str:
        """What making a `kind` means here, for `plan`: 'nothing on this cloud' is an answer."""

    def create_security_group(self, owner: Owner, name: str, cidrs: list[str]) -> str | None:
        """-> its id, or None where the cloud has none."""

    def create_port(self, owner: Owner, name: str, service_port: int, public: bool = False) -> Port:
        """An address of the instance's own on which `service_port` is free."""

    def create_volume(self, owner: Owner, name: str, size: int, type: str = '') -> Volume: ...

    def create_server(
        self, owner: Owner, name: str, flavor: Flavor, port: Port, volume: Volume, user_data: dict[str, Any]
    ) -> Server:
        """Starts a machine (local: an agent process) that receives `user_data`; returns at once."""

    def server(self, owner: Owner, name: str) -> Server | None: ...

    def delete_server(self, owner: Owner, name: str) -> None:
        """Asks for it; `server()` answers None when it is gone."""

    def delete_volume(self, owner: Owner, name: str) -> None: ...

    def delete_port(self, owner: Owner, name: str) -> None: ...

    def delete_security_group(self, owner: Owner, name: str) -> None: ...

    def resources(self, instance: str | None = None) -> list[Resource]:
        """All that exists and carries our tag, of one instance or of all."""

    def remove(self, resource: Resource) -> None:
        """Make one resource gone, whatever operation made it (delete, audit)."""

    def forget(self, instance: str) -> None:
        """Remove the last traces of a deleted instance (folders, records). Repeatable."""
