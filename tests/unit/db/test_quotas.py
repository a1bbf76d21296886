"""Quota is exact: under races, at the limit, and when it is given back twice."""

import os
import subprocess
import sys
import threading

import pytest

from dbaas import exceptions
from dbaas.db import quotas
from dbaas.db.session import Database
from tests.unit.db import taker


def used(db: Database, resource: str = 'instances') -> int:
    with db.read() as c:
        return quotas.of(c, 'project')[resource].used


def test_taken_and_given_back_once(db: Database) -> None:
    db.run(lambda c: quotas.ensure(c, 'project', {'instances': 2, 'ram': -1}))
    db.run(lambda c: quotas.take(c, 'project', 'i', {'instances': 1, 'ram': 512}))
    assert (used(db), used(db, 'ram')) == (1, 512)
    for _ in range(2):
        db.run(lambda c: quotas.give_back(c, 'i'))
        assert (used(db), used(db, 'ram')) == (0, 0)


def test_a_refusal_names_the_resource_and_takes_nothing(db: Database) -> None:
    db.run(lambda c: quotas.ensure(c, 'project', {'instances': 2, 'ram': 100}))
    with pytest.raises(exceptions.OverLimit, match=r'ram: 512 asked, 0 of 100 used'):
        db.run(lambda c: quotas.take(c, 'project', 'i', {'instances': 1, 'ram': 512}))
    assert used(db) == 0


def test_limits_that_were_set_are_not_overwritten(db: Database) -> None:
    db.run(lambda c: quotas.ensure(c, 'project', {'instances': 2}))
    db.run(lambda c: quotas.set_limit(c, 'project', 'instances', 7))
    db.run(lambda c: quotas.ensure(c, 'project', {'instances': 2, 'ram': 5}))
    with db.read() as c:
        assert {name: row.limit for name, row in quotas.of(c, 'project').items()} == {'instances': 7, 'ram': 5}


def test_twenty_at_once_against_a_limit_of_five(db: Database) -> None:
    """Threads, each with connections of its own; also the project's rows are not there yet."""
    accepted: list[int] = []

    def take() -> None:
        own = Database(db.url, durable=False)
        accepted.append(taker.accepted(own, 1))
        own.close()

    threads = [threading.Thread(target=take) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (sum(accepted), len(accepted), used(db), used(db, 'ram')) == (5, 20, 5, 5 * 512)


def test_twenty_from_several_processes_against_a_limit_of_five(db: Database) -> None:
    command = [sys.executable, '-m', 'tests.unit.db.taker', '5']
    started = [
        subprocess.Popen(command, env={**os.environ, 'TAKER_URL': db.url}, stdout=subprocess.PIPE, text=True)
        for _ in range(4)
    ]
    said = [process.communicate(timeout=60)[0] for process in started]
    assert [process.returncode for process in started] == [0] * 4
    assert (sum(map(int, said)), used(db), used(db, 'ram')) == (5, 5, 5 * 512)
