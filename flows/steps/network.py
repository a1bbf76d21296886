"""The instance's addresses and who may reach it."""

import dataclasses
from typing import Any

from dbaas.cloud.protocol import Nic, Port, Rule
from flows.steps.datastores import DATASTORES
from flows.steps.resources import MakeResource, owner

ANYBODY = '0.0.0.0/0'


def rules(datastore: str, access: dict[str, Any]) -> list[Rule]:
    """Whoever is in allowed_cidrs; without them anybody, as in Trove."""
    return [Rule(DATASTORES[datastore].port, cidr) for cidr in access.get('allowed_cidrs') or [ANYBODY]]


class CreateSecurityGroup(MakeResource):
    kind = 'security-group'
    effect = 'let the allowed networks reach the instance'
    undo_effect = 'remove the security group'

    def execute(self, run: Any, cloud: Any, datastore: str, access: dict[str, Any]) -> dict[str, Any]:
        run.check()
        return {'id': cloud.create_security_group(owner(run), self.kind, rules(datastore, access))}

    def unmake(self, run: Any, cloud: Any) -> None:
        cloud.delete_security_group(owner(run), self.kind)


class CreatePort(MakeResource):
    kind = 'port'
    effect = 'take an address for the instance'
    undo_effect = 'give the address back'

    def execute(
        self, run: Any, cloud: Any, datastore: str, nic: dict[str, Any] | None, security_group: dict[str, Any]
    ) -> dict[str, Any]:
        wanted, port = Nic(**nic) if nic else None, DATASTORES[datastore].port
        run.check()
        return dataclasses.asdict(cloud.create_port(owner(run), self.kind, port, wanted, security_group['id']))

    def unmake(self, run: Any, cloud: Any) -> None:
        cloud.delete_port(owner(run), self.kind)


class CreateFloatingIp(MakeResource):
    kind = 'floating-ip'
    effect = 'take an address outside that leads to the instance'
    undo_effect = 'give the address outside back'

    def needless(self, inputs: dict[str, Any]) -> str:
        return '' if inputs.get('access', {}).get('is_public') else 'the instance is not public'

    def execute(self, run: Any, cloud: Any, access: dict[str, Any], port: dict[str, Any]) -> dict[str, Any] | None:
        if not access.get('is_public'):
            return None
        run.check()
        made = cloud.create_floating_ip(owner(run), self.kind, Port(**port))
        return None if made is None else dataclasses.asdict(made)

    def unmake(self, run: Any, cloud: Any) -> None:
        cloud.delete_floating_ip(owner(run), self.kind)


class CreateManagementPort(MakeResource):
    kind = 'management-port'
    effect = "take an address for the agent's own traffic"
    undo_effect = 'give the address back'

    def execute(self, run: Any, cloud: Any) -> dict[str, Any] | None:
        run.check()
        made = cloud.create_management_port(owner(run), self.kind)
        return None if made is None else dataclasses.asdict(made)

    def unmake(self, run: Any, cloud: Any) -> None:
        cloud.delete_port(owner(run), self.kind)


class CreateServerGroup(MakeResource):
    kind = 'server-group'
    effect = 'group machines: {locality}'
    undo_effect = 'remove the group'

    def needless(self, inputs: dict[str, Any]) -> str:
        return '' if inputs.get('locality') else 'no locality is asked for'

    def execute(self, run: Any, cloud: Any, locality: str | None) -> dict[str, Any]:
        run.check()
        return {'id': cloud.create_server_group(owner(run), self.kind, locality)}

    def unmake(self, run: Any, cloud: Any) -> None:
        cloud.delete_server_group(owner(run), self.kind)
