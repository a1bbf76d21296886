"""The volume's use is told, and a full one takes no more writes before it kills the server."""

import os
from pathlib import Path

import pymysql
import pytest

from guestagent.contract import states
from tests.guest.plane import Plane
from tests.guest.test_mariadb import query, user
from tests.waiting import until


def test_read_only_from_90_percent_and_back_below_85(plane: Plane) -> None:
    plane.receive()
    agent = plane.agent(**({} if plane.root else {'volume': {'image': None, 'mount': None, 'size': 0.5}}))
    agent.prepare()
    agent.do('start', server_binary=None, databases=[{'name': 'shop'}], users=[user()])
    query(agent, 'CREATE TABLE shop.t (a INT)')
    until(lambda: plane.last_beat(agent.instance).get('state') == states.HEALTHY, 60, 'HEALTHY')
    volume = plane.last_beat(agent.instance)['details']['volume']

    ballast = Path(agent.facts['data']).parent / 'ballast'
    _fill(ballast, int(volume['total'] * 0.92) - volume['used'])
    until(lambda: plane.last_beat(agent.instance)['details'].get('read_only'), 20, 'read-only')
    with pytest.raises(pymysql.MySQLError) as caught:
        query(agent, 'INSERT INTO shop.t VALUES (1)')
    assert caught.value.args[0] == 1290
    assert query(agent, 'SELECT * FROM shop.t') == []
    told = plane.last_beat(agent.instance)['details']['volume']
    assert told['used'] / told['total'] > 0.9

    agent.do('stop')  # a restart forgets read_only: the agent does not
    agent.do('start', server_binary=None)
    until(lambda: query(agent, 'SELECT @@read_only') == [(1,)], 20, 'read-only again')
    agent.kill()
    agent.start()

    os.truncate(ballast, 0)
    until(lambda: query(agent, 'SELECT @@read_only') == [(0,)], 20, 'writable again')
    query(agent, 'INSERT INTO shop.t VALUES (1)')


def _fill(path: Path, size: int) -> None:
    with open(path, 'wb') as out:
        os.posix_fallocate(out.fileno(), 0, size)
