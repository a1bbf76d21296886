"""A real MariaDB behind a real agent: made, secured, filled, failed, mended, wiped."""

import os
import shutil
import socket
from pathlib import Path
from typing import Any

import pymysql
import pytest

from guestagent.contract import states
from guestagent.contract.verifiers import mysql_native
from tests.guest.plane import AgentProcess, Plane, reachable, side_by_side
from tests.guest.runtimes import on_both
from tests.waiting import until

PASSWORD = 'S3cret-never-sent'
ROOT = os.geteuid() == 0


def user(name: str = 'app', password: str = PASSWORD, databases: tuple[str, ...] = ('shop',)) -> dict[str, Any]:
    return {'name': name, 'host': '%', 'verifier': mysql_native(password), 'databases': list(databases)}


def query(agent: AgentProcess, sql: str, who: str = 'app', password: str = PASSWORD) -> list[tuple[Any, ...]]:
    with pymysql.connect(host=agent.address, user=who, password=password, autocommit=True) as connection:
        cursor = connection.cursor()
        cursor.execute(sql)
        return list(cursor.fetchall())


def admin(agent: AgentProcess, sql: str) -> list[tuple[Any, ...]]:
    import pwd

    name = pwd.getpwuid(os.geteuid()).pw_name
    with pymysql.connect(unix_socket=f'{agent.runtime}/s/sql', user=name, autocommit=True) as connection:
        cursor = connection.cursor()
        cursor.execute(sql)
        return list(cursor.fetchall())


def refused(agent: AgentProcess, sql: str, **who: str) -> int:
    with pytest.raises(pymysql.MySQLError) as caught:
        query(agent, sql, **who)
    return int(caught.value.args[0])


@on_both
def test_create_with_databases_and_users_in_one_start(plane: Plane) -> None:
    plane.receive()
    agent = plane.agent()
    agent.prepare()
    databases = [{'name': 'shop', 'character_set': 'latin1', 'collate': 'latin1_bin'}, {'name': 'my_db'}]
    done = agent.do('start', server_binary=None, databases=databases, users=[user(databases=('shop', 'my_db'))])
    assert done.result is not None and done.result['version'].startswith('10.')
    query(agent, 'CREATE TABLE shop.t (a INT)')
    query(agent, 'INSERT INTO shop.t VALUES (7)')
    assert query(agent, 'SELECT a FROM shop.t') == [(7,)]
    assert query(agent, "SELECT DEFAULT_COLLATION_NAME FROM information_schema.SCHEMATA WHERE SCHEMA_NAME='shop'") == [
        ('latin1_bin',)
    ]
    until(lambda: plane.last_beat(agent.instance).get('state') == states.HEALTHY, 60, 'HEALTHY')
    volume = plane.last_beat(agent.instance)['details']['volume']
    assert 0 < volume['used'] < volume['total']


@on_both
def test_one_process_by_name_of_its_own_user_and_with_the_state_directory(database: AgentProcess) -> None:
    (pid,) = database.server_pids()
    command = Path(f'/proc/{pid}/cmdline').read_text().split('\0')
    assert command[0].endswith('mariadbd') and f'--loose-dbaas={database.record}' in command
    assert database.plane.state in ' '.join(command)
    status = dict(line.split(':', 1) for line in Path(f'/proc/{pid}/status').read_text().splitlines())
    expected = 0x70000000 + 77 if ROOT else os.geteuid()
    assert set(status['Uid'].split()) == {str(expected)}
    if ROOT:
        assert set(status['Gid'].split()) == {str(expected)} and set(status['Groups'].split()) <= {str(expected)}


def test_root_is_by_unix_socket_only(database: AgentProcess) -> None:
    accounts = admin(database, 'SELECT user, host FROM mysql.global_priv')
    assert {host for _name, host in accounts} == {'localhost'} and ('', 'localhost') not in accounts
    for who in ('root', 'mariadb.sys'):
        assert refused(database, 'SELECT 1', who=who, password='') in (1045, 1130, 1698)
    assert ('test',) not in admin(database, 'SHOW DATABASES')


def test_buffers_follow_the_flavor(agent: AgentProcess) -> None:
    agent.prepare(flavor={'id': '2', 'name': 'small', 'ram': 512, 'vcpus': 1})
    agent.do('start', server_binary=None)
    assert admin(agent, 'SELECT @@innodb_buffer_pool_size, @@bind_address, @@port') == [
        (256 << 20, agent.address, 3306)
    ]


@on_both
def test_every_verb_bears_repeating(agent: AgentProcess) -> None:
    for _ in range(2):
        agent.prepare()
    for _ in range(2):
        agent.do('start', server_binary=None, databases=[{'name': 'shop'}], users=[user()])
        agent.do('create-databases', databases=[{'name': 'shop'}, {'name': 'second'}])
        agent.do('create-users', users=[user()])
    (pid,) = agent.server_pids()
    query(agent, 'CREATE TABLE shop.t (a INT)')
    agent.prepare()
    agent.do('start', server_binary=None)
    assert agent.server_pids() == [pid] and query(agent, 'SELECT * FROM shop.t') == []
    for _ in range(2):
        agent.do('stop')
        assert not agent.server_pids()
    agent.do('start', server_binary=None)
    assert query(agent, 'SELECT * FROM shop.t') == []
    for _ in range(2):
        agent.do('wipe')
    assert not agent.server_pids() and not os.path.exists(agent.facts['data'])
    assert not os.path.ismount(agent.runtime) and not reachable(agent.address)


def test_a_repeated_user_gets_the_new_verifier_and_keeps_its_grants(database: AgentProcess) -> None:
    database.do('create-databases', databases=[{'name': 'shop'}])
    database.do('create-users', users=[user(password='first')])
    database.do('create-users', users=[user(password='second', databases=())])
    assert refused(database, 'SELECT 1', password='first') == 1045
    query(database, 'CREATE TABLE shop.t (a INT)', password='second')


def test_a_grant_opens_exactly_its_database(database: AgentProcess) -> None:
    database.do('create-databases', databases=[{'name': 'my_db'}, {'name': 'myXdb'}, {'name': 'a%b'}])
    database.do('create-users', users=[user(databases=('my_db', 'a%b'))])
    query(database, 'CREATE TABLE my_db.t (a INT)')
    query(database, 'CREATE TABLE `a%b`.t (a INT)')
    assert refused(database, 'CREATE TABLE myXdb.t (a INT)') in (1044, 1142)


def test_hostile_names_stay_names(agent: AgentProcess) -> None:
    agent.prepare()
    name = "x'; DROP DATABASE `shop`; -- `$(id)\\"
    agent.do(
        'start',
        server_binary=None,
        databases=[{'name': 'shop'}, {'name': 'q`"; x'}],
        users=[user(name=name, databases=('shop', 'q`"; x'))],
    )
    query(agent, 'CREATE TABLE shop.t (a INT)', who=name)
    for bad in ('a\nb', '', 'nul\0'):
        assert 'control characters' in agent.fails('create-databases', databases=[{'name': bad}])
    assert 'character set' in agent.fails('create-databases', databases=[{'name': 'n', 'character_set': 'utf8; DROP'}])


@pytest.mark.parametrize('name', ['root', 'mariadb.sys', 'PUBLIC', 'mysql', '<agent>'])
def test_reserved_users_and_databases_are_refused(database: AgentProcess, name: str) -> None:
    import pwd

    name = pwd.getpwuid(os.geteuid()).pw_name if name == '<agent>' else name
    assert 'reserved' in database.fails('create-users', users=[user(name=name)])
    assert 'reserved' in database.fails('create-databases', databases=[{'name': 'MySQL'}])


@on_both
def test_no_secret_is_written_anywhere(plane: Plane) -> None:
    plane.receive()
    agent = plane.agent()
    agent.prepare()
    verifier = mysql_native(PASSWORD)
    agent.do('start', server_binary=None, databases=[{'name': 'shop'}], users=[user()])
    agent.do('create-users', users=[user(name='second')])
    bad = user(name='x' * 200)  # longer than the server takes: its error would quote the statement
    error = agent.fails('create-users', users=[bad])
    agent.do('stop')
    error += agent.fails('start', server_binary=None, databases=[], users=[bad])
    assert 'too long' in error
    written = agent.written() + error.encode() + repr(plane.outcomes).encode()
    for secret in (PASSWORD, verifier, verifier[1:], verifier[:12]):
        assert secret.encode() not in written
    assert not list(Path(agent.facts['data']).parent.glob('first.sql*'))
    for pid in agent.server_pids():
        assert b'*' not in Path(f'/proc/{pid}/cmdline').read_bytes()


def test_a_missing_program_is_named_and_a_mended_one_is_used_by_the_same_agent(
    agent: AgentProcess, tmp_path: Path
) -> None:
    later = str(tmp_path / 'mariadbd')
    error = agent.fails('prepare', **{**agent.prepare_args(), 'server_binary': later})
    assert error == f'mariadbd not found at {later}: install mariadb-server-core or set [mariadb] server_binary'
    agent.prepare()
    assert later in agent.fails('start', server_binary=later)
    process = agent.process
    found = shutil.which('mariadbd', path=os.environ['PATH'] + ':/usr/sbin:/usr/local/sbin')
    assert found is not None
    os.symlink(found, later)
    agent.do('start', server_binary=later, databases=[{'name': 'shop'}], users=[user()])
    assert query(agent, 'SELECT 1') == [(1,)] and agent.process is process
    assert process is not None and process.poll() is None


def test_another_version_than_wanted_is_refused(agent: AgentProcess) -> None:
    assert '10.1 is wanted' in agent.fails('prepare', **{**agent.prepare_args(), 'version': '10.1'})
    assert 'not found at /nowhere' in agent.fails('prepare', **{**agent.prepare_args(), 'server_binary': '/nowhere'})


@pytest.mark.skipif(not ROOT, reason='needs a second user')
def test_a_program_that_the_servers_own_user_cannot_run_is_named(agent: AgentProcess, tmp_path: Path) -> None:
    agent.prepare()
    hidden = tmp_path / 'mariadbd'
    hidden.write_text('#!/bin/sh\n')
    hidden.chmod(0o700)
    assert f'{hidden} cannot be run as uid {0x70000000 + 77}: Permission denied' in agent.fails(
        'start', server_binary=str(hidden)
    )


def test_start_before_prepare_and_a_program_that_is_no_server(agent: AgentProcess, tmp_path: Path) -> None:
    assert 'prepare it first' in agent.fails('start', server_binary=None)
    assert 'is it a MariaDB server?' in agent.fails(
        'prepare', **{**agent.prepare_args(), 'server_binary': shutil.which('true')}
    )


@on_both
def test_a_server_that_cannot_start_says_why_from_its_log(agent: AgentProcess) -> None:
    agent.prepare()
    with socket.create_server((agent.address, 3306)):
        error = agent.fails('start', server_binary=None)
    assert 'mariadbd ended with status 1 while starting' in error
    assert "Can't start server: Bind on TCP/IP port" in error
    assert not agent.server_pids()
    agent.do('start', server_binary=None)


def test_several_agents_race_for_one_template(plane: Plane, tmp_path: Path) -> None:
    plane.templates = str(tmp_path / 'templates')
    agents = [plane.agent() for _ in range(3)]
    side_by_side(*(agent.prepare for agent in agents))
    made = [name for name in os.listdir(plane.templates) if name.startswith('mariadb-')]
    assert len(made) == 1 and not made[0].endswith('.new')
    side_by_side(*(lambda a=agent: a.do('start', server_binary=None) for agent in agents))
    assert all(len(agent.server_pids()) == 1 for agent in agents)


@pytest.mark.skipif(not ROOT, reason='needs rights on cgroups')
def test_the_server_is_confined_and_a_missing_group_stops_nothing(plane: Plane) -> None:
    groups = [f'/sys/fs/cgroup/memory/dbaas-test-{os.getpid()}', '/sys/fs/cgroup/nowhere']
    try:
        os.mkdir(groups[0])
    except OSError:
        pytest.skip('no writable cgroup v1 memory controller here')
    try:
        agent = plane.agent(cgroups=groups)
        agent.prepare()
        agent.do('start', server_binary=None)
        assert Path(groups[0], 'cgroup.procs').read_text().split() == [str(pid) for pid in agent.server_pids()]
        assert 'without the limits of /sys/fs/cgroup/nowhere' in agent.log()
        agent.do('stop')
    finally:
        until(lambda: not Path(groups[0], 'cgroup.procs').read_text(), 30, 'the empty group')
        os.rmdir(groups[0])
