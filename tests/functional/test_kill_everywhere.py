"""kill -9 of `dbaas up` at every step of a real create and of its delete: each start goes on where the last was killed.

A step is killed when its work is done and its outcome is not committed: the hardest moment, since the work is there and
nobody knows. A trigger in the control plane's database, put there from outside, holds it up at exactly that commit.
"""

import collections
import json
import os
from collections.abc import Iterator
from typing import Any

import pytest

from dbaas.db.words import TERMINAL
from tests.functional.deployment import PATIENCE, Deployment
from tests.waiting import until

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group('kill-everywhere')]

CREATE = {
    'create-security-group', 'create-port', 'create-volume', 'create-server', 'wait-for-server', 'wait-for-guest',
    'prepare-database', 'start-database', 'wait-for-database', 'publish-endpoint',
}  # fmt: skip
DELETE = {
    'stop-database', 'wait-for-stop', 'delete-server', 'wait-for-server-gone', 'delete-volumes', 'delete-ports',
    'delete-security-groups', 'forget-instance',
}  # fmt: skip


@pytest.fixture(scope='module')
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    made = Deployment(tmp_path_factory.mktemp('killed'))
    made.up()
    yield made
    made.close()


def kill_at_every_step(deployment: Deployment, operation: str, kind: str = 'done') -> int:
    """Kill it in each commit of a finished step, and start it anew -> how many it were."""
    for count in range(30):
        reached = until(lambda: over(deployment, operation) or deployment.book.held_up(), PATIENCE, f'step {count}')
        if reached == 'over':
            return count
        deployment.end()
        deployment.book.let_go()
        assert len(deployment.book.done(operation, kind)) == count, 'it was killed elsewhere'
        deployment.book.hold_up(kind, count + 1)
        deployment.up()
    raise AssertionError('it does not end')


def over(deployment: Deployment, operation: str) -> str:
    return 'over' if deployment.book.state(operation) in TERMINAL else ''


def once(names: set[str]) -> list[tuple[str, int]]:
    """Each step's one outcome, at its first attempt."""
    return sorted((name, 1) for name in names)


def made(deployment: Deployment, instance: str) -> dict[str, int]:
    """What a step that runs again would replace: {name of a file: its inode}, and process ids."""
    record = deployment.traces.record(instance)
    files = [*record.glob('resources/*'), *record.glob('*.img')]
    inodes = {path.name: os.stat(path).st_ino for path in files}
    pids = {'agent': deployment.traces.agents(instance), 'server': deployment.traces.servers(instance)}
    return inodes | {name: found[0] for name, found in pids.items() if found}


def commands(deployment: Deployment, instance: str) -> list[dict[str, Any]]:
    """The lines of the agent's ledger about commands, each of which has two: accepted, and finished."""
    journal = deployment.traces.record(instance) / 'ledger' / 'journal'
    return [line for line in map(json.loads, journal.read_text().splitlines()) if 'id' in line]


def test_create_and_delete_killed_at_every_step(deployment: Deployment) -> None:
    deployment.book.hold_up('done', 0)
    instance, operation = deployment.create('killed', password='of-the-killed')

    assert kill_at_every_step(deployment, operation) == len(CREATE)
    assert deployment.book.state(operation) == 'SUCCEEDED'
    assert sorted(deployment.book.done(operation)) == once(CREATE)
    assert deployment.traces.census(instance) == {'agents': 1, 'servers': 1, 'volumes': 1, 'addresses': 1}
    ends = collections.Counter((line['id'], line['state']) for line in commands(deployment, instance))
    assert ends == {
        (f'{operation}:{step}:do:1', state): 1
        for step in ('prepare-database', 'start-database')
        for state in ('running', 'succeeded')
    }
    login = deployment.login(instance, 'u', 'of-the-killed')
    assert deployment.sql(login, 'SHOW DATABASES').splitlines() == ['d', 'information_schema']

    deployment.book.let_go()
    deployment.book.hold_up('done', 0)
    removal = deployment.delete(instance)
    assert kill_at_every_step(deployment, removal) == len(DELETE)
    assert deployment.book.state(removal) == 'SUCCEEDED'
    assert sorted(deployment.book.done(removal)) == once(DELETE)
    assert deployment.traces.left(instance) == {}
