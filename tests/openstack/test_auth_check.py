"""dbaas-manage check on a live cloud: Keystone and the catalogue, each service, networks, flavors, guest images."""

import pathlib
import shutil
import time
from collections.abc import Callable, Iterator

import pytest
import sqlalchemy as sa

from dbaas.cli.manage import catalogue
from dbaas.db.session import Database
from dbaas.db.tables import METADATA
from dbaas.services import keyring
from tests.api.house import House
from tests.checked import Findings, checked, results
from tests.openstack import keystone_house
from tests.servers.front import front
from tests.servers.openstack.cloud import Cloud
from tests.servers.ports import free_port

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group('openstack')]
SERVICES = ('Nova', 'Cinder', 'Neutron', 'Glance', 'Swift')
Check = Callable[..., Findings]


@pytest.fixture(scope='module')
def served(
    template: str, openstack_cloud: Cloud, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[House, str]]:
    """An API and its URL, which is in the catalogue."""
    house = keystone_house.house(template, openstack_cloud, tmp_path_factory.mktemp('house'))
    with house.served() as url:
        enter(openstack_cloud, url)
        yield house, url
    house.db.close()
    forget(openstack_cloud)


def forget(cloud: Cloud) -> None:
    for service in list(cloud.admin.identity.services(type=catalogue.TYPE)):
        cloud.admin.identity.delete_service(service)


def enter(cloud: Cloud, url: str) -> None:
    urls = dict.fromkeys(catalogue.INTERFACES, catalogue.url_of(url))
    catalogue.register(cloud.admin, 'RegionOne', 'trove', urls)


@pytest.fixture
def check(served: tuple[House, str], openstack_cloud: Cloud, template: str, tmp_path: pathlib.Path) -> Check:
    """check(code=0, image=…, keystone={…}, **options of [openstack]); image: of the datastore's version."""
    state = tmp_path / 'state'
    state.mkdir()
    keyring.load(f'{state}/keys.yaml')
    shutil.copyfile(template, state / 'dbaas.sqlite')

    def run(
        code: int = 0, image: str | None = 'guest', keystone: dict[str, str] | None = None, **options: str
    ) -> Findings:
        database = Database(f'sqlite:///{state}/dbaas.sqlite')
        named = openstack_cloud.facts['images'].get(image, image)
        database.run(lambda c: c.execute(sa.update(METADATA.tables['datastore_versions']).values(image=named)))
        database.close()
        given = {
            'clouds_file': str(openstack_cloud.clouds_yaml), 'default_network': openstack_cloud.network('tenant')['id'],
            'management_network': 'management', 'floating_network': 'external', 'volume_type': 'standard', **options,
        }  # fmt: skip
        path = pathlib.Path(keystone_house.configuration(openstack_cloud, tmp_path, **keystone or {}))
        lines = [
            '[cloud]',
            'driver = openstack',
            '[openstack]',
            *(f'{name} = {value}' for name, value in given.items()),
        ]
        path.write_text('\n'.join([path.read_text(), *lines, '']))
        return checked(str(state), str(path), code)

    return run


def test_all_is_well(check: Check, served: tuple[House, str]) -> None:
    found = check()
    furniture = ('network', 'volume type', 'flavors', 'guest image')
    every = ('Keystone', 'roles', 'catalogue', 'links', 'cloud', *SERVICES, *furniture)
    for name in (*every, 'clocks'):
        assert set(results(found[name])) == {'ok'}, found[name]
    assert len(found['network']) == 3 and served[1] in found['catalogue'][0]['what']
    assert keystone_house.SERVICE_PASSWORD not in str(found).replace('database-service', '')


@pytest.fixture
def namesakes(openstack_cloud: Cloud) -> Iterator[str]:
    """A name that three have given: a network and a group of a tenant, and the service project's own network."""
    ours, theirs, name = openstack_cloud.connect('dbaas').network, openstack_cloud.connect('demo').network, 'namesake'
    networks = [(side, side.create_network(name=name)) for side in (ours, theirs)]
    ours.create_subnet(network_id=networks[0][1].id, ip_version=4, cidr=openstack_cloud.free_cidr())
    group = theirs.create_security_group(name=name)
    yield name
    theirs.delete_security_group(group)
    for side, network in networks:
        side.delete_network(network)


def test_names_mean_what_they_mean_to_the_driver(check: Check, namesakes: str) -> None:
    """A tenant takes the name of our network; the group of that name is only his."""
    found = check(code=1, management_network=namesakes, management_security_groups=namesakes)
    assert results(found['network']) == ['ok'] * 3
    (group,) = found['security group']
    assert group['result'] == 'FAILED' and namesakes in group['what']
    assert results(found['volume type']) == results(found['flavors']) == results(found['guest image']) == ['ok']


def test_a_group_of_another_project_is_none_of_ours_by_its_id_either(check: Check, openstack_cloud: Cloud) -> None:
    (theirs,) = openstack_cloud.connect('demo').network.security_groups(
        project_id=openstack_cloud.project('demo'), name='default'
    )
    (group,) = check(code=1, management_security_groups=theirs.id)['security group']
    assert group['result'] == 'FAILED' and 'other projects' in group['remedy']


@pytest.mark.parametrize(
    ('name', 'options'),
    [
        ('network', {'management_network': 'no-such-network'}),
        ('network', {'floating_network': 'tenant'}),
        ('security group', {'management_security_groups': 'no-such-group'}),
        ('volume type', {'volume_type': 'no-such-type'}),
        ('cloud', {'cloud': 'no-such-cloud'}),
        ('guest image', {'image': 'no-such-image'}),
        ('guest image', {'image': None}),
        ('Keystone', {'keystone': {'password': 'wrong-Word-1'}}),
        ('Keystone', {'keystone': {'www_authenticate_uri': ''}}),
        ('Keystone', {'keystone': {'region_name': 'Nowhere'}}),
    ],
)
def test_what_is_wrong_is_said(check: Check, name: str, options: dict[str, object]) -> None:
    found = check(code=1, **options)
    assert 'FAILED' in results(found[name]), found
    assert 'wrong-Word-1' not in str(found)


def test_a_service_user_who_may_not_judge_tokens(check: Check) -> None:
    found = check(keystone={'username': 'demo', 'project_name': 'demo'})
    assert results(found['Keystone']) == ['warning'] and 'role add' in found['Keystone'][0]['remedy']


def test_keystone_is_away(check: Check) -> None:
    nowhere = f'http://127.0.0.1:{free_port()}/v3'
    found = check(code=1, keystone={'auth_url': nowhere})
    assert results(found['Keystone']) == ['FAILED'] and results(found['cloud']) == ['ok']


def test_an_api_that_does_not_answer(check: Check, served: tuple[House, str], openstack_cloud: Cloud) -> None:
    house, url = served
    house.ready = False
    try:
        assert results(check(code=1)['catalogue']) == ['FAILED']
    finally:
        house.ready = True
    enter(openstack_cloud, f'http://127.0.0.1:{free_port()}')
    try:
        assert results(check(code=1)['catalogue']) == ['FAILED']
        forget(openstack_cloud)
        (finding,) = check(code=1)['catalogue']
        assert 'keystone register' in finding['remedy']
    finally:
        enter(openstack_cloud, url)


@pytest.mark.parametrize(
    ('proxies', 'scheme', 'hidden', 'result'),
    [(1, 'http', (), 'ok'), (0, 'http', (), 'FAILED'), (1, 'https', (), 'FAILED'), (1, 'http', ('/',), 'warning')],
    ids=['told of it', 'not told', 'tells another scheme', 'keeps it to itself'],
)
def test_links_lead_to_the_web_server(
    check: Check, openstack_cloud: Cloud, template: str, tmp_path: pathlib.Path, served: tuple[House, str],
    proxies: int, scheme: str, hidden: tuple[str, ...], result: str,
) -> None:  # fmt: skip
    (tmp_path / 'house').mkdir()
    files = [keystone_house.configuration(openstack_cloud, tmp_path / 'house')]
    house = House(template, str(tmp_path / 'house'), clock=time.time, config_files=files, api_proxies=proxies)
    says = {'X-Forwarded-Host': '{host}', 'X-Forwarded-Proto': scheme}
    try:
        with house.served() as api, front(api, says, hidden) as url:
            enter(openstack_cloud, url)
            found = check(code=int(result == 'FAILED'))
    finally:
        house.db.close()
        enter(openstack_cloud, served[1])
    assert results(found['catalogue']) == ['ok'] and results(found['links']) == [result], found


@pytest.mark.parametrize(('service', 'title'), [('nova', 'Nova'), ('cinder', 'Cinder'), ('swift', 'Swift')])
def test_a_service_in_trouble(check: Check, cloud: Cloud, service: str, title: str) -> None:
    with cloud.faults.rule('unavailable', service):
        found = check(code=1)
    assert results(found[title]) == ['FAILED'] and 'network' not in found
    assert all(results(found[other]) == ['ok'] for other in SERVICES if other != title)
