"""What a repair looks at before it makes anything: that it is really missing, and that the volume is there."""

from collections.abc import Collection
from typing import Any

from dbaas.cloud.protocol import KINDS
from dbaas.exceptions import CloudError
from flows.base import Step, Wait
from flows.steps import volumes
from flows.steps.resources import owner
from flows.steps.servers import SERVER

PORTS = ('port', 'management-port')


def cut_off(lost: list[str]) -> bool:
    """Whether a machine that is still there has lost an interface: another is made in its place."""
    return any(name in lost for name in PORTS)


def there(run: Any, cloud: Any, kinds: Collection[str] = KINDS) -> dict[str, Any]:
    """name -> resource of those that the create has made and that are of use."""
    mine = cloud.resources(run.instance_id, kinds)
    return {r.name: r for r in mine if r.owner == owner(run) and not r.put_away}


class CheckWhatIsLost(Step):
    effect = 'see that these are still missing: {lost}'
    undo_effect = 'nothing: it only looked'

    def execute(self, run: Any, cloud: Any, lost: list[str], published: dict[str, Any]) -> None:
        allowed = {SERVER} if cut_off(lost) else set()
        server = cloud.server_by_id(published['server_id']) if published['server_id'] else None
        names = set(there(run, cloud)) | ({SERVER} if server is not None else set())
        if back := sorted(names & set(lost) - allowed):
            raise CloudError(f'{", ".join(back)} of the instance is there again: abort, then audit again')
        if SERVER not in lost and server is not None and server.status == 'ERROR':
            raise CloudError(
                f'server {server.id} is in error and would be replaced: mend or remove it, then audit again'
            )

    def revert(self, run: Any, **_: Any) -> None:
        """Nothing: it only looked."""


class FindVolume(Step):
    effect = 'find the volume with the data'
    undo_effect = 'nothing: it only looked'

    def execute(self, run: Any, cloud: Any, volume_id: str) -> dict[str, Any]:
        found = cloud.volume(volume_id)
        if found is None or found.status == 'ERROR':
            what = 'is gone, and the data with it' if found is None else 'is in error'
            raise CloudError(f'volume {volume_id} {what}: abort, and restore a backup into a new instance')
        return volumes.facts(found)

    def revert(self, run: Any, **_: Any) -> None:
        """Nothing: it only looked."""


class RemoveCutOffServer(Step):
    """A machine never gets a lost interface back under its old name and address: another takes its place."""

    effect = 'remove the machine, if it has lost a network port: its database is away until the new one runs'
    undo_effect = 'nothing: a machine never gets a lost port back'
    deadline = 'server'

    def execute(self, run: Any, cloud: Any, lost: list[str]) -> None:
        found = there(run, cloud, [SERVER]).get(SERVER) if cut_off(lost) else None
        if found is not None:
            run.check()
            cloud.remove(found)

    def revert(self, run: Any, **_: Any) -> None:
        """Nothing: it never gets its port back."""


class WaitForCutOffServerGone(Wait):
    effect = 'wait until that machine is gone'
    deadline = 'server'
    eager = True

    def execute(self, run: Any, cloud: Any, lost: list[str]) -> None:
        if cut_off(lost) and SERVER in there(run, cloud, [SERVER]):
            self.park(run, [f'server:{run.instance_id}'], 'the server is still being removed')
