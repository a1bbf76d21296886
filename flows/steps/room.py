"""Whether the cloud's own quotas leave room, asked before anything is made."""

from typing import Any

from dbaas.cloud.protocol import Flavor, Need
from dbaas.exceptions import CloudError
from flows.base import Step
from flows.steps.network import rules

ASKED = ('datastore', 'flavor', 'volume_size', 'volume_type', 'access', 'locality')


class CheckCloudQuota(Step):
    effect = "see whether the cloud's quotas have room for flavor {flavor[name]} and {volume_size} GiB"
    undo_effect = 'nothing: it only asked'

    def describe(self, cloud: Any, inputs: dict[str, Any]) -> str:
        """With what the cloud answers now; one that is away makes no plan fail."""
        try:
            short = shortage(cloud, **{name: inputs[name] for name in ASKED})
        except CloudError as error:
            return f'{super().describe(cloud, inputs)}: it does not answer now ({error})'
        return f'{super().describe(cloud, inputs)}: {f"NO ROOM, {short}" if short else "there is room"}'

    def execute(
        self, run: Any, cloud: Any, datastore: str, flavor: dict[str, Any], volume_size: int,
        volume_type: str | None, access: dict[str, Any], locality: str | None,
    ) -> None:  # fmt: skip
        short = shortage(cloud, datastore, flavor, volume_size, volume_type, access, locality)
        if short is not None:
            raise CloudError(f'the cloud has no room: {short}; raise its quota or remove something, then resume')

    def revert(self, run: Any, **_: Any) -> None:
        """Nothing: it only asked."""


def shortage(
    cloud: Any, datastore: str, flavor: dict[str, Any], volume_size: int, volume_type: str | None,
    access: dict[str, Any], locality: str | None,
) -> str | None:  # fmt: skip
    needed = Need(
        Flavor(**flavor), volume_size, volume_type or '', public=bool(access.get('is_public')),
        grouped=locality is not None, rules=len(rules(datastore, access)),
    )  # fmt: skip
    found: str | None = cloud.shortage(needed)
    return found
