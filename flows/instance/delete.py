"""instance.delete: forward only, in whatever state the instance is: half made, dead, or deleted before."""

from typing import Any

from taskflow.patterns import linear_flow, unordered_flow

from flows.steps import accounts, databases, removal


def build(**_: Any) -> linear_flow.Flow:
    return linear_flow.Flow('instance.delete').add(
        databases.StopDatabase(provides='stop_command'),
        databases.WaitForStop(),
        removal.DeleteServer(),
        removal.WaitForServerGone(),
        accounts.DeleteBusAccount(),
        unordered_flow.Flow('rest').add(
            linear_flow.Flow('network').add(
                removal.DeleteFloatingIps(),
                removal.DeletePorts(),
                removal.DeleteSecurityGroups(),
            ),
            removal.DeleteServerGroups(),
            removal.DeleteSnapshots(),
        ),
        removal.WaitForSnapshotsGone(),
        removal.DeleteVolumes(),
        removal.WaitForVolumesGone(),
        removal.ForgetInstance(),
    )
