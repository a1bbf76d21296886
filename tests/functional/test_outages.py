"""Servers that stop and start, a conductor that freezes, while real instances are created: all of it is done once."""

import contextlib
import os
import pathlib
import signal
from collections.abc import Iterator

import pytest
import requests
from prometheus_client.parser import text_string_to_metric_families

from tests.functional import server_program, settings
from tests.functional.cluster import Cluster
from tests.functional.deployment import PATIENCE
from tests.functional.kinds import running
from tests.functional.outage import outage
from tests.waiting import until

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group('outages')]

# With the file `closed` there, a server is begun and does not start.
GATE = 'touch $here/reached; while [ -e $here/closed ]; do sleep 0.05; done'
BEFORE_THE_MACHINE = 9  # steps of a create


@pytest.fixture(scope='module')
def gate() -> Iterator[pathlib.Path]:
    with server_program.wrapped(GATE) as program:
        yield program.parent


@pytest.fixture(scope='module')
def cluster(tmp_path_factory: pytest.TempPathFactory, gate: pathlib.Path) -> Iterator[Cluster]:
    options = {'mariadb': {'server_binary': gate / 'mariadbd'}, 'conductor': {'sweep_interval': 1}}
    with running(Cluster, tmp_path_factory.mktemp('outages'), **options) as made:
        assert isinstance(made, Cluster)
        yield made
        (gate / 'closed').unlink(missing_ok=True)


def whole(cluster: Cluster, instance: str, operation: str) -> None:
    """Created, everything once, and it answers; then deleted, without a trace."""
    cluster.reach(operation, 'SUCCEEDED')
    steps = [step for step, _ in cluster.book.done(operation)]
    assert len(steps) == len(set(steps)), 'a finished step ran again'
    assert cluster.traces.census(instance) == cluster.traces.once
    assert cluster.sql(cluster.login(instance, 'u', 'not-secret'), 'SELECT CURRENT_USER()') == 'u@%'
    cluster.gone(instance)
    assert cluster.traces.left(instance) == {}


@pytest.mark.parametrize(('server', 'seconds'), [('zookeeper', 10), ('sql', 10), ('rabbitmq', 60)])
def test_a_server_is_away_during_creates(cluster: Cluster, gate: pathlib.Path, server: str, seconds: int) -> None:
    """One has just begun, one waits for its database, which starts meanwhile: that report finds nobody to take it."""
    (gate / 'reached').unlink(missing_ok=True)
    (gate / 'closed').touch()
    waiting = cluster.create('waiting')
    until((gate / 'reached').exists, PATIENCE, 'the server is begun')
    cluster.reach(waiting[1], 'WAITING')
    begun = cluster.create('begun')
    until(lambda: cluster.book.events(begun[1]) >= 2, PATIENCE, 'it is under way')
    with outage(cluster, server, seconds):
        (gate / 'closed').unlink()
    whole(cluster, *waiting)
    whole(cluster, *begun)


def fenced(cluster: Cluster, name: str) -> float:
    """Writes that this conductor was refused, since it started."""
    port = settings.of(cluster.state / 'conf' / f'{name}.conf')['metrics']['port'][0]
    text = requests.get(f'http://127.0.0.1:{port}/metrics', timeout=PATIENCE).text
    every = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
    return sum(sample.value for sample in every if sample.name == 'dbaas_fenced_writes_total')


def gave_up(cluster: Cluster, name: str, operation: str) -> bool:
    log = cluster.state / 'log' / f'{name}.log'
    return f'operation {operation}: the claim is lost' in log.read_text()


@contextlib.contextmanager
def frozen(cluster: Cluster, operation: str) -> Iterator[None]:
    """Its conductor stands still before the block, and goes on after it, though the other one has finished the work.

    Whatever it writes then is refused; or it hears first that its session is over, and writes nothing.
    """
    name = cluster.conductor_of(operation)
    refused = fenced(cluster, name)
    os.kill(cluster.pid(name), signal.SIGSTOP)
    try:
        yield
        until(lambda: cluster.conductor_of(operation) != name, PATIENCE, 'the other one has claimed it')
        cluster.reach(operation, 'SUCCEEDED')
        events = cluster.book.events(operation)
    finally:
        os.kill(cluster.pid(name), signal.SIGCONT)
    until(lambda: fenced(cluster, name) > refused or gave_up(cluster, name, operation), PATIENCE, 'its run is over')
    assert cluster.book.events(operation) == events


def test_a_conductor_freezes_in_the_commit_of_create_server(cluster: Cluster) -> None:
    cluster.book.hold_up(BEFORE_THE_MACHINE)
    instance, operation = cluster.create('frozen')
    until(cluster.book.held_up, PATIENCE, 'the machine is made')
    with frozen(cluster, operation):
        cluster.book.let_go()
    whole(cluster, instance, operation)


def test_a_conductor_freezes_while_it_makes_the_machine(cluster: Cluster) -> None:
    """Thawed, it starts an agent where the other one has started one: it froze in opening that agent's log, a pipe."""
    cluster.book.hold_up(BEFORE_THE_MACHINE - 1)
    instance, operation = cluster.create('frozen')
    record = cluster.traces.record(instance)
    until(cluster.book.held_up, PATIENCE, 'what comes before the machine')
    os.mkfifo(record / 'agent.log')
    cluster.book.let_go()
    until((record / 'agent.json').exists, PATIENCE, 'the machine is being made')
    with frozen(cluster, operation):
        os.rename(record / 'agent.log', record / 'pipe')
        reader = os.open(record / 'pipe', os.O_RDONLY | os.O_NONBLOCK)
    until(lambda: cluster.traces.census(instance) == cluster.traces.once, PATIENCE, 'the late agent has ended')
    os.close(reader)
    whole(cluster, instance, operation)
