"""instance.create: from nothing to a database server that answers, with its databases and users.

A failed step is held: what was made is expensive and every step bears repeating. Ids and names exist before.
"""

from typing import Any

from taskflow.patterns import linear_flow, unordered_flow

from flows.steps import accounts, databases, network, records, room, servers, volumes


def build(**_: Any) -> linear_flow.Flow:
    return linear_flow.Flow('instance.create').add(
        room.CheckCloudQuota(),
        unordered_flow.Flow('resources').add(
            linear_flow.Flow('network').add(
                network.CreateSecurityGroup(provides='security_group'),
                network.CreatePort(provides='port'),
                network.CreateFloatingIp(provides='floating_ip'),
            ),
            network.CreateManagementPort(provides='management_port'),
            network.CreateServerGroup(provides='server_group'),
            volumes.CreateVolume(provides='volume'),
        ),
        volumes.WaitForVolume(),
        accounts.CreateBusAccount(),
        servers.CreateServer(provides='server'),
        servers.WaitForServer(),
        servers.WaitForGuest(),
        databases.PrepareDatabase(provides='prepare_command'),
        databases.StartDatabase(provides='start_command'),
        databases.WaitForDatabase(),
        records.PublishEndpoint(),
    )
