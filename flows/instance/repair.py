"""instance.repair: makes again what of an instance is missing in the cloud, around the volume that has its data.

Its inputs are those of the create with made_by (the create) and lost (names); see `dbaas-manage audit`. What is there
is found and stays, also when the repair is undone.
"""

from typing import Any

from taskflow.patterns import linear_flow

from flows.steps import databases, losses, network, records, servers


def build(**_: Any) -> linear_flow.Flow:
    return linear_flow.Flow('instance.repair').add(
        losses.CheckWhatIsLost(),
        losses.FindVolume(provides='volume'),
        losses.RemoveCutOffServer(),
        losses.WaitForCutOffServerGone(),
        network.CreateSecurityGroup(provides='security_group'),
        network.CreatePort(provides='port'),
        network.CreateFloatingIp(provides='floating_ip'),
        network.CreateManagementPort(provides='management_port'),
        network.CreateServerGroup(provides='server_group'),
        servers.CreateServer(provides='server'),
        servers.WaitForServer(),
        servers.WaitForGuest(),
        databases.PrepareDatabase(provides='prepare_command'),
        databases.StartDatabase(provides='start_command'),
        databases.WaitForDatabase(),
        records.RepublishEndpoint(),
    )
