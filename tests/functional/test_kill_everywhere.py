"""kill -9 of who works, at every step of a real create and of its delete: the next one goes on where it was killed.

`dbaas up` is killed, and started again; on a cluster the conductor, whose claim goes to the other one. A step is killed
when its work is done and its outcome is not committed: the hardest moment, since the work is there and nobody knows. A
trigger in the control plane's database, put there from outside, holds it up at exactly that commit.
"""

import collections
import itertools
import json
import os
import pathlib
import random
import signal
import time
from collections.abc import Iterator
from typing import Any

import pytest

from dbaas.db.words import STUCK, TERMINAL
from tests.functional import lateness, server_program
from tests.functional.cluster import SESSION, Cluster
from tests.functional.deployment import PATIENCE, Deployment
from tests.functional.kinds import KINDS, running
from tests.functional.machine import processes
from tests.waiting import until

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group('kill-everywhere')]

CLAIMS = "SELECT conductor, at FROM operation_event WHERE operation_id = ? AND kind = 'claimed' ORDER BY seq"

CREATE = {
    'check-cloud-quota', 'create-security-group', 'create-port', 'create-floating-ip', 'create-management-port',
    'create-server-group', 'create-volume', 'wait-for-volume', 'create-bus-account', 'create-server', 'wait-for-server',
    'wait-for-guest', 'prepare-database', 'start-database', 'wait-for-database', 'publish-endpoint',
}  # fmt: skip
DELETE = {
    'stop-database', 'wait-for-stop', 'delete-server', 'wait-for-server-gone', 'delete-bus-account',
    'delete-floating-ips', 'delete-ports', 'delete-security-groups', 'delete-server-groups', 'delete-snapshots',
    'wait-for-snapshots-gone', 'delete-volumes', 'wait-for-volumes-gone', 'forget-instance',
}  # fmt: skip
WORK = 1.0  # seconds from the end of a dead conductor's session to the claim of the other, on a machine that is idle
MOST = 30  # kills of one operation
SEED = 5
# With the file `closed` there, a server is begun and does not start.
GATE = 'touch $here/reached; while [ -e $here/closed ]; do sleep 0.05; done'


@pytest.fixture(scope='module')
def gate() -> Iterator[pathlib.Path]:
    with server_program.wrapped(GATE) as program:
        yield program.parent


@pytest.fixture(scope='module', params=KINDS)
def deployment(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, gate: pathlib.Path
) -> Iterator[Deployment]:
    # whoever is held up stays so until it is killed
    options = {'mariadb': {'server_binary': gate / 'mariadbd'}, 'database': {'answer_within': 2 * PATIENCE}}
    with running(request.param, tmp_path_factory.mktemp('killed'), **options) as made:
        yield made
        (gate / 'closed').unlink(missing_ok=True)


def kill_at_every_step(deployment: Deployment, operation: str, instance: str) -> list[dict[str, int]]:
    """Kill it in each commit of a finished step -> what there was at each kill."""
    seen: list[dict[str, int]] = []
    while len(seen) < MOST:
        until(lambda: over(deployment, operation) or deployment.book.held_up(), PATIENCE, f'step {len(seen)}')
        if over(deployment, operation):
            return seen
        with lateness.measured() as machine:
            claims = len(deployment.book.rows(CLAIMS, operation))
            deployment.crash(operation)
            killed = time.time()
            assert len(deployment.book.done(operation)) == len(seen), 'it was killed elsewhere'
            seen.append(things(deployment, instance))
            deployment.book.hold_up(len(seen))
            waited = taken_over(deployment, operation, claims, killed) if isinstance(deployment, Cluster) else 0.0
        assert waited <= SESSION + WORK * machine.slowness, f'slowness {machine.slowness:.1f}'
        deployment.recover()
    raise AssertionError('it does not end')


def taken_over(cluster: Cluster, operation: str, claims: int, killed: float) -> float:
    """Its conductor was killed then, after so many claims -> seconds after which the other one has claimed it."""
    until(lambda: len(cluster.book.rows(CLAIMS, operation)) > claims, PATIENCE, 'another one claims it')
    (before, _), (conductor, at) = cluster.book.rows(CLAIMS, operation)[claims - 1 : claims + 1]
    assert conductor != before
    return at - killed


def over(deployment: Deployment, operation: str) -> bool:
    state = deployment.book.state(operation)
    assert state not in STUCK, deployment.book.rows('SELECT reason FROM operation WHERE id = ?', operation)
    return state in TERMINAL


def once(names: set[str]) -> list[tuple[str, int]]:
    """Each step's one outcome, at its first attempt."""
    return sorted((name, 1) for name in names)


def things(deployment: Deployment, instance: str) -> dict[str, int]:
    """What a step that ran twice would replace: files by their inodes, and processes."""
    record = deployment.traces.record(instance)
    inodes = {path.name: os.stat(path).st_ino for path in [*record.glob('resources/*.json'), *record.glob('*.img')]}
    pids = {'agent': deployment.traces.agents(instance), 'server': deployment.traces.servers(instance)}
    return inodes | {name: found[0] for name, found in pids.items() if found}


def ledger(deployment: Deployment, instance: str) -> dict[tuple[str, str], int]:
    """How often the agent wrote down which state of which command."""
    journal = deployment.traces.record(instance) / 'ledger' / 'journal'
    lines: list[dict[str, Any]] = [json.loads(line) for line in journal.read_text().splitlines()]
    return collections.Counter((line['id'], line['state']) for line in lines if 'id' in line)


def accepted_and_finished_once(operation: str) -> dict[tuple[str, str], int]:
    return {
        (f'{operation}:{step}:do:1', state): 1
        for step in ('prepare-database', 'start-database')
        for state in ('running', 'succeeded')
    }


def whole(deployment: Deployment, instance: str, operation: str, password: str) -> None:
    """Created, and everything once."""
    assert deployment.book.state(operation) == 'SUCCEEDED'
    assert sorted(deployment.book.done(operation)) == once(CREATE)
    assert deployment.traces.census(instance) == deployment.traces.once
    assert ledger(deployment, instance) == accepted_and_finished_once(operation)
    login = deployment.login(instance, 'u', password)
    assert deployment.sql(login, 'SHOW DATABASES').splitlines() == ['d', 'information_schema']


def deleted(deployment: Deployment, instance: str, operation: str) -> None:
    assert deployment.book.state(operation) == 'SUCCEEDED'
    assert sorted(deployment.book.done(operation)) == once(DELETE)
    assert deployment.traces.left(instance) == {}


def test_create_and_delete_killed_at_every_step(deployment: Deployment) -> None:
    deployment.book.hold_up(0)
    instance, operation = deployment.create('killed', password='of-the-killed')
    seen = kill_at_every_step(deployment, operation, instance)
    assert len(seen) == len(CREATE)
    whole(deployment, instance, operation, 'of-the-killed')
    for before, after in itertools.pairwise([*seen, things(deployment, instance)]):
        assert before.items() <= after.items(), 'something was made twice'

    deployment.book.let_go()
    deployment.book.hold_up(0)
    removal = deployment.delete(instance)
    assert len(kill_at_every_step(deployment, removal, instance)) == len(DELETE)
    deployment.book.let_go()
    deleted(deployment, instance, removal)


def test_killed_while_it_waits_and_the_report_gets_lost(deployment: Deployment, gate: pathlib.Path) -> None:
    """The database starts while nobody is there to hear of it."""
    instance, operation = start_at_the_gate(deployment, gate)
    deployment.end()
    (gate / 'closed').unlink()
    start = f'{operation}:start-database:do:1'
    until(lambda: ledger(deployment, instance).get((start, 'succeeded')), PATIENCE, 'the database has started')
    deployment.up()
    deployment.reach(operation, 'SUCCEEDED')
    whole(deployment, instance, operation, 'of-the-gate')
    deployment.gone(instance)


def test_down_while_a_server_starts(deployment: Deployment, gate: pathlib.Path) -> None:
    """Everything stops; the next start finishes the create."""
    instance, operation = start_at_the_gate(deployment, gate)
    deployment.end()
    deployment.down()
    assert deployment.traces.running() == {}
    (gate / 'closed').unlink()
    deployment.up()
    deployment.reach(operation, 'SUCCEEDED')
    whole(deployment, instance, operation, 'of-the-gate')
    deployment.gone(instance)


def test_agent_killed_while_it_starts_the_server(deployment: Deployment, gate: pathlib.Path) -> None:
    """The next agent finds the server that the last one began, and finishes the command."""
    instance, operation = start_at_the_gate(deployment, gate)
    (agent,) = deployment.traces.agents(instance)
    mark = f'--loose-dbaas={deployment.traces.record(instance)}'
    # the gate is a shell: for a moment what it starts has its command line, too
    (server,) = until(lambda: len(found := processes(mark)) == 1 and found, PATIENCE, 'one server at the gate')
    os.kill(agent, signal.SIGKILL)
    until(lambda: set(deployment.traces.agents(instance)) - {agent}, PATIENCE, 'a new agent')
    (gate / 'closed').unlink()
    deployment.reach(operation, 'SUCCEEDED')
    assert deployment.traces.servers(instance) == [server]
    whole(deployment, instance, operation, 'of-the-gate')
    deployment.gone(instance)
    assert deployment.traces.left(instance) == {}


def start_at_the_gate(deployment: Deployment, gate: pathlib.Path) -> tuple[str, str]:
    """A create that waits for its database server, which is begun."""
    (gate / 'reached').unlink(missing_ok=True)
    (gate / 'closed').touch()
    instance, operation = deployment.create('gated', password='of-the-gate')
    until((gate / 'reached').exists, PATIENCE, 'the server is begun')
    deployment.reach(operation, 'WAITING')
    return instance, operation


def test_killed_at_any_moment(deployment: Deployment) -> None:
    """After a random number of events, wherever that is, again and again."""
    chance = random.Random(SEED)
    instance, operation = deployment.create('any', password='of-any')
    kill_now_and_then(deployment, operation, chance)
    whole(deployment, instance, operation, 'of-any')
    removal = deployment.delete(instance)
    kill_now_and_then(deployment, removal, chance)
    deleted(deployment, instance, removal)


def kill_now_and_then(deployment: Deployment, operation: str, chance: random.Random) -> None:
    def enough() -> bool:
        return over(deployment, operation) or deployment.book.events(operation) >= wanted

    while not over(deployment, operation):
        wanted = deployment.book.events(operation) + chance.randint(2, 12)
        until(enough, PATIENCE, f'{wanted} events')
        deployment.crash(operation)
        deployment.recover()
