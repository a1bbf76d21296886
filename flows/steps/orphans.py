"""Removing what belongs to nobody: looked at again just before, since meanwhile it may have found an owner."""

from collections.abc import Collection
from typing import Any

from dbaas.cloud.protocol import KINDS, Resource, of_instances
from dbaas.db import sweeping
from flows.base import Step, Wait

WHY = 'it belongs to nobody'
FIRST = ('server', 'snapshot')  # others are in use by them


class RemoveOrphans(Step):
    """Base: those of some kinds. orphans: {kind, id, name, instance, operation, project[, disowned]} each.

    Its result: the ids of what it has removed.
    While an operation is under way on an instance nobody knows what of it is an orphan: that is waited for.
    """

    kinds: tuple[str, ...] = ()
    irreversible = WHY
    deadline = 'server'
    eager = True

    def execute(self, run: Any, cloud: Any, db: Any, orphans: list[dict[str, Any]]) -> list[str]:
        mine = [one for one in orphans if one['kind'] in self.kinds]
        self._await_rest(run, db, {one['instance'] for one in mine})
        found = self._still(cloud, db, mine) if mine else []
        for one in sorted(found, key=lambda one: KINDS.index(one.kind)):
            run.check()
            cloud.remove(one)
        return [one.id for one in found]

    def _still(self, cloud: Any, db: Any, asked: list[dict[str, Any]]) -> list[Resource]:
        """Those that were to go, are there, and still have no owner."""
        ids, disowned = {one['id'] for one in asked}, {one['id'] for one in asked if one.get('disowned')}
        instances = {one['instance'] for one in asked}
        there = [entry for entry in of_instances(cloud.resources(kinds=self.kinds)) if entry[0] in instances]
        with db.read() as c:
            found = [one for instance, mine in there for one in sweeping.orphans(c, instance, mine, disowned)]
        return [one for one in found if one.id in ids]

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
