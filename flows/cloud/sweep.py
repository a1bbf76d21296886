"""cloud.sweep: removes the cloud resources named in its inputs that no record owns; see `dbaas-manage audit`."""

from typing import Any

from taskflow.patterns import linear_flow

from flows.steps import accounts, orphans


def build(**_: Any) -> linear_flow.Flow:
    return linear_flow.Flow('cloud.sweep').add(
        orphans.RemoveOrphanServers(provides='swept_servers'),
        orphans.WaitForOrphanServersGone(),
        orphans.RemoveOrphanSnapshots(provides='swept_snapshots'),
        orphans.WaitForOrphanSnapshotsGone(),
        orphans.RemoveOtherOrphans(provides='swept_others'),
        orphans.WaitForOtherOrphansGone(),
        accounts.DeleteDisownedBusAccounts(),
    )
