"""Delete: forward only. What exists is found by tag, whatever operation made it."""

from typing import Any

from dbaas.cloud.protocol import Resource
from flows.base import Step, Wait

WHY = 'the instance is being deleted'


def existing(cloud: Any, run: Any, kind: str) -> list[Resource]:
    return [r for r in cloud.resources(run.instance_id) if r.kind == kind]


class Remove(Step):
    """Base: remove every resource of one kind."""

    kind: str = ''
    irreversible = WHY

    def execute(self, run: Any, cloud: Any) -> None:
        for resource in existing(cloud, run, self.kind):
            run.check()
            cloud.remove(resource)


class DeleteServer(Remove):
    kind = 'server'
    effect = 'remove the machine and everything that runs on it'
    deadline = 'server'


class WaitForServerGone(Wait):
    effect = 'wait until the machine is gone'
    irreversible = WHY
    deadline = 'server'

    def execute(self, run: Any, cloud: Any) -> None:
        if existing(cloud, run, 'server'):
            self.park(run, [f'server:{run.instance_id}'], 'the server is still being removed')


class DeleteVolumes(Remove):
    kind = 'volume'
    effect = 'remove the volumes and what is on them'


class DeletePorts(Remove):
    kind = 'port'
    effect = 'give the addresses back'


class DeleteSecurityGroups(Remove):
    kind = 'security-group'
    effect = 'remove the security groups'


class ForgetInstance(Step):
    effect = 'remove the last traces of the instance from the cloud'
    irreversible = WHY

    def execute(self, run: Any, cloud: Any) -> None:
        run.check()
        cloud.forget(run.instance_id)
