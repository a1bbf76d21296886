"""What an operation writes into the instance's own row. Its status and end are the engine's."""

from typing import Any

from dbaas.db import instances
from flows.base import Step


def addresses(port: dict[str, Any], floating_ip: dict[str, Any] | None) -> list[dict[str, Any]]:
    """As clients see them."""
    found = [{'address': port['address'], 'type': 'private', 'network': port.get('network', '')}]
    return [*found, {'address': floating_ip['address'], 'type': 'public'}] if floating_ip else found


class PublishEndpoint(Step):
    """A step that writes records does so in a fenced transaction: a stale conductor changes nothing."""

    effect = 'publish the address'
    undo_effect = 'take the address out of the record'

    def execute(
        self, run: Any, port: dict[str, Any], floating_ip: dict[str, Any] | None, server: dict[str, Any],
        volume: dict[str, Any],
    ) -> None:  # fmt: skip
        made = {'addresses': addresses(port, floating_ip), 'server_id': server['id'], 'volume_id': volume['id']}
        run.fenced(lambda c: instances.update(c, run.instance_id, **made))

    def revert(self, run: Any, **_: Any) -> None:
        gone: dict[str, Any] = {'addresses': [], 'server_id': None, 'volume_id': None}
        run.fenced(lambda c: instances.update(c, run.instance_id, **gone))


class RepublishEndpoint(PublishEndpoint):
    """The operation's input `published`: {addresses, server_id, volume_id} as the record had them."""

    effect = 'publish the address again, and which machine has it'
    undo_effect = 'put back what the record said'

    def revert(self, run: Any, **_: Any) -> None:
        run.fenced(lambda c: instances.update(c, run.instance_id, **run.inputs['published']))
