"""Delete: forward only. What exists is found by tag, whatever operation made it."""

from typing import Any

from flows.base import Step, Wait

WHY = 'the instance is being deleted'


class Remove(Step):
    """Base: remove every resource of one kind."""

    kind: str = ''
    irreversible = WHY

    def execute(self, run: Any, cloud: Any) -> None:
        for resource in cloud.resources(run.instance_id, [self.kind]):
            run.check()
            cloud.remove(resource)


class DeleteServer(Remove):
    kind = 'server'
    effect = 'remove the machine and everything that runs on it'
    deadline = 'server'


class WaitUntilGone(Wait):
    """Base: clouds answer before a thing is gone, and what it uses can go only then."""

    kind: str = ''
    irreversible = WHY
    eager = True

    def execute(self, run: Any, cloud: Any) -> None:
        if cloud.resources(run.instance_id, [self.kind]):
            self.park(run, [f'{self.kind}:{run.instance_id}'], f'the {self.kind} is still being removed')


class WaitForServerGone(WaitUntilGone):
    kind = 'server'
    effect = 'wait until the machine is gone'
    deadline = 'server'


class DeleteSnapshots(Remove):
    kind = 'snapshot'
    effect = 'remove the snapshots of the volumes'


class WaitForSnapshotsGone(WaitUntilGone):
    kind = 'snapshot'
    effect = 'wait until the snapshots are gone'
    deadline = 'volume'


class DeleteVolumes(Remove):
    kind = 'volume'
    effect = 'remove the volumes and what is on them'


class WaitForVolumesGone(WaitUntilGone):
    kind = 'volume'
    effect = 'wait until the volumes are gone'
    deadline = 'volume'


class DeleteFloatingIps(Remove):
    kind = 'floating-ip'
    effect = 'give the addresses outside back'


class DeletePorts(Remove):
    kind = 'port'
    effect = 'give the addresses back'


class DeleteSecurityGroups(Remove):
    kind = 'security-group'
    effect = 'remove the security groups'


class DeleteServerGroups(Remove):
    kind = 'server-group'
    effect = 'remove the server groups'


class ForgetInstance(Step):
    effect = 'remove the last traces of the instance from the cloud'
    irreversible = WHY

    def execute(self, run: Any, cloud: Any) -> None:
        run.check()
        cloud.forget(run.instance_id)
