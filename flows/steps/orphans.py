"""Removing what belongs to nobody: looked at again just before, since meanwhile it may have found an owner."""

from collections.abc import Collection
from typing import Any

from dbaas.cloud.protocol import KINDS, Owner, Resource
from dbaas.db import sweeping
from flows.base import Step, Wait

WHY = 'it belongs to nobody'
FIRST = ('server', 'snapshot')  # others are in use by them


def resource(orphan: dict[str, Any]) -> Resource:
    """orphan: {kind, id, name, instance, operation, project[, disowned]}, as in the operation's inputs."""
    owner = Owner(orphan['instance'], orphan['operation'], orphan['project'])
    return Resource(orphan['kind'], orphan['id'], orphan['name'], owner)


class RemoveOrphans(Step):
    """Base: those of some kinds. Its result: the ids of what it has removed.

    While an operation is under way on an instance nobody knows what of it is an orphan: that is waited for.
    """

    kinds: tuple[str, ...] = ()
    irreversible = WHY
    deadline = 'server'
    eager = True

    def execute(self, run: Any, cloud: Any, db: Any, orphans: list[dict[str, Any]]) -> list[str]:
        mine = [one for one in orphans if one['kind'] in self.kinds]
        self._await_rest(run, db, {one['instance'] for one in mine})
        swept = []
        for one in sorted(mine, key=lambda found: KINDS.index(found['kind'])):
            if self._is_nobodys(db, one):
                run.check()
                cloud.remove(resource(one))
                swept.append(one['id'])
        return swept

    def _is_nobodys(self, db: Any, one: dict[str, Any]) -> bool:
        with db.read() as c:
            return sweeping.is_orphan(c, one['instance'], one['operation'], one['id'], one.get('disowned', False))

    def _await_rest(self, run: Any, db: Any, instances: Collection[str]) -> None:
        with db.read() as c:
            busy = [instance for instance in sorted(instances) if sweeping.is_busy(c, instance)]
        if busy:
            self.park(run, [f'orphans:{run.operation_id}'], f'an operation is under way on instance {busy[0]}')


class WaitForOrphansGone(Wait):
    """Base: those of some kinds."""

    kinds: tuple[str, ...] = ()
    irreversible = WHY
    eager = True

    def await_gone(self, run: Any, cloud: Any, swept: Collection[str]) -> None:
        left = [r for r in cloud.resources(kinds=self.kinds) if r.id in swept] if swept else []
        if left:
            self.park(run, [f'orphans:{run.operation_id}'], f'{left[0].kind} {left[0].id} is still being removed')


class RemoveOrphanServers(RemoveOrphans):
    kinds = ('server',)
    effect = 'remove the machines that belong to nobody'


class WaitForOrphanServersGone(WaitForOrphansGone):
    kinds = RemoveOrphanServers.kinds
    effect = 'wait until they are gone'
    deadline = 'server'

    def execute(self, run: Any, cloud: Any, swept_servers: list[str]) -> None:
        self.await_gone(run, cloud, swept_servers)


class RemoveOrphanSnapshots(RemoveOrphans):
    kinds = ('snapshot',)
    effect = 'remove the snapshots that belong to nobody'


class WaitForOrphanSnapshotsGone(WaitForOrphansGone):
    kinds = RemoveOrphanSnapshots.kinds
    effect = 'wait until they are gone'
    deadline = 'volume'

    def execute(self, run: Any, cloud: Any, swept_snapshots: list[str]) -> None:
        self.await_gone(run, cloud, swept_snapshots)


class RemoveOtherOrphans(RemoveOrphans):
    kinds = tuple(kind for kind in KINDS if kind not in FIRST)
    effect = 'remove the addresses, volumes and groups that belong to nobody'


class WaitForOtherOrphansGone(WaitForOrphansGone):
    kinds = RemoveOtherOrphans.kinds
    effect = 'wait until they are gone'
    deadline = 'volume'

    def execute(self, run: Any, cloud: Any, swept_others: list[str]) -> None:
        self.await_gone(run, cloud, swept_others)
