"""What a cloud does for us: one protocol, the same on local, simulated and openstack.

What is made belongs to an Owner (instance and operation) and has a deterministic name, so a repeated call finds what
an earlier one made: create = find or make, delete = make it gone. What is changed is named by its id; a change asks
for a state and returns, and `server`, `volume` say when it is reached. All of them bear repeating.
Errors: CloudError, when the client's own tries are used up, with a message for the person who reads it.
"""

import dataclasses
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
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
class Rule:
    """Who may reach a TCP port."""

    port: int
    cidr: str


@dataclasses.dataclass(frozen=True)
class Nic:
    """Where the user wants the address; '' = the cloud's default, or any."""

    network: str = ''
    subnet: str = ''
    address: str = ''


@dataclasses.dataclass(frozen=True)
class Need:
    """What one more instance takes: a volume of `size` GiB; public: an address outside; grouped: a server group;
    rules: of its security group.
    """

    flavor: Flavor
    size: int
    volume_type: str = ''
    public: bool = False
    grouped: bool = False
    rules: int = 1


@dataclasses.dataclass(frozen=True)
class Port:
    id: str
    address: str
    network: str = ''


@dataclasses.dataclass(frozen=True)
class FloatingIp:
    id: str
    address: str


@dataclasses.dataclass(frozen=True)
class Volume:
    """size in GiB; status: BUILD, AVAILABLE, IN-USE, CHANGING (extended, attached, …) or ERROR."""

    id: str
    size: int
    type: str = ''
    status: str = 'AVAILABLE'


@dataclasses.dataclass(frozen=True)
class Snapshot:
    """size in GiB of the volume it was taken of; status: BUILD, AVAILABLE or ERROR."""

    id: str
    size: int
    status: str = 'AVAILABLE'


@dataclasses.dataclass(frozen=True)
class Machine:
    """What a server is made of. `volume` is attached from its first boot on; ports in the order of its interfaces."""

    flavor: Flavor
    ports: Sequence[Port]
    volume: Volume
    user_data: Mapping[str, Any]  # facts for the agent; holds secrets
    image: str = ''
    server_group: str | None = None
    zone: str = ''


@dataclasses.dataclass(frozen=True)
class Server:
    """status: BUILD, ACTIVE, SHUTOFF, VERIFY_RESIZE, ERROR or DELETED at rest; CHANGING while something is done to it.

    `fault` says why it is ERROR; flavor: the id of the one it has.
    """

    id: str
    status: str
    fault: str = ''
    flavor: str = ''


@dataclasses.dataclass(frozen=True)
class Resource:
    """One thing that exists in the cloud, for audit and for delete. put_away: deleted by somebody else, and kept by
    the cloud for a while: of no use, but it holds what it used.
    """

    kind: str  # one of KINDS
    id: str
    name: str
    owner: Owner
    put_away: bool = False


@dataclasses.dataclass(frozen=True)
class Stored:
    """An object in the store; size in bytes."""

    name: str
    size: int
    metadata: Mapping[str, str] = dataclasses.field(default_factory=dict)


def of_instances(resources: Iterable[Resource]) -> list[tuple[str, list[Resource]]]:
    """Instance id and what there is of it, each in the order given."""
    found: dict[str, list[Resource]] = {}
    for one in resources:
        found.setdefault(one.owner.instance, []).append(one)
    return list(found.items())


# in an order in which they can be removed
KINDS = ('server', 'floating-ip', 'port', 'snapshot', 'volume', 'security-group', 'server-group')


class Objects(Protocol):
    """Large objects, in segments where the store has a limit. An object is there whole or not at all."""

    def put(self, container: str, name: str, data: Iterable[bytes], metadata: Mapping[str, str]) -> Stored:
        """The container is made when it is missing. What was there is replaced. metadata: lower-case names."""

    def get(self, container: str, name: str) -> Iterator[bytes]:
        """Raises NotFound."""

    def find(self, container: str, name: str) -> Stored | None: ...

    def list(self, container: str, prefix: str = '') -> list[Stored]:
        """By name, without metadata. A container that does not exist is empty."""

    def delete(self, container: str, name: str) -> None:
        """With its segments."""


class Questions(Protocol):
    """What is asked before anything is made: all that requests want of a cloud."""

    def flavors(self) -> list[Flavor]:
        """Smallest first."""

    def effect(self, kind: str) -> str:
        """What making a `kind` means here, for `plan`: 'nothing on this cloud' is an answer."""

    def refusal(
        self, project: str, nics: Sequence[Nic], zone: str, volume_type: str, public: bool = False
    ) -> str | None:
        """Why an instance of this project cannot be placed so: an unknown network, or one it may not use, say.

        public: it is to have an address outside as well.
        """

    def shortage(self, need: Need) -> str | None:
        """Which of the cloud's own quotas is too small for one more instance; None: there is room."""


class Cloud(Questions, Protocol):
    """All names are ours: '<kind>' or '<kind>-<n>' within an instance."""

    name: str
    objects: Objects

    # -- made
    def create_security_group(self, owner: Owner, name: str, rules: Sequence[Rule]) -> str | None:
        """-> its id, or None where the cloud has none."""

    def create_server_group(self, owner: Owner, name: str, policy: str | None) -> str | None:
        """policy: affinity, anti-affinity or None: then none is made. -> its id, or None."""

    def create_port(
        self, owner: Owner, name: str, service_port: int, nic: Nic | None = None, security_group: str | None = None
    ) -> Port:
        """An address of the instance's own on which `service_port` is free."""

    def create_management_port(self, owner: Owner, name: str) -> Port | None:
        """For the agent's own traffic; None where there is no network of its own for that."""

    def create_floating_ip(self, owner: Owner, name: str, port: Port) -> FloatingIp | None:
        """An address outside that leads to `port`; None where the cloud has none."""

    def create_volume(
        self, owner: Owner, name: str, size: int, type: str = '', zone: str = '', snapshot: str = ''
    ) -> Volume:
        """Returns at once; `volume()` says when it is AVAILABLE. snapshot: the id of what it is filled from."""

    def create_server(self, owner: Owner, name: str, machine: Machine) -> Server:
        """Starts a machine (local: an agent process) that receives the user data; returns at once."""

    def create_snapshot(self, owner: Owner, name: str, volume_id: str) -> Snapshot:
        """Of a volume in use, too; returns at once."""

    # -- seen
    def server(self, owner: Owner, name: str) -> Server | None: ...

    def server_by_id(self, server_id: str) -> Server | None: ...

    def volume(self, volume_id: str) -> Volume | None: ...

    def port(self, port_id: str) -> Port | None: ...

    def snapshot_by_id(self, snapshot_id: str) -> Snapshot | None: ...

    # -- changed: each asks for it, and does nothing when it is so already
    def set_security_rules(self, security_group: str | None, rules: Sequence[Rule]) -> None:
        """Exactly these, afterwards."""

    def extend_volume(self, volume_id: str, size: int) -> None:
        """Also while a server uses it. Never smaller."""

    def resize_server(self, server_id: str, flavor: Flavor) -> None:
        """-> VERIFY_RESIZE, running on the new flavor; or ACTIVE where nothing has to be confirmed."""

    def confirm_resize(self, server_id: str) -> None:
        """VERIFY_RESIZE -> ACTIVE."""

    def revert_resize(self, server_id: str, flavor: Flavor) -> None:
        """Back to the old `flavor`, which is ACTIVE afterwards; the undo of resize_server, whatever became of it."""

    def reboot_server(self, server_id: str, hard: bool = False) -> None:
        """Not idempotent by nature: repeated, it reboots again."""

    def rebuild_server(self, server_id: str, image: str, user_data: Mapping[str, Any]) -> None:
        """A new root disk from `image` and new user data; id, ports and volume stay."""

    def stop_server(self, server_id: str) -> None:
        """-> SHUTOFF."""

    def start_server(self, server_id: str) -> None:
        """-> ACTIVE."""

    # -- removed
    def delete_server(self, owner: Owner, name: str) -> None:
        """Asks for it; `server()` answers None when it is gone."""

    def delete_floating_ip(self, owner: Owner, name: str) -> None: ...

    def delete_port(self, owner: Owner, name: str) -> None: ...

    def delete_snapshot(self, owner: Owner, name: str) -> None: ...

    def delete_volume(self, owner: Owner, name: str) -> None: ...

    def delete_security_group(self, owner: Owner, name: str) -> None: ...

    def delete_server_group(self, owner: Owner, name: str) -> None: ...

    def resources(self, instance: str | None = None, kinds: Collection[str] = KINDS) -> list[Resource]:
        """All that exists and carries our tag, of one instance or of all; in an order in which they can be removed.

        kinds: only these are looked for, which spares a cloud the other questions.
        """

    def remove(self, resource: Resource) -> None:
        """Make one resource gone, whatever operation made it (delete, audit)."""

    def forget(self, instance: str) -> None:
        """Remove the last traces of a deleted instance (folders, records). Repeatable."""
