"""dbaas-manage audit on a deployment that runs: what it finds, and that its operations mend it, with the data kept."""

import json
from typing import Any

import pytest

from dbaas.cloud.local import places
from dbaas.cloud.local.cloud import LocalCloud
from dbaas.cloud.protocol import Owner
from tests.functional.deployment import PATIENCE, PROGRAMS, Deployment
from tests.waiting import until

pytestmark = pytest.mark.slow


def audit(deployment: Deployment, *options: str, code: int = 0) -> list[dict[str, Any]]:
    where = ['--state', str(deployment.state), '--config-file', str(deployment.config)]
    done = deployment.run(str(PROGRAMS / 'dbaas-manage'), *where, '-o', 'json', 'audit', *options, code=code)
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


def cloud_of(deployment: Deployment) -> LocalCloud:
    found = places.find(str(deployment.state))
    assert found is not None
    return LocalCloud(found, address_dir=str(deployment.traces.addresses))


def test_a_lost_machine_comes_back_with_its_data_and_an_orphan_goes(deployment: Deployment) -> None:
    deployment.up()
    instance, created = deployment.create('one', password='of-the-one')
    deployment.reach(created, 'SUCCEEDED')
    login = deployment.login(instance, 'u', 'of-the-one')
    deployment.sql(login, 'CREATE TABLE d.t (a INT); INSERT INTO d.t VALUES (7)')
    assert audit(deployment) == []

    cloud, owner = cloud_of(deployment), Owner(instance, created, deployment.openrc()['OS_ENDPOINT'].rpartition('/')[2])
    cloud.delete_server(owner, 'server')
    cloud.create_volume(owner, 'late', 1)
    found = audit(deployment, code=1)
    assert [(row['finding'], row['name'], row['operation']) for row in found] == [
        ('orphan', 'late', None), ('loss', 'one', None),
    ]  # fmt: skip
    assert found[1]['what'] == ['server is gone']

    for row in audit(deployment, '--repair'):
        deployment.reach(row['operation'], 'SUCCEEDED')
    assert audit(deployment) == []
    assert [r.kind for r in cloud.resources(instance)] == ['server', 'port', 'volume']
    until(lambda: deployment.instance(instance)['status'] == 'ACTIVE', PATIENCE, 'the guest has reported')
    login = deployment.login(instance, 'u', 'of-the-one')
    assert deployment.sql(login, 'SELECT a FROM d.t') == '7'
    deployment.gone(instance)
    assert audit(deployment) == []


def test_a_stranger_stays_until_somebody_disowns_it(deployment: Deployment) -> None:
    deployment.up()
    cloud = cloud_of(deployment)
    cloud.create_port(Owner('nobodys', 'unknown', 'project'), 'port', 3306)
    (row,) = audit(deployment, '--repair', code=1)
    assert (row['finding'], row['instance'], row['operation']) == ('stranger', 'nobodys', None)
    (row,) = audit(deployment, '--repair', '--strangers')
    deployment.reach(row['operation'], 'SUCCEEDED')
    assert audit(deployment) == [] and cloud.resources() == []
