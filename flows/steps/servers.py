"""The instance's machine: make it, wait until it runs and its agent has spoken."""

import base64
from typing import Any

from conf import messaging
from dbaas.cloud.protocol import Flavor, Machine, Port, Server, Volume
from dbaas.exceptions import GuestUnreachable
from flows.base import CommandFailed, Wait
from flows.steps.accounts import own_url
from flows.steps.resources import MakeResource, owner

SERVER = 'server'


def fault_of(server: Server | None) -> str | None:
    """Why the machine will never come up; None: it is there and on its way, or up."""
    if server is None:
        return 'the server is gone'
    return (server.fault or 'the server is in error') if server.status == 'ERROR' else None


def user_data(accounts: Any, secrets: Any, settings: Any, guest: dict[str, Any]) -> dict[str, Any]:
    """What the agent is told; holds secrets. guest: {instance, datastore, guest_key_id, bus_password_id}."""
    own = own_url(accounts, secrets, guest['instance'], guest['bus_password_id'])
    if own is None and messaging.brokered(settings):  # it was made before there was a broker
        raise CommandFailed((), f'instance {guest["instance"]} has no login of its own at the broker: make it anew')
    return {
        'instance': guest['instance'],
        'key': base64.b64encode(secrets.open(guest['guest_key_id'])).decode(),
        'datastore': guest['datastore'],
        'heartbeat_interval': settings.guest.heartbeat_interval,
        'transport_url': own or settings.messaging.transport_url,
    }


class CreateServer(MakeResource):
    """The volume is attached from its first boot on."""

    kind = SERVER
    effect = 'start a machine of flavor {flavor[name]}'
    undo_effect = 'remove the machine and everything that runs on it'
    deadline = 'server'  # of its undo, which waits until the machine is gone

    def execute(
        self, run: Any, cloud: Any, accounts: Any, secrets: Any, settings: Any, instance_id: str, datastore: str,
        flavor: dict[str, Any], guest_key_id: str, bus_password_id: str | None, image: str | None, zone: str | None,
        port: dict[str, Any], management_port: dict[str, Any] | None, server_group: dict[str, Any],
        volume: dict[str, Any],
    ) -> dict[str, Any]:  # fmt: skip
        secret_ids = {'guest_key_id': guest_key_id, 'bus_password_id': bus_password_id}
        guest = {'instance': instance_id, 'datastore': datastore, **secret_ids}
        told = user_data(accounts, secrets, settings, guest) | {'new_volume': run.inputs.get('made_by') is None}
        machine = Machine(
            Flavor(**flavor), [Port(**one) for one in (port, management_port) if one], Volume(**volume),
            told, image or '', server_group['id'], zone or '',
        )  # fmt: skip
        run.check()
        return {'id': cloud.create_server(owner(run), SERVER, machine).id}

    def unmake(self, run: Any, cloud: Any) -> None:
        cloud.delete_server(owner(run), SERVER)
        self.gone(run, cloud, self.kind)


class WaitForServer(Wait):
    eager = True
    effect = 'wait until the machine runs'
    deadline = 'server'
    awaits = ('create-server',)

    def execute(self, run: Any, cloud: Any) -> None:
        server = cloud.server(owner(run), SERVER)
        fault = fault_of(server)
        if fault is not None:
            raise CommandFailed(self.awaits, fault)
        if server.status != 'ACTIVE':
            self.park(run, [f'server:{run.instance_id}'], 'the server does not become ACTIVE')


class WaitForGuest(Wait):
    """The agent's heartbeat wakes it; what counts is that the agent answers."""

    effect = 'wait until the guest agent answers'
    deadline = 'guest'
    awaits = ('create-server',)

    def execute(self, run: Any, cloud: Any, guest: Any) -> None:
        try:
            guest.ping(run.instance_id)
        except GuestUnreachable:
            fault = fault_of(cloud.server(owner(run), SERVER))
            if fault is not None:
                raise CommandFailed(self.awaits, fault) from None
            self.park(run, [f'guest:{run.instance_id}'], 'the guest agent does not answer')
