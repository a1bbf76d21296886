"""What an audit finds and leaves alone; what repair and sweep do about it when things are otherwise by then."""

import dataclasses
from typing import Any

import pytest
import sqlalchemy as sa

from conductor.reconciler import Reconciler
from dbaas import exceptions
from dbaas.cloud.protocol import Owner
from dbaas.db import instances
from dbaas.db.tables import METADATA
from dbaas.services import audits, repairs
from tests.flows.conftest import graph_of
from tests.flows.harness import CTX, PROJECT, House
from tests.flows.scenarios import AGREED, INSTANCE, created, start_delete


@pytest.fixture
def house(open_place):
    """With one instance."""
    return open_place('instance.delete').house


def look(house: House) -> audits.Report:
    return audits.look(house.db, house.world.cloud)


def lose(house: House, *names: str) -> audits.Loss:
    for name in names:
        house.world.cloud.lose(INSTANCE, name)
    (loss,) = look(house).losses
    return loss


def start(house: House, loss: audits.Loss) -> str:
    return house.begin(lambda c: repairs.repair(c, house.operations, CTX, loss))


def sweep(house: House) -> str:
    orphans = look(house).orphans
    return house.begin(lambda c: repairs.sweep(c, house.operations, CTX, orphans))


def creator(house: House) -> Owner:
    (operation,) = [row['id'] for row in house.rows('operation')['operation'] if row['type'] == 'instance.create']
    return Owner(INSTANCE, operation, PROJECT)


def test_records_and_cloud_agree(house):
    assert look(house) == AGREED


@pytest.mark.parametrize('name', ['server', 'security-group', 'floating-ip'])
def test_what_is_gone_is_made_again(house, name):
    loss = lose(house, name)
    assert (loss.lost, loss.found, loss.refused) == ((name,), (f'{name} is gone',), None)
    operation = start(house, loss)
    assert house.go_on(operation) == 'SUCCEEDED'
    assert look(house) == AGREED
    created(house, operation)


@pytest.mark.parametrize('name', ['port', 'management-port'])
def test_a_machine_that_has_lost_a_port_is_replaced(house, name):
    before = house.rows('instances')['instances'][0]
    loss = lose(house, name)
    assert loss.lost == (name, 'server') and loss.found == (f'{name} is gone',)
    operation = start(house, loss)
    assert house.go_on(operation) == 'SUCCEEDED'
    after = house.rows('instances')['instances'][0]
    assert after['server_id'] != before['server_id'] and after['volume_id'] == before['volume_id']
    assert look(house) == AGREED
    created(house, operation)


def test_an_address_that_is_not_recorded_is_published(house):
    house.db.run(lambda c: instances.update(c, INSTANCE, addresses=[], server_id='another'))
    (loss,) = look(house).losses
    assert loss.lost == () and len(loss.found) == 2
    assert house.go_on(start(house, loss)) == 'SUCCEEDED'
    assert look(house) == AGREED


def test_a_lost_volume_is_refused_with_what_to_do(house):
    loss = lose(house, 'server', 'volume')
    assert 'restore a backup' in (loss.refused or '')
    before = house.rows()
    with pytest.raises(exceptions.Conflict, match='restore a backup'):
        start(house, loss)
    assert house.rows() == before


def test_a_volume_that_is_lost_meanwhile_holds_the_repair_before_it_makes_anything(house):
    operation = start(house, lose(house, 'server'))
    house.world.cloud.lose(INSTANCE, 'volume')
    before = house.world.snapshot()
    assert house.go_on(operation) == 'HELD'
    assert 'restore a backup' in house.operation(operation).reason
    house.order(operation, 'abort')
    assert house.go_on(operation) == 'ABORTED' and house.world.snapshot() == before


def test_what_is_there_again_is_not_made_and_not_undone(house):
    """Somebody was faster: an undo must not remove what he has made."""
    loss = lose(house, 'floating-ip')
    second = dataclasses.replace(loss)
    assert house.go_on(start(house, loss)) == 'SUCCEEDED'
    operation, before = start(house, second), house.world.snapshot()
    assert house.go_on(operation) == 'HELD'
    assert 'is there again' in house.operation(operation).reason
    house.order(operation, 'abort')
    assert house.go_on(operation) == 'ABORTED' and house.world.snapshot() == before


def test_one_repair_at_a_time_and_a_busy_instance_is_left_out(house):
    loss = lose(house, 'server')
    start(house, loss)
    with pytest.raises(exceptions.Unprocessable, match='busy'):
        start(house, loss)
    assert look(house) == AGREED


def test_a_delete_supersedes_a_repair(house):
    operation = start(house, lose(house, 'server'))
    deletion = start_delete(house)
    assert house.go_on(deletion) == 'SUCCEEDED'
    assert house.state(operation) == 'SUPERSEDED'
    assert house.world.snapshot() == {'resources': [], 'guests': {}}


def test_what_a_repair_has_made_is_no_orphan(house):
    house.go_on(start(house, lose(house, 'server', 'port')))
    assert look(house).orphans == []


def test_orphans_are_swept_and_nothing_else(house):
    before = house.world.snapshot()
    house.world.cloud.create_volume(creator(house), 'late', 1)
    assert [r.name for r in look(house).orphans] == ['late']
    assert house.go_on(sweep(house)) == 'SUCCEEDED'
    assert house.world.snapshot() == before


def test_a_sweep_waits_for_what_is_under_way_on_the_instance(house):
    house.world.cloud.create_volume(creator(house), 'late', 1)
    loss, operation = lose(house, 'server'), sweep(house)
    repair = start(house, loss)
    house.work()
    assert house.state(operation) == 'WAITING'
    assert house.go_on(repair) == 'SUCCEEDED' and house.go_on(operation) == 'SUCCEEDED'
    assert look(house) == AGREED


def test_an_orphan_that_has_found_an_owner_stays(house):
    made = house.world.cloud.create_volume(creator(house), 'late', 1)
    operation = sweep(house)
    house.db.run(lambda c: instances.update(c, INSTANCE, volume_id=made.id))
    assert house.go_on(operation) == 'SUCCEEDED'
    assert house.world.cloud.volume(made.id) is not None


def test_what_is_left_of_a_deleted_instance_is_an_orphan(house):
    owner = creator(house)
    assert house.go_on(start_delete(house)) == 'SUCCEEDED'
    house.world.cloud.create_port(owner, 'port', 3306)
    assert [r.kind for r in look(house).orphans] == ['port']


def test_what_another_deployment_has_made_is_a_stranger_and_stays(house):
    house.world.cloud.create_port(Owner('elsewhere', 'operation-of-another', PROJECT), 'port', 3306)
    report = look(house)
    assert [r.owner.instance for r in report.strangers] == ['elsewhere']
    assert not report.orphans and not report.losses and not report.clean


def test_strangers_that_somebody_disowns_are_swept_and_nothing_else(house):
    """Also of an instance that is in the records: they were restored, and it goes on with what they name."""
    before = house.world.snapshot()
    late = Owner(INSTANCE, 'younger-than-the-records', PROJECT)
    house.world.cloud.create_volume(late, 'late', 1)
    house.world.cloud.create_port(Owner('elsewhere', 'younger-than-the-records', PROJECT), 'port', 3306)
    house.users.create('elsewhere', 'its password')
    house.users.create('not-disowned', 'its password')
    named = house.world.cloud.create_volume(late, 'named', 1)
    house.db.run(lambda c: instances.update(c, INSTANCE, volume_id=named.id))
    strangers = look(house).strangers
    assert {one.name for one in strangers} == {'late', 'port', 'named'}
    operation = house.begin(lambda c: repairs.sweep(c, house.operations, CTX, (), strangers))
    assert house.go_on(operation) == 'SUCCEEDED'
    assert sorted(house.users.made) == sorted([INSTANCE, 'not-disowned'])
    (left,) = look(house).strangers
    assert left.id == named.id
    house.world.cloud.remove(left)
    assert house.world.snapshot() == before


def test_what_a_repair_has_made_outlives_records_that_are_restored(house):
    """They know the create and not the repair: no sweep takes the machine away, a repair finds it again."""
    before = house.rows()
    assert house.go_on(start(house, lose(house, 'server', 'port'))) == 'SUCCEEDED'
    server, port = (house.world.cloud.server(creator(house), 'server'), house.world.cloud.resources(INSTANCE, ['port']))
    restore(house, before)
    Reconciler(house.db, house.board, house.world.cloud, house.settings).sweep()
    assert house.world.cloud.server(creator(house), 'server') == server
    assert house.world.cloud.resources(INSTANCE, ['port']) == port
    report = look(house)
    assert not report.orphans and not report.strangers
    (loss,) = report.losses
    assert any(word.startswith(f'server is {server.id}, and not ') for word in loss.found)
    assert house.go_on(start(house, loss)) == 'SUCCEEDED'
    assert look(house) == AGREED and house.world.cloud.server(creator(house), 'server') == server


def restore(house: House, rows: dict[str, list[dict[str, Any]]]) -> None:
    """The database, as it was."""

    def work(c: sa.Connection) -> None:
        for table in reversed(METADATA.sorted_tables):
            c.execute(sa.delete(table))
        for table in METADATA.sorted_tables:
            if rows.get(table.name):
                c.execute(sa.insert(table), rows[table.name])

    house.db.run(work)


def test_an_audit_changes_nothing(house):
    house.world.cloud.create_volume(creator(house), 'late', 1)
    house.world.cloud.lose(INSTANCE, 'server')
    rows, world = house.rows(), house.world.snapshot()
    look(house)
    assert house.rows() == rows and house.world.snapshot() == world


def test_the_clouds_own_quota_stops_a_create_before_anything_is_made(open_place):
    place = open_place('instance.create')
    place.house.world.cloud.quota['volumes'] = 0
    operation = place.start()
    assert place.house.go_on(operation) == 'HELD'
    assert 'no room: volumes: 0 of 0 are used' in place.house.operation(operation).reason
    assert place.house.world.snapshot()['resources'] == []
    place.house.world.cloud.quota.clear()
    place.house.order(operation, 'resume')
    place.house.go_on(operation)
    place.succeeded(operation)


def test_a_create_that_is_not_public_and_asks_for_no_group(open_place):
    """Steps that are not needed do nothing, and the plan says so."""
    house = open_place('instance.create').house
    inputs = {'access': {}, 'locality': None}
    steps = graph_of('instance.create').steps
    for name in ('create-floating-ip', 'create-server-group'):
        assert steps[name].describe(house.world.cloud, inputs).startswith('nothing: ')
