"""A tenant's database on OpenStack, from the `openstack` client to SQL and back to nothing; and what goes wrong."""

import contextlib
import json
import pathlib
from collections.abc import Iterator
from typing import Any

import pymysql
import pytest

from dbaas.cloud.openstack.cloud import OpenStackCloud
from dbaas.cloud.protocol import Rule
from tests.openstack.cloud_fixtures import options_of
from tests.openstack.deployment import DATABASE, PATIENCE, Deployment
from tests.servers.openstack.cloud import Cloud
from tests.servers.openstack.rendering import PASSWORD
from tests.waiting import until

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group('openstack')]

PORT = 3306


@pytest.fixture(scope='module')
def deployment(openstack_cloud: Cloud, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    assert openstack_cloud.boots, 'there is no guest to boot: tools/guest-image rootfs makes it'
    made = Deployment(tmp_path_factory.mktemp('dbaas'), openstack_cloud)
    try:
        made.up()
        yield made
    finally:
        made.close()


@pytest.fixture
def whole(deployment: Deployment, cloud: Cloud) -> Iterator[Deployment]:
    """Everything runs, and what a test has left is removed."""
    deployment.begin(*deployment.programs)
    yield deployment
    cloud.faults.clear()
    for row in deployment.seen('database', 'instance', 'list'):
        deployment.client('database', 'instance', 'delete', row['ID'])
    until(lambda: not deployment.traces(), PATIENCE, 'nothing of any instance is left in the cloud')


def remember(deployment: Deployment, address: str) -> None:
    deployment.sql(address, 'CREATE TABLE kept (word TEXT)')
    deployment.sql(address, "INSERT INTO kept VALUES ('here')")


def kept(deployment: Deployment, address: str) -> bool:
    """Whether the database answers and has what it was given."""
    with contextlib.suppress(pymysql.OperationalError):
        return deployment.sql(address, 'SELECT word FROM kept') == (('here',),)
    return False


# -- one database, from the catalogue to the last trace ----------------------------------------------------------------
def test_a_tenant_gets_a_database_uses_it_and_deletes_it(whole: Deployment, cloud: Cloud) -> None:
    tenant = cloud.network('tenant')
    instance = whole.create(
        'orders', '--nic', f'net-id={tenant["id"]}', '--is-public', '--allowed-cidr', '10.0.0.0/8',
    )  # fmt: skip
    operation = whole.reach(instance)
    shown = whole.seen('database', 'instance', 'show', instance)
    assert shown['status'] == 'ACTIVE'
    private, public = whole.address(instance), whole.address(instance, 'public')
    assert whole.sql(private, 'SELECT DATABASE()') == ((DATABASE,),)
    assert {ip.floating_ip_address: ip.fixed_ip_address for ip in cloud.admin.network.ips()}[public] == private
    _all_of_it_is_marked(cloud, instance, operation['id'])
    whole.client('database', 'instance', 'delete', instance)
    whole.reach(instance, 'instance.delete')
    assert whole.traces(instance) == []
    assert f'guest.{instance}' not in [user['name'] for user in whole.users_of_broker()]


def _all_of_it_is_marked(cloud: Cloud, instance: str, operation: str) -> None:
    """Everything carries the operation's id, in its metadata or tags, and in its name."""
    admin, mark = cloud.admin, f'dbaas-{instance}-'
    marks: dict[str, Any] = {}
    for one in [*admin.compute.servers(all_projects=True), *admin.block_storage.volumes(all_projects=True)]:
        marks[one.name] = one.metadata.get('dbaas:operation')
    for one in [*admin.network.ports(), *admin.network.security_groups()]:
        marks[one.name] = operation if f'dbaas:operation={operation}' in one.tags else None
    ours = {name: found for name, found in marks.items() if (name or '').startswith(mark)}
    assert set(ours.values()) == {operation} and len(ours) == 5  # two ports
    assert all(operation in name for name in ours)


def test_only_whom_its_owner_allows_reaches_a_database(whole: Deployment, cloud: Cloud) -> None:
    near, far = (cloud.network(name)['gateway'] for name in ('tenant', 'other'))
    instance = whole.create('reserved', '--allowed-cidr', f'{near}/32')
    whole.reach(instance)
    address = whole.address(instance)
    until(lambda: _answers(whole, address, near), PATIENCE, 'an answer to the one it allows')
    assert not _answers(whole, address, far)
    driver = OpenStackCloud(options_of(cloud))
    group = next(r.id for r in driver.resources(instance) if r.kind == 'security-group')
    driver.set_security_rules(group, [Rule(PORT, f'{far}/32')])
    until(lambda: _answers(whole, address, far), PATIENCE, 'an answer to the other one')
    assert not _answers(whole, address, near)
    driver.set_security_rules(group, [Rule(PORT + 1, f'{far}/32')])
    assert not _answers(whole, address, far)


def _answers(whole: Deployment, address: str, source: str) -> bool:
    """Whether the database lets its user in who comes from that address of this machine."""
    try:
        return whole.sql(address, 'SELECT 1', source=source) == ((1,),)
    except pymysql.OperationalError as error:
        assert 'timed out' in str(error), 'it was dropped, and not refused by the database'
        return False


def test_a_server_that_an_operator_deleted_goes_with_the_instance(whole: Deployment, cloud: Cloud) -> None:
    """The cloud keeps it, and it the volume."""
    instance = whole.create('twice')
    whole.reach(instance)
    server = next(s for s in cloud.admin.compute.servers(all_projects=True) if f'dbaas-{instance}-' in s.name)
    cloud.admin.compute.delete_server(server)
    until(lambda: status_of(cloud, server.id) == 'SOFT_DELETED', PATIENCE, 'the server is put away')
    whole.client('database', 'instance', 'delete', instance)
    whole.reach(instance, 'instance.delete')
    assert whole.traces(instance) == [] and status_of(cloud, server.id) is None


def test_nothing_of_the_control_plane_is_in_a_guest(whole: Deployment, cloud: Cloud) -> None:
    instance = whole.create('curious')
    whole.reach(instance)
    server = next(s for s in cloud.admin.compute.servers(all_projects=True) if f'dbaas-{instance}-' in s.name)
    secrets = [
        whole.broker.url.partition('://')[2].partition('@')[0], whole.sql_server.url(), cloud.auth_url,
        f'password: {PASSWORD}', 'application_credential', 'X-Auth-Token', 'clouds.yaml',
    ]  # fmt: skip
    patterns = [word for secret in secrets for word in ('-e', secret)]
    found = cloud.inside(server.id, 'grep', '-rlF', *patterns, '/etc/dbaas', '/var/lib/cloud', '/run', '/srv', '/root')
    assert found.stdout == ''
    seen = cloud.inside(server.id, 'grep', '-c', 'transport_url', '/etc/dbaas/agent.json')
    assert seen.stdout.strip() == '1', 'the search looks at what the guest was given'


def test_a_network_of_somebody_else_is_refused_and_nothing_is_made(whole: Deployment, cloud: Cloud) -> None:
    words = ['--flavor', 'small', '--size', '1', '--nic', f'net-id={cloud.network("other")["id"]}']
    said = whole.client('database', 'instance', 'create', 'greedy', *words, '--datastore', 'mariadb', code=1)
    assert cloud.network('other')['id'] in said and '400' in said
    assert whole.traces() == []


# -- what goes wrong -----------------------------------------------------------------------------------------------
def test_a_conductor_that_dies_while_the_machine_boots_loses_nothing(whole: Deployment, cloud: Cloud) -> None:
    instance = whole.create('survivor')
    begun = until(lambda: (o := whole.operation(instance)) and _done(o, 'create-server') and o, PATIENCE, 'a server')
    whole.kill(begun['conductor'] or 'conductor-1')
    ended = whole.reach(instance)
    assert whole.sql(whole.address(instance), 'SELECT 1') == ((1,),)
    assert len([name for name in whole.traces(instance) if '-server-' in name and 'group' not in name]) == 1
    assert all(step['state'] == 'SUCCESS' for step in ended['steps'])


def _done(operation: dict[str, Any], step: str) -> bool:
    return any(one['name'] == step and one['state'] == 'SUCCESS' for one in operation['steps'])


def test_a_quota_of_the_cloud_is_in_the_plan_and_holds_a_create_before_anything_is_made(
    whole: Deployment, cloud: Cloud
) -> None:
    project = cloud.project('database-service')
    cloud.admin.set_compute_quotas(project, instances=0)
    try:
        planned = whole.flow('plan', 'create', 'big', '--flavor', 'small', '--size', '1', '-o', 'json', who='demo')
        assert 'instances' in json.loads(planned)['steps'][0]['effect']
        instance = whole.create('patient')
        held = whole.reach(instance, state='HELD')
        assert whole.traces() == []
    finally:
        cloud.admin.set_compute_quotas(project, instances=-1)
    whole.flow('resume', held['id'], '--reason', 'quota raised')
    whole.reach(instance)
    assert whole.sql(whole.address(instance), 'SELECT 1') == ((1,),)


def test_every_service_stumbles_and_the_database_comes_and_goes(whole: Deployment, cloud: Cloud) -> None:
    with _stumbling(cloud):
        instance = whole.create('stubborn')
        whole.reach(instance)
    names = [name.partition(instance)[2] for name in whole.traces(instance)]
    assert len(names) == len(set(names)), 'nothing was made twice'
    with _stumbling(cloud):
        whole.client('database', 'instance', 'delete', instance)
        whole.reach(instance, 'instance.delete')
    assert whole.traces(instance) == []


@contextlib.contextmanager
def _stumbling(cloud: Cloud) -> Iterator[None]:
    """Every fifth call or so goes wrong, in every service but Keystone, which the clients of tenants ask too."""
    with contextlib.ExitStack() as troubles:
        for kind in ('too-many', 'error', 'unavailable', 'drop-before', 'drop-after'):
            for service in ('nova', 'neutron', 'cinder', 'glance'):
                troubles.enter_context(cloud.faults.rule(kind, service, probability=0.04))
        yield


# -- audit and repair ----------------------------------------------------------------------------------------------
def test_a_server_that_an_operator_deletes_is_found_by_the_audit_and_made_again_with_its_data(
    whole: Deployment, cloud: Cloud, tmp_path: pathlib.Path
) -> None:
    instance = whole.create('phoenix')
    whole.reach(instance)
    address = whole.address(instance)
    remember(whole, address)
    assert whole.manage('audit') != ''
    server = next(s for s in cloud.admin.compute.servers(all_projects=True) if f'dbaas-{instance}-' in s.name)
    cloud.admin.compute.delete_server(server)
    until(lambda: status_of(cloud, server.id) == 'SOFT_DELETED', PATIENCE, 'the server is put away')
    assert instance in whole.manage('audit', code=1)
    whole.manage('audit', '--repair')
    whole.reach(instance, 'instance.repair')
    assert whole.address(instance) == address
    until(lambda: kept(whole, address), PATIENCE, 'the data is there')
    assert status_of(cloud, server.id) is None, 'it would have held the volume'
    whole.manage('audit')


def status_of(cloud: Cloud, server: str) -> str | None:
    found = cloud.admin.compute.find_server(server)
    return found and found.status
