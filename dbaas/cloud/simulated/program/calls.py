"""What can be called over HTTP, as a literal table: name -> the world's own method; and how arguments travel."""

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

from dbaas.cloud.protocol import Flavor, Machine, Need, Nic, Owner, Port, Resource, Volume
from dbaas.cloud.protocol import Rule as SecurityRule
from dbaas.cloud.simulated.cloud import SimulatedCloud
from dbaas.cloud.simulated.guests import SimulatedGuests
from dbaas.cloud.simulated.program.mailbox import Mailbox
from dbaas.cloud.simulated.program.rules import Rule, Rules
from dbaas.cloud.simulated.world import World
from guestagent.contract.commands import Command

Call = Callable[..., Any]
TYPES: Mapping[str, Callable[[Any], Any]] = {
    'owner': lambda data: Owner(**data),
    'flavor': lambda data: Flavor(**data),
    'need': lambda data: Need(**{**data, 'flavor': Flavor(**data['flavor'])}),
    'port': lambda data: Port(**data),
    'machine': lambda data: machine(**data),
    'nic': lambda data: None if data is None else Nic(**data),
    'nics': lambda data: [Nic(**nic) for nic in data],
    'rules': lambda data: [SecurityRule(**rule) for rule in data],
    'resource': lambda data: Resource(**{**data, 'owner': Owner(**data['owner'])}),
    'command': Command.from_dict,
}


def machine(flavor: dict[str, Any], ports: list[dict[str, Any]], volume: dict[str, Any], **rest: Any) -> Machine:
    return Machine(Flavor(**flavor), [Port(**port) for port in ports], Volume(**volume), user_data={}, **rest)


def arguments(data: Mapping[str, Any]) -> dict[str, Any]:
    """By name; what the protocol has a type for gets it. Raises KeyError, TypeError."""
    return {name: TYPES[name](value) if name in TYPES else value for name, value in data.items()}


def result(value: Any) -> Any:
    """As JSON."""
    if isinstance(value, list):
        return [result(one) for one in value]
    return dataclasses.asdict(value) if dataclasses.is_dataclass(value) and not isinstance(value, type) else value


def instance_in(data: Mapping[str, Any]) -> str | None:
    """Which instance a call is about, as far as its arguments say."""
    owner = data.get('owner') or data.get('resource', {}).get('owner') or {}
    return owner.get('instance') or data.get('instance') or data.get('instance_id')


def of_cloud(cloud: SimulatedCloud) -> tuple[Call, ...]:
    """Called by their own names."""
    return (
        cloud.flavors, cloud.refusal, cloud.shortage,
        cloud.create_security_group, cloud.create_server_group, cloud.create_port, cloud.create_management_port,
        cloud.create_floating_ip, cloud.create_volume, cloud.create_snapshot, cloud.create_server,
        cloud.server, cloud.server_by_id, cloud.volume, cloud.port, cloud.snapshot_by_id,
        cloud.set_security_rules, cloud.extend_volume, cloud.resize_server, cloud.confirm_resize,
        cloud.revert_resize, cloud.reboot_server, cloud.rebuild_server, cloud.stop_server, cloud.start_server,
        cloud.delete_server, cloud.delete_floating_ip, cloud.delete_port, cloud.delete_snapshot,
        cloud.delete_volume, cloud.delete_security_group, cloud.delete_server_group,
        cloud.resources, cloud.remove, cloud.forget,
    )  # fmt: skip


def table(world: World, rules: Rules, mailbox: Mailbox) -> dict[str, Call]:
    """cloud.* and guest.* are what conductors call, and what faults strike; control.* is for tests and operators."""
    cloud, guests = world.cloud, world.guests
    return {
        **{f'cloud.{call.__name__}': call for call in of_cloud(cloud)},
        'cloud.put_object': cloud.objects.keep,
        'cloud.get_object': cloud.objects.text,
        'cloud.find_object': cloud.objects.find,
        'cloud.list_objects': cloud.objects.list,
        'cloud.delete_object': cloud.objects.delete,
        'guest.submit': guests.submit,
        'guest.ask': guests.ask,
        'guest.ping': guests.ping,
        'control.snapshot': world.snapshot,
        'control.effects': lambda since=0: world.state.document['effects'][since:],
        'control.executed': world.executed,
        'control.refused': world.refused,
        'control.unread': mailbox.unread,
        'control.fault': lambda **rule: rules.add(Rule(**rule)),
        'control.faults': rules.list,
        'control.clear': rules.clear,
        'control.mood': guests.mood,
        'control.break_server': cloud.break_server,
        'control.lose': cloud.lose,
        'control.quota': lambda **limits: cloud.quota.update(limits),
        'control.running': guests.running,
        'control.finish': guests.finish,
        'control.reports': mailbox.treat,
        'control.times': lambda **seconds: set_times(world, guests, **seconds),
    }


def set_times(
    world: World,
    guests: SimulatedGuests,
    duration: float | None = None,
    held: bool = False,
    heartbeat: float | None = None,
    **latency: float,
) -> None:
    """Seconds from now on; held: commands run until control.finish. latency: active, boot, gone, volume, change."""
    if held or duration is not None:
        guests.duration = None if held else duration
    if heartbeat is not None:
        world.heartbeat = heartbeat
    world.cloud.latency = dataclasses.replace(world.cloud.latency, **latency)
