"""Making one cloud resource of an instance: find it or make it, and make it gone.

Cloud calls cannot be fenced, so each looks at its claim just before. A result names what was made: what
carries our tag and is in no result belongs to nobody, and the reconciler removes it.
"""

from typing import Any

from dbaas.cloud.protocol import Owner
from flows.base import Step, patient


def owner(run: Any) -> Owner:
    """The tag on everything that this operation makes; a repair makes it in the name of the create, made_by."""
    maker = run.inputs.get('made_by') or run.operation_id
    return Owner(instance=run.instance_id, operation=maker, project=run.project_id)


class MakeResource(Step):
    """Base of the steps that make a `kind`; there is one of each name in an instance.

    A step that is not needed, as the operation's inputs say, does nothing and says so in `plan`: see `needless`.
    """

    kind: str = ''  # one of dbaas.cloud.protocol.KINDS, or what cloud.effect() knows beside them
    eager = True

    def describe(self, cloud: Any, inputs: dict[str, Any]) -> str:
        why = self.needless(inputs)
        return f'nothing: {why}' if why else f'{super().describe(cloud, inputs)}: {cloud.effect(self.kind)}'

    def needless(self, inputs: dict[str, Any]) -> str:
        """Why there is nothing to do; empty: there is something."""
        return ''

    @patient
    def revert(self, run: Any, cloud: Any, **_: Any) -> None:
        """A repair has made only what was lost; what it found is not its own to remove."""
        lost = run.inputs.get('lost')
        if lost is None or self.kind in lost:
            run.check()
            self.unmake(run, cloud)

    def unmake(self, run: Any, cloud: Any) -> None:
        """Make it gone. Bears repeating."""
        raise NotImplementedError(f'{type(self).__name__} needs an unmake')

    def gone(self, run: Any, cloud: Any, kind: str) -> None:
        """Of an undo, at its end: clouds answer before the thing is really gone, and what it used can go only then."""
        mine = [r for r in cloud.resources(run.instance_id, [kind]) if r.owner == owner(run)]
        if mine:
            self.park(run, [f'{kind}:{run.instance_id}'], f'{kind} {mine[0].id} is still being removed')
