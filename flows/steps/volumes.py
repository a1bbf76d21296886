"""The instance's volume."""

import dataclasses
from typing import Any

from flows.steps.resources import MakeResource, owner


class CreateVolume(MakeResource):
    kind = 'volume'
    effect = 'make a volume of {volume_size} GiB'
    undo_effect = 'remove the volume and what is on it'

    def execute(self, run: Any, cloud: Any, volume_size: int, volume_type: str | None) -> dict[str, Any]:
        run.check()
        return dataclasses.asdict(cloud.create_volume(owner(run), self.kind, volume_size, volume_type or ''))

    def revert(self, run: Any, cloud: Any, **_: Any) -> None:
        run.check()
        cloud.delete_volume(owner(run), self.kind)
