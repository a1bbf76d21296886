"""What an operation writes into the instance's own row. Its status and end are the engine's."""

from typing import Any

from dbaas.db import instances
from flows.base import Step


class PublishEndpoint(Step):
    """A step that writes records does so in a fenced transaction: a stale conductor changes nothing."""

    effect = 'publish the address'
    undo_effect = 'take the address out of the record'

    def execute(self, run: Any, port: dict[str, Any], server: dict[str, Any], volume: dict[str, Any]) -> None:
        addresses = [{'address': port['address'], 'type': 'private', 'network': port['network']}]
        made = {'addresses': addresses, 'server_id': server['id'], 'volume_id': volume['id']}
        run.fenced(lambda c: instances.update(c, run.instance_id, **made))

    def revert(self, run: Any, **_: Any) -> None:
        gone: dict[str, Any] = {'addresses': [], 'server_id': None, 'volume_id': None}
        run.fenced(lambda c: instances.update(c, run.instance_id, **gone))
