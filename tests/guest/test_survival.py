"""Kills: of the agent, of the server, of both, in the middle of commands. One server, whatever happens."""

import os
import signal
import subprocess
from pathlib import Path
from typing import Any

from guestagent.contract import processes, states
from guestagent.contract.verifiers import mysql_native
from tests.guest.plane import AgentProcess, Plane
from tests.guest.runtimes import on_both
from tests.guest.test_mariadb import PASSWORD, query, user
from tests.waiting import until


def healthy(agent: AgentProcess) -> bool:
    return agent.plane.last_beat(agent.instance).get('state') == states.HEALTHY


def ill(agent: AgentProcess) -> bool:
    """It has been, by one of the beats: the first after a kill may still be from before it."""
    return states.ERROR in [beat['state'] for who, beat in agent.plane.beats if who == agent.instance]


@on_both
def test_the_agent_is_killed_the_server_goes_on_and_the_next_agent_adopts_it(plane: Plane) -> None:
    plane.receive()
    agent = plane.agent()
    agent.prepare()
    agent.do('start', server_binary=None, databases=[{'name': 'shop'}], users=[user()])
    (pid,) = agent.server_pids()
    agent.kill()
    assert not processes.lock_held(f'{agent.record}/agent.lock')
    assert query(agent, 'SELECT 1') == [(1,)]
    agent.start()
    agent.do('start', server_binary=None)
    assert agent.server_pids() == [pid] and plane.guests.ping(agent.instance)['state'] == states.HEALTHY
    agent.do('stop')
    assert not agent.server_pids()


def test_sigterm_ends_the_agent_and_not_the_server(database: AgentProcess) -> None:
    (pid,) = database.server_pids()
    assert database.process is not None
    database.process.terminate()
    assert database.process.wait(60) == 0
    assert database.server_pids() == [pid]


@on_both
def test_a_killed_server_is_started_again(plane: Plane) -> None:
    plane.receive()
    agent = plane.agent()
    agent.prepare()
    agent.do('start', server_binary=None, databases=[{'name': 'shop'}], users=[user()])
    query(agent, 'CREATE TABLE shop.t (a INT)')
    for _ in range(2):
        (pid,) = agent.server_pids()
        until(lambda: healthy(agent), 60, 'HEALTHY')
        plane.beats.clear()
        os.kill(pid, signal.SIGKILL)
        until(lambda: ill(agent) and healthy(agent), 60, 'ERROR, then HEALTHY')
        assert len(agent.server_pids()) == 1 and agent.server_pids() != [pid]
        assert query(agent, 'SELECT * FROM shop.t') == []


@on_both
def test_both_are_killed_and_the_volume_is_unmounted_as_after_a_boot(plane: Plane) -> None:
    plane.receive()
    agent = plane.agent()
    agent.prepare()
    agent.do('start', server_binary=None, databases=[{'name': 'shop'}], users=[user()])
    agent.kill()
    processes.stop_process(f'{agent.record}/server.pid', signal.SIGKILL)
    if os.path.ismount(agent.runtime):
        subprocess.run(['umount', agent.runtime], check=True)
    plane.beats.clear()
    agent.start()
    until(lambda: healthy(agent), 60, 'HEALTHY')
    assert query(agent, 'SELECT 1') == [(1,)] and len(agent.server_pids()) == 1


def test_a_stopped_server_stays_stopped_for_the_next_agent(database: AgentProcess) -> None:
    database.plane.receive()
    database.do('stop')
    database.kill()
    database.plane.beats.clear()
    database.start()
    until(lambda: database.plane.last_beat(database.instance).get('state') == states.SHUTDOWN, 60, 'SHUTDOWN')
    assert not database.server_pids()


@on_both
def test_a_server_whose_pid_file_was_never_written_is_found(database: AgentProcess) -> None:
    (pid,) = database.server_pids()
    database.kill()
    os.unlink(f'{database.record}/server.pid')
    database.start()
    database.do('start', server_binary=None)
    assert database.server_pids() == [pid] and processes.running(f'{database.record}/server.pid')


@on_both
def test_killed_at_many_moments_the_commands_still_end_once(plane: Plane, runtime: Any) -> None:
    """The orders lie sealed beside the ledger: the next agent finishes them, nobody has to send them again."""
    plane.receive()
    for delay in (0.0, 0.1, 0.3) if runtime else (0.0, 0.02, 0.05, 0.1, 0.15, 0.2):
        agent = plane.agent()
        first = agent.submit('prepare', **agent.prepare_args())
        start = agent.submit('start', server_binary=None, databases=[{'name': 'shop'}], users=[user()])
        _grown_older(agent, delay)
        agent.kill()
        agent.start()
        assert agent.wait(first.command).state == agent.wait(start.command).state == states.SUCCEEDED
        assert len(agent.server_pids()) == 1 and query(agent, 'SELECT 1') == [(1,)]
        written = agent.written()
        assert mysql_native(PASSWORD).encode() not in written and PASSWORD.encode() not in written
        assert not list(Path(agent.facts['data']).parent.glob('first.sql*'))
        agent.do('wipe')


def test_an_orphan_of_a_half_made_copy_is_made_anew(agent: AgentProcess) -> None:
    agent.prepare()
    home = Path(agent.facts['data']).parent
    assert (home / 'fresh').exists()
    (home / 'fresh').write_text('another boot')
    (home / 'data' / 'ibdata1').unlink()
    agent.prepare()
    agent.do('start', server_binary=None)
    assert not (home / 'fresh').exists()


def test_a_database_that_was_used_is_never_made_anew(agent: AgentProcess) -> None:
    """Also where the mark of a copy that may be torn was left beside it."""
    agent.prepare()
    agent.do('start', server_binary=None, databases=[{'name': 'shop'}], users=[user()])
    home = Path(agent.facts['data']).parent
    (home / 'fresh').write_text('another boot')
    agent.do('stop')
    agent.prepare()
    assert (home / 'data' / 'shop').is_dir()
    (home / 'data').rename(home / 'elsewhere')
    assert 'restore a backup' in agent.fails('prepare', **agent.prepare_args())
    (home / 'elsewhere').rename(home / 'data')


def test_a_server_that_cannot_be_revived_is_told_and_tried_again(database: AgentProcess) -> None:
    plane = database.plane
    plane.receive()
    config = Path(database.facts['data']).parent / 'server.cnf'
    good = config.read_text()
    config.write_text(good + 'no_such_option = 1\n')
    os.kill(database.server_pids()[0], signal.SIGKILL)
    until(lambda: plane.last_beat(database.instance).get('state') == states.ERROR, 60, 'ERROR')
    until(lambda: 'no_such_option' in str(plane.last_beat(database.instance)['details']), 60, 'the reason')
    config.write_text(good)
    until(lambda: healthy(database), 60, 'HEALTHY')
    assert len(database.server_pids()) == 1


def _grown_older(agent: AgentProcess, seconds: float) -> None:
    moment = _age(agent) + seconds
    until(lambda: _age(agent) >= moment, 30, 'the moment')


def _age(agent: AgentProcess) -> float:
    assert agent.process is not None
    started = processes.start_time(agent.process.pid) or 0
    uptime = float(Path('/proc/uptime').read_text().split()[0])
    return uptime - started / os.sysconf('SC_CLK_TCK')
