"""The instance's volume."""

from typing import Any

from dbaas.cloud.protocol import Volume
from flows.base import CommandFailed, Wait
from flows.steps.resources import MakeResource, owner


def facts(volume: Volume) -> dict[str, Any]:
    """What stays true of it."""
    return {'id': volume.id, 'size': volume.size, 'type': volume.type}


class CreateVolume(MakeResource):
    kind = 'volume'
    effect = 'make a volume of {volume_size} GiB'
    undo_effect = 'remove the volume and what is on it'
    deadline = 'volume'  # of its undo, which waits until the volume is gone

    def execute(
        self, run: Any, cloud: Any, volume_size: int, volume_type: str | None, zone: str | None
    ) -> dict[str, Any]:
        run.check()
        return facts(cloud.create_volume(owner(run), self.kind, volume_size, volume_type or '', zone or ''))

    def unmake(self, run: Any, cloud: Any) -> None:
        cloud.delete_volume(owner(run), self.kind)
        self.gone(run, cloud, self.kind)


class WaitForVolume(Wait):
    effect = 'wait until the volume can be used'
    deadline = 'volume'
    eager = True
    awaits = ('create-volume',)

    def execute(self, run: Any, cloud: Any, volume: dict[str, Any]) -> None:
        found = cloud.volume(volume['id'])
        if found is None or found.status == 'ERROR':
            raise CommandFailed(self.awaits, f'the volume is {"gone" if found is None else "in error"}')
        if found.status not in ('AVAILABLE', 'IN-USE'):
            self.park(run, [f'volume:{run.instance_id}'], 'the volume does not become available')
