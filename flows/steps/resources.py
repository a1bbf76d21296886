"""Making one cloud resource of an instance: find it or make it, and make it gone.

Cloud calls cannot be fenced, so each looks at its claim just before. A result names what was made: what
carries our tag and is in no result belongs to nobody, and the reconciler removes it.
"""

from typing import Any

from dbaas.cloud.protocol import Owner
from flows.base import Step


def owner(run: Any) -> Owner:
    """The tag on everything that this operation makes."""
    return Owner(instance=run.instance_id, operation=run.operation_id, project=run.project_id)


class MakeResource(Step):
    """Base of the steps that make a `kind`; there is one of each kind in an instance, named like its kind."""

    kind: str = ''

    def describe(self, cloud: Any, inputs: dict[str, Any]) -> str:
        return f'{super().describe(cloud, inputs)}: {cloud.effect(self.kind)}'
