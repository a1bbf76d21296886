"""The words a client sees: Trove's, from the row, the active operation and the last heartbeat."""

from types import SimpleNamespace
from typing import Any

import pytest

from dbaas.db import heartbeats, instances, operations
from dbaas.db.words import TERMINAL
from dbaas.services.statuses import Clockwork, seen
from tests.api.house import House

NOW = 10_000.0
CLOCK = Clockwork(NOW, expiry=90.0)


def _row(status: str = 'ACTIVE', **values: Any) -> Any:
    values = {'guest_at': NOW - 1, 'guest_state': 'HEALTHY', 'updated': NOW - 50, 'fault': None, **values}
    return SimpleNamespace(status=status, **values)


def _op(type_: str, state: str) -> Any:
    return SimpleNamespace(
        type=type_, state=state, id='op-1', step='start-database', reason='no port.', updated=NOW - 5
    )


@pytest.mark.parametrize('state', ['ACCEPTED', 'QUEUED', 'RUNNING', 'WAITING', 'PAUSED', 'ABORTING'])
@pytest.mark.parametrize(('type_', 'word'), [('instance.create', 'BUILD'), ('instance.delete', 'SHUTDOWN')])
def test_an_operation_under_way_has_its_word_and_no_fault(state: str, type_: str, word: str) -> None:
    found = seen(_row(fault={'message': 'old'}), [_op(type_, state)], CLOCK)
    assert (found.status, found.operating_status, found.fault) == (word, '', None)


@pytest.mark.parametrize(('state', 'what'), [('HELD', 'create'), ('ABORT_HELD', 'undo of create')])
def test_one_that_is_held_is_an_error_that_says_where(state: str, what: str) -> None:
    found = seen(_row('BUILD', guest_at=None, guest_state=None), [_op('instance.create', state)], CLOCK)
    assert (found.status, found.operating_status) == ('ERROR', '')
    assert found.fault == {
        'message': f'{what} stopped at step start-database: no port. Operation op-1; an operator can resume it.',
        'created': NOW - 5,
        'details': 'no port.',
    }


@pytest.mark.parametrize('state', ['RUNNING', 'HELD'])
def test_a_delete_has_the_word_beside_what_it_waits_for(state: str) -> None:
    found = seen(_row('BUILD'), [_op('instance.create', state), _op('instance.delete', 'ACCEPTED')], CLOCK)
    assert found.status == 'SHUTDOWN'


def test_operations_without_a_word_leave_the_status_alone() -> None:
    assert seen(_row(), [_op('demo.wait', 'HELD')], CLOCK).status == 'ACTIVE'


@pytest.mark.parametrize('guest_state', ['HEALTHY', 'SHUTDOWN', 'BUILD'])
def test_an_active_one_shows_what_its_guest_reports(guest_state: str) -> None:
    found = seen(_row(guest_state=guest_state), [], CLOCK)
    assert (found.status, found.operating_status) == ('ACTIVE', guest_state)


def test_a_silent_guest_is_an_error_from_its_expiry_on() -> None:
    assert seen(_row(guest_at=NOW - 90), [], CLOCK).status == 'ACTIVE'
    found = seen(_row(guest_at=NOW - 91), [], CLOCK)
    assert (found.status, found.operating_status) == ('ERROR', 'ERROR')
    assert found.fault and 'not reported' in found.fault['message'] and found.fault['created'] == NOW - 1


def test_silence_counts_from_when_somebody_listened() -> None:
    old = _row(guest_at=NOW - 5000)
    assert seen(old, [], Clockwork(NOW, 90.0, reports_since=NOW - 10)).status == 'ACTIVE'
    assert seen(old, [], Clockwork(NOW, 90.0, reports_since=NOW - 100)).status == 'ERROR'


def test_a_guest_that_never_reported_is_given_the_same_time() -> None:
    row = _row(guest_at=None, guest_state=None)
    assert (seen(row, [], CLOCK).status, seen(row, [], CLOCK).operating_status) == ('ACTIVE', '')
    row.updated = NOW - 91
    assert seen(row, [], CLOCK).status == 'ERROR'


def test_an_error_of_the_row_is_shown_with_its_fault() -> None:
    fault = {'message': 'create was undone', 'created': 1.0, 'details': None}
    found = seen(_row('ERROR', fault=fault), [], CLOCK)
    assert (found.status, found.operating_status, found.fault) == ('ERROR', '', fault)


def test_heartbeats_and_the_reports_services_start_reach_the_client(house: House) -> None:
    made = house.create()

    def work(c: Any) -> None:
        for op in operations.active(c, made['id']):
            operations.set_state(c, op, 'SUCCEEDED', house.now)
        heartbeats.record(c, made['id'], house.now, 'HEALTHY', {})

    def status() -> tuple[str, str]:
        view = house.get('/instances')['instances'][0]
        return view['status'], view['operating_status']

    house.db.run(work)
    assert status() == ('ACTIVE', 'HEALTHY')
    house.now += 91
    assert status() == ('ERROR', 'ERROR')
    house.reports_since = house.now - 1
    assert status() == ('ACTIVE', 'HEALTHY')


def test_only_troves_words_are_used() -> None:
    words = {
        seen(_row(row), [_op(type_, state)], CLOCK).status
        for row in ('BUILD', 'ACTIVE', 'ERROR')
        for type_ in ('instance.create', 'instance.delete')
        for state in ('ACCEPTED', 'QUEUED', 'RUNNING', 'WAITING', 'HELD', 'PAUSED', 'ABORTING', 'ABORT_HELD')
    }
    assert words == {'BUILD', 'SHUTDOWN', 'ERROR'} and 'SUCCEEDED' in TERMINAL


def test_the_bare_row_of_a_deleted_instance_can_still_be_found(house: House) -> None:
    made = house.create()
    house.db.run(lambda c: instances.update(c, made['id'], deleted=house.now))
    with house.db.read() as c:
        assert instances.get(c, made['id']) and instances.seen(c, made['id']) is None
    assert house.get('/instances') == {'instances': []}
