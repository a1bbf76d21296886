"""The flows on a real control plane: servers are bookkeeping only and guests simulated, all else is the real thing.

A selection of what tests/flows does with every flow: repeated, failed and undone, killed and resumed, under trouble.
"""

import contextlib
import os
import shutil
import uuid

import pytest

from dbaas.db import instances
from dbaas.services import audits, repairs
from tests.flows import harness, scenarios
from tests.flows.conftest import graph_of
from tests.flows.injection import DO, Injection
from tests.flows.scenarios import AGREED, PROJECT
from tests.flows.test_every_flow_killed import kill_at, lives
from tests.waiting import until

pytestmark = pytest.mark.xdist_group('openstack')
INSTANCE = str(uuid.uuid4())  # real ones are found again in names
PATIENCE = 60  # seconds until what was removed is gone
FAILING = ('create-floating-ip', 'create-server', 'publish-endpoint')
LOOKS = 2000  # of an operation; time goes on by a second with each, whatever it takes


class WithGuests:
    """The cloud, with a simulated guest in each server."""

    def __init__(self, cloud, world):
        self._cloud, self._world = cloud, world

    def __getattr__(self, name):
        return getattr(self._cloud, name)

    def create_server(self, owner, name, machine):
        made = self._cloud.create_server(owner, name, machine)
        self._world.guests.boot(owner.instance)
        return made

    def delete_server(self, owner, name):
        self._cloud.delete_server(owner, name)
        self._drop(owner.instance)

    def forget(self, instance):
        self._cloud.forget(instance)
        self._drop(instance)

    def _drop(self, instance):
        with self._world.state.change():
            self._world.state.drop('guests', instance)


@pytest.fixture
def disk(databases, tmp_path):
    url = databases.migrated('sqlite')
    copy = shutil.copy(url.removeprefix('sqlite:///'), tmp_path / 'dbaas.sqlite')
    with contextlib.closing(harness.Disk(f'sqlite:///{copy}')) as made:
        yield made


@pytest.fixture
def house(disk, driver, openstack_cloud):
    """Its conductor works on the real cloud; nothing is left there."""
    harness.quiet()
    openstack_cloud.faults.clear()
    made = harness.House(disk)
    made.world.cloud = WithGuests(driver, made.world)
    made.restart()
    yield made
    openstack_cloud.faults.clear()
    driver.forget(INSTANCE)


@pytest.fixture
def injection(house):
    with Injection().installed() as made:
        yield made


@pytest.fixture
def create(house, driver, hollow):
    """create() -> the operation's id, accepted as by the API."""
    flavor = driver.flavors()[0].to_dict()

    def accept(c):
        def sealed(owner, purpose):
            return house.secrets.seal(c, project_id=PROJECT, owner=owner, purpose=purpose, value=os.urandom(32))

        key, verifier = sealed(INSTANCE, 'guest-key'), house.secrets.seal(
            c, project_id=PROJECT, owner=INSTANCE, purpose='verifier', value=b'*A4B6157319038724E3560894'
        )  # fmt: skip
        instances.insert(c, **scenarios.ROW | {'id': INSTANCE, 'flavor': flavor}, guest_key_id=key)
        own = {'instance_id': INSTANCE, 'flavor': flavor, 'zone': None, 'image': hollow}
        inputs = scenarios.create_inputs(key, verifier) | own
        given = {'resource_id': INSTANCE, 'inputs': inputs, 'quota': scenarios.QUOTA}
        return house.operations.accept(c, harness.CTX, 'instance.create', **given)

    return lambda: house.begin(accept)


@pytest.fixture
def before(driver):
    """What there is in the cloud; asserts at the end that it is the same again."""
    seen = driver.snapshot()
    yield
    until(lambda: driver.snapshot() == seen, PATIENCE, 'the cloud is as it was')


def done(house, operation):
    assert house.go_on(operation, LOOKS) == 'SUCCEEDED', house.operation(operation).reason


def whole(house):
    """One instance, which has everything once and is where its record says."""
    assert audits.look(house.db, house.world.cloud) == AGREED
    found = house.world.cloud.resources(INSTANCE)
    assert sorted(r.name for r in found) == scenarios.PARTS


def test_created_lost_repaired_and_deleted(before, house, driver, create):
    operation = create()
    done(house, operation)
    whole(house)
    (row,) = house.rows('instances')['instances']
    assert [place['type'] for place in row['addresses']] == ['private', 'public']
    server = next(r for r in driver.resources(INSTANCE) if r.kind == 'server')
    house.world.cloud.delete_server(server.owner, 'server')
    until(lambda: driver.server_by_id(server.id) is None, PATIENCE, 'the server is lost')
    (loss,) = audits.look(house.db, house.world.cloud).losses
    assert loss.found == ('server is gone',)
    done(house, house.begin(lambda c: repairs.repair(c, house.operations, harness.CTX, loss)))
    whole(house)
    driver.create_volume(server.owner, 'late', 1)
    orphans = audits.look(house.db, house.world.cloud).orphans
    done(house, house.begin(lambda c: repairs.sweep(c, house.operations, harness.CTX, orphans)))
    whole(house)
    done(house, house.delete(INSTANCE))


def test_each_step_twice_leaves_one_of_everything(before, house, injection, create):
    for name in ('instance.create', 'instance.delete'):
        injection.twice |= {(step, DO) for step in graph_of(name).steps}
    done(house, create())
    whole(house)
    done(house, house.delete(INSTANCE))


@pytest.mark.parametrize('step', FAILING)
def test_failed_and_undone_without_a_trace(before, house, injection, create, step):
    injection.fail(step, when='after')
    operation = create()
    assert house.go_on(operation, LOOKS) == 'HELD'
    house.order(operation, 'abort')
    assert house.go_on(operation, LOOKS) == 'ABORTED'


@pytest.mark.parametrize('number', [17, 33])
def test_killed_and_resumed_by_another_conductor(before, house, create, number):
    operation = create()
    kill_at(house, number)
    assert lives(house, operation)
    done(house, operation)
    whole(house)
    done(house, house.delete(INSTANCE))


@pytest.mark.parametrize('trouble', ['drop-after', 'unavailable'])
def test_under_trouble_of_every_service(before, house, openstack_cloud, create, trouble):
    faults = openstack_cloud.faults
    with contextlib.ExitStack() as stack:
        for service in ('nova', 'neutron', 'cinder'):
            for method in ('POST', 'DELETE', 'GET'):
                stack.enter_context(faults.rule(trouble, service, method=method, times=2))
        done(house, create())
        whole(house)
        done(house, house.delete(INSTANCE))
