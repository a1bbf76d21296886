"""How to start each registered operation in a House, and what the world must look like when it has succeeded."""

import dataclasses
import os
from collections.abc import Callable
from typing import Any

from dbaas.cloud.protocol import Machine, Owner
from dbaas.db import instances
from dbaas.services import audits, repairs
from tests.flows.harness import CTX, FLAVOR, PROJECT, House

INSTANCE = '1f6f1c9e-52a4-4f6c-9d0a-7d3c5b0e8a11'  # real clouds find it again in names
UNKNOWN = '1f6f1c9e-52a4-4f6c-9d0a-7d3c5b0e8a12'  # an operation that no record has
BUS_PASSWORD = 'of the bus'
QUOTA = {'instances': 1, 'ram': 512, 'volumes': 2}
ACCESS = {'is_public': True, 'allowed_cidrs': ['10.0.0.0/8']}
ROW = {
    'id': INSTANCE, 'project_id': PROJECT, 'name': 'one', 'status': 'BUILD', 'datastore_version_id': 'v',
    'flavor': FLAVOR, 'volume_size': 2, 'access': ACCESS, 'addresses': [], 'created': 1000.0, 'updated': 1000.0,
}  # fmt: skip
AGREED = audits.Report([], [], [])
PARTS = ['floating-ip', 'management-port', 'port', 'security-group', 'server', 'server-group', 'volume']
DATABASE = {'version': '10.11', 'running': True, 'databases': ['shop'], 'users': ['ann@%']}


def create_inputs(guest_key: str, verifier: str, bus_password: str | None = None) -> dict[str, Any]:
    user = {'name': 'ann', 'host': '%', 'databases': ['shop'], 'verifier_secret': verifier}
    database = {'name': 'shop', 'character_set': None, 'collate': None}
    return {
        'instance_id': INSTANCE, 'name': 'one', 'volume_size': 2, 'volume_type': None,
        'datastore': 'mariadb', 'datastore_version': '10.11',
        'access': ACCESS, 'nic': None, 'locality': 'anti-affinity',
        'databases': [database], 'users': [user], 'guest_key_id': guest_key,
        'bus_password_id': bus_password,
    }  # fmt: skip


def start_create(house: House) -> str:
    """As the service does: row, secrets, operation in one transaction."""

    def rows(c: Any) -> dict[str, Any]:
        key = house.secrets.seal(
            c, project_id=PROJECT, owner=INSTANCE, purpose='guest-key', value=os.urandom(32)
        )  # fmt: skip
        verifier = house.secrets.seal(
            c, project_id=PROJECT, owner=INSTANCE, purpose='verifier', value=b'*A4B6157319038724E3560894'
        )
        password = house.secrets.seal(
            c, project_id=PROJECT, owner=INSTANCE, purpose='bus-password', value=BUS_PASSWORD.encode()
        )
        instances.insert(c, **ROW | {'flavor': house.asked['flavor']}, guest_key_id=key)
        return create_inputs(key, verifier, password) | house.asked

    inputs = house.db.run(rows)
    return house.accept('instance.create', resource_id=INSTANCE, inputs=inputs, quota=QUOTA)


def created(house: House, operation_id: str) -> None:
    world = house.world.snapshot()
    assert world['guests'] == {INSTANCE: {'database': DATABASE}}
    assert [r[1] for r in world['resources']] == PARTS
    assert house.users.made == {INSTANCE: BUS_PASSWORD}
    row = house.rows('instances')['instances'][0]
    assert row['status'] == 'ACTIVE' and row['server_id'] and row['volume_id']
    assert [a['type'] for a in row['addresses']] == ['private', 'public']
    assert house.rows('quotas')['quotas'][0]['used'] == 1


def delete_ready(house: House) -> None:
    assert house.go_on(start_create(house)) == 'SUCCEEDED'


def start_delete(house: House) -> str:
    return house.delete(INSTANCE)


def deleted(house: House, operation_id: str) -> None:
    assert house.world.snapshot() == {'resources': [], 'guests': {}} and not house.users.made
    rows = house.rows()
    assert rows['instances'][0]['deleted'] is not None
    assert not rows['secrets'] and not rows['guest_heartbeats'] and not rows['quota_reservations']
    assert {q['used'] for q in rows['quotas']} == {0}


def repair_ready(house: House) -> None:
    """Its machine and its addresses are gone; what is on its volume is not."""
    delete_ready(house)
    for name in ('server', 'floating-ip', 'port'):
        house.world.cloud.lose(INSTANCE, name)


def start_repair(house: House) -> str:
    loss = audits.look(house.db, house.world.cloud).losses[0]
    return house.begin(lambda c: repairs.repair(c, house.operations, CTX, loss))


def repaired(house: House, operation_id: str) -> None:
    assert audits.look(house.db, house.world.cloud) == AGREED
    created(house, operation_id)


def sweep_ready(house: House) -> None:
    """An instance, and what a conductor that came late has made for it: all kinds of things. And a stranger."""
    delete_ready(house)
    made_by = next(row['id'] for row in house.rows('operation')['operation'])
    owner, cloud = Owner(INSTANCE, made_by, PROJECT), house.world.cloud
    port = cloud.create_port(owner, 'late-port', 3306, None, cloud.create_security_group(owner, 'late-group', []))
    volume = cloud.create_volume(owner, 'late-volume', 1)
    in_time(house, lambda: cloud.volume(volume.id).status == 'AVAILABLE')
    cloud.create_snapshot(owner, 'late-snapshot', volume.id)
    cloud.create_server(owner, 'late-server', Machine(cloud.flavors()[0], [port], volume, {}, house.asked['image']))
    cloud.create_floating_ip(owner, 'late-floating-ip', port)
    cloud.create_volume(Owner(INSTANCE, UNKNOWN, PROJECT), 'strange-volume', 1)


def in_time(house: House, condition: Callable[[], bool], looks: int = 200) -> None:
    """Of a world that takes its time."""
    while not condition():
        looks -= 1
        assert looks, 'it never comes true'
        house.world.settle()


def start_sweep(house: House) -> str:
    report = audits.look(house.db, house.world.cloud)
    return house.begin(lambda c: repairs.sweep(c, house.operations, CTX, report.orphans, report.strangers))


def swept(house: House, operation_id: str) -> None:
    assert audits.look(house.db, house.world.cloud) == AGREED
    created(house, operation_id)


def start_demo_wait(house: House) -> str:
    return house.accept('demo.wait', inputs={'seconds': 30})


def waited(house: House, operation_id: str) -> None:
    assert house.now >= 1030.0


@dataclasses.dataclass(frozen=True)
class Scenario:
    start: Callable[[House], str]  # -> operation id
    succeeded: Callable[[House, str], None]  # asserts
    before: Callable[[House], None] = lambda house: None  # what exists before it is asked for
    leaves: tuple[str, ...] = ()  # tables in which an undone one leaves a row of its own
    told: tuple[str, ...] = ()  # tables in which others have written meanwhile


SCENARIOS = {
    'instance.create': Scenario(start_create, created, leaves=('instances',)),
    'instance.delete': Scenario(start_delete, deleted, before=delete_ready),
    'instance.repair': Scenario(start_repair, repaired, before=repair_ready, told=('guest_heartbeats',)),
    'cloud.sweep': Scenario(start_sweep, swept, before=sweep_ready),
    'demo.wait': Scenario(start_demo_wait, waited),
}
