"""How to start each registered operation in a House, and what the world must look like when it has succeeded."""

import dataclasses
import os
from collections.abc import Callable
from typing import Any

from dbaas.db import instances
from tests.flows.harness import PROJECT, House

INSTANCE = 'instance-1'
BUS_PASSWORD = 'of the bus'
QUOTA = {'instances': 1, 'ram': 512, 'volumes': 2}
FLAVOR = {'id': '1', 'name': 'tiny', 'ram': 512, 'vcpus': 1, 'disk': 1, 'ephemeral': 0}
ROW = {
    'id': INSTANCE, 'project_id': PROJECT, 'name': 'one', 'status': 'BUILD', 'datastore_version_id': 'v',
    'flavor': FLAVOR, 'volume_size': 2, 'access': {}, 'addresses': [], 'created': 1000.0, 'updated': 1000.0,
}  # fmt: skip
DATABASE = {'version': '10.11', 'running': True, 'databases': ['shop'], 'users': ['ann@%']}


def create_inputs(guest_key: str, verifier: str, bus_password: str | None = None) -> dict[str, Any]:
    user = {'name': 'ann', 'host': '%', 'databases': ['shop'], 'verifier_secret': verifier}
    database = {'name': 'shop', 'character_set': None, 'collate': None}
    return {
        'instance_id': INSTANCE, 'name': 'one', 'flavor': FLAVOR, 'volume_size': 2, 'volume_type': None,
        'datastore': 'mariadb', 'datastore_version': '10.11',
        'access': {'is_public': False, 'allowed_cidrs': ['10.0.0.0/8']},
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
        instances.insert(c, **ROW, guest_key_id=key)
        return create_inputs(key, verifier, password)

    inputs = house.db.run(rows)
    return house.accept('instance.create', resource_id=INSTANCE, inputs=inputs, quota=QUOTA)


def created(house: House, operation_id: str) -> None:
    world = house.world.snapshot()
    assert world['guests'] == {INSTANCE: {'database': DATABASE}}
    assert [r[0] for r in world['resources']] == ['port', 'security-group', 'server', 'volume']
    assert house.users.made == {INSTANCE: BUS_PASSWORD}
    row = house.rows('instances')['instances'][0]
    assert row['status'] == 'ACTIVE' and row['server_id'] and row['volume_id']
    assert [a['type'] for a in row['addresses']] == ['private']
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


SCENARIOS = {
    'instance.create': Scenario(start_create, created, leaves=('instances',)),
    'instance.delete': Scenario(start_delete, deleted, before=delete_ready),
    'demo.wait': Scenario(start_demo_wait, waited),
}
