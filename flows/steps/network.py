"""The instance's address and who may reach it."""

import dataclasses
from typing import Any

from flows.steps.datastores import DATASTORES
from flows.steps.resources import MakeResource, owner


class CreateSecurityGroup(MakeResource):
    kind = 'security-group'
    effect = 'let the allowed networks reach the instance'
    undo_effect = 'remove the security group'

    def execute(self, run: Any, cloud: Any, access: dict[str, Any]) -> dict[str, Any]:
        run.check()
        return {'id': cloud.create_security_group(owner(run), self.kind, access.get('allowed_cidrs') or [])}

    def revert(self, run: Any, cloud: Any, **_: Any) -> None:
        run.check()
        cloud.delete_security_group(owner(run), self.kind)


class CreatePort(MakeResource):
    kind = 'port'
    effect = 'take an address for the instance'
    undo_effect = 'give the address back'

    def execute(self, run: Any, cloud: Any, datastore: str, access: dict[str, Any]) -> dict[str, Any]:
        run.check()
        public = bool(access.get('is_public'))
        return dataclasses.asdict(cloud.create_port(owner(run), self.kind, DATASTORES[datastore].port, public))

    def revert(self, run: Any, cloud: Any, **_: Any) -> None:
        run.check()
        cloud.delete_port(owner(run), self.kind)
