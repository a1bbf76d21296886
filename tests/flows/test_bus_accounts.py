"""Whose users the guests have, by configuration; and the sweep for those that nobody owns."""

import pytest

import conf as configuration
from conductor.accounts import AccountSweep
from conf import messaging
from dbaas.guest import accounts
from dbaas.guest.management import Away, Refused
from flows.steps import accounts as steps
from tests.flows import harness
from tests.flows.scenarios import INSTANCE, delete_ready, start_create


def test_accounts_of_a_configuration() -> None:
    conf = configuration.load()
    messaging.prepare()
    assert isinstance(accounts.of(conf), accounts.NoAccounts)
    conf.set_override('transport_url', 'rabbit://u:p@one:5671,u:p@[::1]:5672/dbaas?ssl=true', group='messaging')
    with pytest.raises(accounts.cfg.ConfigFileValueError, match='management_url'):
        accounts.of(conf)
    conf.set_override('management_url', 'http://admin:secret@one:15672', group='messaging')
    made = accounts.of(conf)
    url = made.url('i-1', 'p/w')
    assert url == (
        'rabbit://guest.i-1:p%2Fw@one:5671,guest.i-1:p%2Fw@[::1]:5672/dbaas?amqp_durable_queues=True&ssl=true'
    )
    conf.set_override('guest_hosts', ['broker.example:5671'], group='messaging')
    assert str(accounts.of(conf).url('i', 'p')).startswith('rabbit://guest.i:p@broker.example:5671/dbaas?')


@pytest.fixture
def house(disk: harness.Disk) -> harness.House:
    harness.quiet()
    return harness.House(disk)


def test_a_plan_says_what_happens_to_the_user() -> None:
    make, remove = steps.CreateBusAccount(), steps.DeleteBusAccount()
    assert make.describe(None, {'bus_password_id': None}) == remove.describe(None, {'bus_account': False}) == steps.NONE
    assert 'user of the message broker' in make.describe(None, {'bus_password_id': 'id'})
    assert 'user of the message broker' in remove.describe(None, {'bus_account': True})


def test_a_broker_that_is_away_is_waited_for(house: harness.House, monkeypatch: pytest.MonkeyPatch) -> None:
    moods: list[Exception] = [Away('it is away'), Away('it is away')]
    create = house.users.create

    def moody(instance_id: str, password: str) -> None:
        if moods:
            raise moods.pop()
        create(instance_id, password)

    monkeypatch.setattr(house.users, 'create', moody)
    assert house.go_on(start_create(house)) == 'SUCCEEDED' and not moods
    assert house.go_on(house.delete(INSTANCE)) == 'SUCCEEDED'


def test_a_broker_that_refuses_holds_the_create(house: harness.House, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(instance_id: str, password: str) -> None:
        raise Refused('it answered 401')

    monkeypatch.setattr(house.users, 'create', refuse)
    operation = start_create(house)
    assert house.go_on(operation) == 'HELD' and '401' in str(house.operation(operation).reason)


def test_the_sweep_removes_users_of_deleted_instances_only(house: harness.House) -> None:
    delete_ready(house)
    house.users.create('of another deployment', 'x')
    sweep = AccountSweep(house.db, house.users)
    sweep()
    assert set(house.users.made) == {INSTANCE, 'of another deployment'}
    operation = house.delete(INSTANCE)
    sweep()
    assert INSTANCE in house.users.made, 'an operation is active'
    assert house.go_on(operation) == 'SUCCEEDED' and INSTANCE not in house.users.made
    house.users.create(INSTANCE, 'by a conductor that was frozen')
    sweep()
    assert set(house.users.made) == {'of another deployment'}


def test_a_heartbeat_counts_as_of_when_it_was_made(house: harness.House) -> None:
    delete_ready(house)

    def row() -> tuple[float, str]:
        found = house.rows('guest_heartbeats')['guest_heartbeats'][0]
        return found['at'], found['state']

    def beat(at: float, state: str) -> None:
        house.reports.on_heartbeat(INSTANCE, {'state': state, 'details': {}, 'at': at})

    house.now += 100
    made = house.now
    beat(made, 'HEALTHY')
    house.now += 200
    beat(made, 'HEALTHY')  # replayed by another receiver: it knows no nonces of this one
    beat(made - 5, 'SHUTDOWN')  # overtaken
    assert row() == (made, 'HEALTHY')
    beat(house.now + 1000, 'SHUTDOWN')  # a clock that is ahead
    assert row() == (house.now, 'SHUTDOWN')
