"""dbaas-manage check on the servers of a deployment: each that is there, and each thing that is wrong with one."""

import contextlib
import os
import pathlib
import signal
from collections.abc import Callable, Iterator
from urllib import parse

import pytest

from conductor.board.zookeeper import ZooKeeperBoard
from dbaas.cli.cluster.rabbitmq import RabbitMQ
from dbaas.cli.cluster.zookeeper import ZooKeeper
from dbaas.cli.manage.checks import clocks, units
from dbaas.db.session import Database
from dbaas.guest.management import Management
from dbaas.services import keyring
from tests.api.house import House
from tests.checked import Findings, checked, results
from tests.functional.deployment import Deployment
from tests.servers.databases import Databases, wipe
from tests.servers.front import front
from tests.servers.ports import free_port, lasting_port
from tests.waiting import until

pytestmark = pytest.mark.slow
Check = Callable[..., Findings]


@pytest.fixture
def check(databases: Databases, tmp_path: pathlib.Path) -> Check:
    """check(code=0, group__name=value) on the simulated cloud, with a migrated SQLite unless told otherwise."""
    state = tmp_path / 'state'
    state.mkdir()
    keyring.load(f'{state}/keys.yaml')

    def run(code: int = 0, **options: object) -> Findings:
        given = {'cloud__driver': 'simulated', 'database__connection': clean(databases, 'sqlite'), **options}
        lines = []
        for name, value in sorted(given.items()):
            group, _, option = name.partition('__')
            lines += [f'[{group}]', f'{option} = {value}']
        (tmp_path / 'dbaas.conf').touch(0o600)
        (tmp_path / 'dbaas.conf').write_text('\n'.join(lines) + '\n')
        return checked(str(state), str(tmp_path / 'dbaas.conf'), code)

    return run


def clean(databases: Databases, kind: str) -> str:
    """The URL of the migrated database of this kind, without what other tests have left in it."""
    with contextlib.closing(Database(databases.migrated(kind))) as db:
        wipe(db)
        return db.url


# -- the database ----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize('kind', ['mariadb', 'postgresql'])
def test_a_database_server(check: Check, databases: Databases, kind: str) -> None:
    found = check(database__connection=clean(databases, kind))
    (server,) = found['database server']
    assert server['result'] == 'ok' and kind in server['what'] and 'READ COMMITTED' in server['what']
    assert results(found['clocks']) == ['ok'] == results(found['database'])


def test_sqlite_is_for_one_machine(check: Check, zookeeper: ZooKeeper) -> None:
    found = check(code=1, board__driver='zookeeper', board__hosts=zookeeper.hosts)  # no conductor
    assert results(found['database server']) == ['ok', 'warning']


@pytest.mark.parametrize(
    ('apart', 'result'), [(0, 'ok'), (3, 'ok'), (30, 'warning'), (-30, 'warning'), (400, 'FAILED')]
)
def test_clocks(apart: float, result: str) -> None:
    assert clocks.compared('that one', 1000 + apart, 1000, 1000.5).result == result
    dated = clocks.of_answer('that one', {'Date': 'Thu, 01 Jan 1970 00:16:40 GMT'}, 1000 - apart, 1000.9 - apart)
    assert dated is not None and dated.result == result
    assert clocks.of_answer('that one', {}, 0, 0) is None


# -- RabbitMQ --------------------------------------------------------------------------------------------------------
def test_rabbitmq(check: Check, broker: RabbitMQ) -> None:
    found = check(messaging__transport_url=broker.url, messaging__management_url=broker.management_url)
    assert results(found['RabbitMQ']) == ['ok'] == results(found['RabbitMQ management'])


def test_rabbitmq_that_is_away_or_refuses(check: Check, broker: RabbitMQ) -> None:
    away = f'rabbit://dbaas:hidden-Word-1@127.0.0.1:{free_port()}//'
    wrong = broker.url.replace(broker.url.split('@')[0], 'rabbit://dbaas:hidden-Word-1')
    for url in (away, wrong, broker.url[:-1] + 'no-such-host'):
        found = check(code=1, messaging__transport_url=url, messaging__management_url=broker.management_url)
        assert results(found['RabbitMQ']) == ['FAILED'] and 'hidden-Word-1' not in str(found)
    nowhere = f'http://dbaas:hidden-Word-1@127.0.0.1:{free_port()}'
    found = check(code=1, messaging__transport_url=broker.url, messaging__management_url=nowhere)
    assert results(found['RabbitMQ management']) == ['FAILED'] and 'hidden-Word-1' not in str(found)
    assert results(check(code=1, messaging__transport_url=broker.url)['RabbitMQ management']) == ['FAILED']


def test_a_user_of_rabbitmq_without_rights(check: Check, broker: RabbitMQ) -> None:
    api = Management(broker.management_url)
    plain = parse.urlsplit(broker.management_url)
    url = f'http://weak:secret@{plain.hostname}:{plain.port}'
    try:
        for tags, rights, word in (('management', '.*', 'set_user_tags'), ('administrator', '^x$', 'set_permissions')):
            api.put('users', 'weak', body={'password': 'secret', 'tags': tags})
            api.put('permissions', '/', 'weak', body=dict.fromkeys(('configure', 'read', 'write'), rights))
            found = check(code=1, messaging__transport_url=broker.url, messaging__management_url=url)
            (finding,) = found['RabbitMQ management']
            assert finding['result'] == 'FAILED' and word in finding['remedy']
    finally:
        api.delete('users', 'weak')


# -- ZooKeeper -------------------------------------------------------------------------------------------------------
@pytest.fixture(scope='module')
def zookeeper(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ZooKeeper]:
    server = ZooKeeper(str(tmp_path_factory.mktemp('ensemble')), lasting_port(), durable=False)
    try:
        server.start()
        yield server
    finally:
        server.stop()


@pytest.fixture
def options(databases: Databases, zookeeper: ZooKeeper) -> dict[str, str]:
    """Of a deployment with nothing to remark on but its board."""
    return {
        'database__connection': clean(databases, 'mariadb'),
        'board__driver': 'zookeeper',
        'board__hosts': zookeeper.hosts,
        'board__session_timeout': '2',
    }


def _board(**given: object) -> ZooKeeperBoard:
    import conf

    loaded = conf.load()
    for name, value in given.items():
        if name.startswith('board__') and name != 'board__driver':
            loaded.set_override(name.removeprefix('board__'), value, group='board')
    return ZooKeeperBoard(loaded.board, 'conductor-1')


def test_zookeeper_with_a_conductor(check: Check, options: dict[str, str]) -> None:
    board = _board(**options)
    board.start()
    try:
        until(lambda: board.connected, 20, 'the board')
        board.campaign()
        until(board.elected, 20, 'the election')
        found = check(**options)
        assert results(found['ZooKeeper']) == results(found['board']) == ['ok']
        assert 'conductor-1 is elected' in found['conductors'][0]['what']
    finally:
        board.close()


def test_zookeeper_without_a_conductor(check: Check, options: dict[str, str], caplog: pytest.LogCaptureFixture) -> None:
    (finding,) = check(code=1, **options)['conductors']
    assert finding['result'] == 'FAILED' and 'dbaas-conductor' in finding['remedy']
    assert 'is over' not in caplog.text, 'who looked has gone, and nothing is lost'


def test_a_server_of_the_ensemble_is_away(check: Check, options: dict[str, str], zookeeper: ZooKeeper) -> None:
    some = check(code=1, **options | {'board__hosts': f'{zookeeper.hosts},127.0.0.1:{free_port()}'})
    assert sorted(results(some['ZooKeeper'])) == ['ok', 'warning']
    none = check(code=1, **options | {'board__hosts': f'127.0.0.1:{free_port()}'})
    assert results(none['ZooKeeper']) == ['FAILED'] and 'board' not in none


def test_nodes_that_belong_to_somebody_else(check: Check, options: dict[str, str]) -> None:
    login = {'board__username': 'one', 'board__password': 'hidden-Word-1', 'board__root': '/owned'}
    check(code=1, **options | login)  # makes the root, with its ACL
    found = check(code=1, **options | login | {'board__password': 'another-Word-2'})
    assert results(found['board']) == ['FAILED']
    assert 'Word' not in str(found)


# -- units -----------------------------------------------------------------------------------------------------------
SYSTEMCTL = """\
#!/bin/sh
case $2 in
    dbaas-api) printf 'LoadState=loaded\\nActiveState=%s\\nUnitFileState=%s\\n' "$ACTIVE" "$ENABLED" ;;
    *) printf 'LoadState=not-found\\nActiveState=inactive\\nUnitFileState=\\n' ;;
esac
"""


@pytest.mark.parametrize(
    ('active', 'enabled', 'result'),
    [('active', 'enabled', 'ok'), ('active', 'disabled', 'warning'), ('failed', 'enabled', 'FAILED')],
)
def test_units(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, active: str, enabled: str, result: str) -> None:
    systemd(tmp_path, monkeypatch, active, enabled)
    (finding,) = units.units(None)  # type: ignore[arg-type]
    assert finding.result == result and 'dbaas-api' in finding.what


def systemd(folder: pathlib.Path, monkeypatch: pytest.MonkeyPatch, active: str, enabled: str) -> None:
    """A machine with the unit of the API. systemctl is a script: no systemd runs where tests do."""
    (folder / 'systemctl').write_text(SYSTEMCTL)
    (folder / 'systemctl').chmod(0o755)
    monkeypatch.setenv('PATH', f'{folder}:{os.environ["PATH"]}')
    monkeypatch.setenv('ACTIVE', active)
    monkeypatch.setenv('ENABLED', enabled)
    monkeypatch.setattr(units, 'RUNS', str(folder))


# -- the API ---------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize('bind_host', ['127.0.0.1', '0.0.0.0', '::'])
def test_the_api_of_a_unit(
    check: Check, template: str, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, bind_host: str
) -> None:
    assert 'API' not in check(), 'none is meant to run here'
    systemd(tmp_path, monkeypatch, 'active', 'enabled')
    house = House(template, str(tmp_path), api_bind_host=bind_host)
    with house.served() as url:
        given = {'api__bind_host': bind_host, 'api__bind_port': url.rpartition(':')[2]}
        assert results(check(**given)['API']) == ['ok']
        house.ready = False
        assert '503' in check(code=1, **given)['API'][0]['what']
    (finding,) = check(code=1, **given)['API']
    assert 'does not answer' in finding['what'] and 'systemctl' in finding['remedy']
    house.db.close()


def test_somebody_else_where_the_api_should_be(
    check: Check, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    systemd(tmp_path, monkeypatch, 'active', 'enabled')
    with front('http://127.0.0.1:9', {}, hidden=('/healthcheck',)) as url:
        (finding,) = check(code=1, api__bind_port=url.rpartition(':')[2])['API']
    assert finding['result'] == 'FAILED' and '404' in finding['what']


def test_the_api_of_dbaas_up(deployment: Deployment) -> None:
    """Its port is in no file of options."""
    deployment.up()
    state, config = str(deployment.state), str(deployment.config)
    (finding,) = checked(state, config)['API']
    assert finding['result'] == 'ok' and f':{deployment.port} ' in finding['what']
    deployment.end(signal.SIGTERM)
    assert 'API' not in checked(state, config), 'whoever ended it knows'
