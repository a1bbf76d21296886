"""What speaks against an instance: quotas of the service project, networks of others, places that do not exist."""

import pytest

from dbaas.cloud.protocol import Need, Nic, Owner
from dbaas.exceptions import CloudError
from tests.openstack.cloud_fixtures import Seen, options_of

pytestmark = pytest.mark.xdist_group('openstack')

QUOTAS = {  # service -> how a quota is set by an administrator
    'Nova': lambda admin, project, **quota: admin.compute.update_quota_set(project, **quota),
    'Cinder': lambda admin, project, **quota: admin.block_storage.update_quota_set(project, **quota),
    'Neutron': lambda admin, project, **quota: admin.network.update_quota(project, **quota),
}
NOBODY = '00000000-0000-4000-8000-000000000000'


@pytest.fixture(scope='module')
def bare(openstack_cloud):
    """The driver with another service project, in which there is nothing."""
    return Seen(options_of(openstack_cloud, cloud='other'))


@pytest.fixture
def quota(openstack_cloud):
    """Sets one of that project; afterwards there is no limit again."""
    project, done = openstack_cloud.project('other'), []

    def change(service, name, limit):
        done.append((service, name))
        QUOTAS[service](openstack_cloud.admin, project, **{name: limit})

    yield change
    for service, name in done:
        QUOTAS[service](openstack_cloud.admin, project, **{name: -1})


@pytest.mark.parametrize(
    'service, name, limit, said',
    [
        ('Nova', 'instances', 0, 'instances'),
        ('Nova', 'cores', 0, 'cores'),
        ('Nova', 'ram', 100, 'ram (MiB)'),
        ('Nova', 'server_groups', 0, 'server groups'),
        ('Cinder', 'volumes', 0, 'volumes'),
        ('Cinder', 'gigabytes', 4, 'gigabytes'),
        ('Cinder', 'gigabytes_fast', 4, 'gigabytes_fast'),
        ('Cinder', 'per_volume_gigabytes', 4, 'per_volume_gigabytes'),
        ('Neutron', 'ports', 0, 'port'),
        ('Neutron', 'security_groups', 1, 'security_group'),
        ('Neutron', 'security_group_rules', 8, 'security_group_rule'),
        ('Neutron', 'floating_ips', 0, 'floatingip'),
    ],
)
def test_the_quota_that_is_too_small_is_named(bare, openstack_cloud, quota, service, name, limit, said):
    need = Need(bare.flavors()[0], 5, 'fast', public=True, grouped=True, rules=3)
    assert bare.shortage(need) is None
    quota(service, name, limit)
    why = bare.shortage(need)
    assert why.startswith(f"{service}'s quota of {said} is too small: ") and f' of {limit} are used, ' in why
    assert openstack_cloud.project('other') in why


def test_the_quota_of_a_type_counts_however_the_type_is_named(bare, openstack_cloud, quota):
    """By its id; and the cloud's default type, which nobody has named."""
    rows = bare.services.volume.list('/types', 'volume_types')
    flavor, id = bare.flavors()[0], next(row['id'] for row in rows if row['name'] == 'fast')
    quota('Cinder', 'gigabytes_fast', 4)
    assert 'quota of gigabytes_fast is' in bare.shortage(Need(flavor, 5, id))
    usual = bare.services.volume.find('/types/default', 'volume_type')['name']
    assert usual != 'fast' and bare.shortage(Need(flavor, 5)) is None
    quota('Cinder', f'gigabytes_{usual}', 4)
    assert f'quota of gigabytes_{usual} is' in bare.shortage(Need(flavor, 5))


def test_what_does_not_need_it_has_room(bare, quota):
    quota('Cinder', 'gigabytes_fast', 4)
    quota('Neutron', 'floating_ips', 0)
    quota('Nova', 'server_groups', 0)
    assert bare.shortage(Need(bare.flavors()[0], 5)) is None


def test_a_quota_that_fills_up_meanwhile_is_named_by_its_service(bare, quota):
    quota('Cinder', 'volumes', 0)
    holder = Owner(NOBODY, NOBODY, 'demo')
    with pytest.raises(CloudError, match=r'^Cinder: POST /volumes \(dbaas-.*\): 413 VolumeLimitExceeded'):
        bare.create_volume(holder, 'volume', 1)


@pytest.mark.parametrize('how', ['network', 'subnet', 'address', 'all'])
def test_a_tenant_may_use_its_own_network(driver, openstack_cloud, tenant, how):
    there = openstack_cloud.network('tenant')
    address = there['cidr'].replace('.0/24', '.77')
    nic = {
        'network': Nic(network=there['id']),
        'subnet': Nic(subnet=there['subnet']),
        'address': Nic(there['id'], address=address),
        'all': Nic(there['id'], there['subnet'], address),
    }[how]
    assert driver.refusal(tenant, [nic], '', '') is None


def test_nobody_may_use_the_network_of_another(driver, openstack_cloud, tenant):
    other = openstack_cloud.network('other')
    for nic in (
        Nic(network=other['id']),
        Nic(subnet=other['subnet']),
        Nic(network=NOBODY),
        Nic(subnet=NOBODY),
        Nic(network='../ports'),
    ):
        said = driver.refusal(tenant, [nic], '', '')
        assert said == f'There is no network {nic.network or nic.subnet} that project {tenant} may use.'


def test_a_network_is_shared_with_whom_its_owner_says(driver, openstack_cloud, tenant):
    """With us, to have its own instances there, is not with everybody."""
    other, admin = openstack_cloud.network('other'), openstack_cloud.admin
    nic = Nic(network=other['id'])
    for project, allowed in ((openstack_cloud.project('database-service'), False), (tenant, True), ('*', True)):
        policy = admin.network.create_rbac_policy(
            object_type='network', object_id=other['id'], action='access_as_shared', target_project_id=project
        )
        assert (driver.refusal(tenant, [nic], '', '') is None) is allowed
        admin.network.delete_rbac_policy(policy)


def test_places_that_do_not_exist(driver, openstack_cloud, tenant):
    there, other = openstack_cloud.network('tenant'), openstack_cloud.network('other')
    wishes = {
        f'Subnet {other["subnet"]} does not belong': ([Nic(there['id'], other['subnet'])], '', ''),
        'Address 192.0.2.1 lies in none of ': ([Nic(there['id'], address='192.0.2.1')], '', ''),
        'Address nonsense lies in none of ': ([Nic(there['id'], address='nonsense')], '', ''),
        'There is no availability zone moon.': ([], 'moon', ''),
        'There is no volume type paper.': ([], '', 'paper'),
    }
    for said, (nics, zone, type) in wishes.items():
        assert driver.refusal(tenant, nics, zone, type).startswith(said)
    assert driver.refusal(tenant, [], 'nova', 'fast') is None


def test_no_public_address_without_a_floating_network(openstack_cloud, tenant):
    inside = Seen(options_of(openstack_cloud, floating_network=None))
    assert inside.refusal(tenant, [], '', '', public=True) == 'This cloud has no public addresses: leave out is_public.'
    assert inside.refusal(tenant, [], '', '') is None
