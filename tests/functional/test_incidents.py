"""The pages of docs/incidents: each incident is caused for real, then somebody does what its page says."""

import contextlib
import os
import pathlib
import signal
import subprocess
from collections.abc import Callable, Iterator

import pytest

from tests.functional.cluster import Cluster
from tests.functional.deployment import PATIENCE, PROGRAMS, environment
from tests.functional.pages import ROOT, Reader, variables
from tests.waiting import until

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group('incidents')]

# A silent guest shows after seconds, and pages call that 90.
GUEST = {'heartbeat_interval': 1, 'heartbeat_expiry': 8}
NOWHERE = {'server_binary': '/nowhere/mariadbd'}
Follow = Callable[..., None]


@pytest.fixture(scope='module')
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    made = Cluster(tmp_path_factory.mktemp('incidents'))
    try:
        made.configure(guest=GUEST)
        made.up('--demo')
        yield made
    finally:
        made.close()


@pytest.fixture
def follow(cluster: Cluster, tmp_path: pathlib.Path) -> Follow:
    """Do what a page says, or some sections of it; `named` are the variables that the page names.

    Everything is whole before.
    """
    cluster.configure(guest=GUEST)
    cluster.up()

    def following(page: str, *sections: str, **named: str) -> None:
        own = {'DBAAS_STATE': str(cluster.state), 'DBAAS_PORT': str(cluster.port), 'CONFIG': str(cluster.config)}
        reader = Reader(tmp_path, variables(PROGRAMS, environment(), **own, **named), PATIENCE)
        reader.follow(page, *sections)

    return following


def demo(cluster: Cluster) -> str:
    (found,) = [one for one in cluster.call('GET', '/instances').json()['instances'] if one['name'] == 'demo']
    return str(found['id'])


def done(cluster: Cluster, operation: str, step: str) -> None:
    until(lambda: step in dict(cluster.book.done(operation)), PATIENCE, f'{step} is done')


def home(cluster: Cluster, instance: str) -> pathlib.Path:
    """Where its volume is."""
    mounted = cluster.traces.runtime / instance
    return mounted if os.path.ismount(mounted) else cluster.traces.record(instance)


def test_every_page_is_in_the_index_and_has_a_test() -> None:
    pages = {path.name for path in (ROOT / 'docs/incidents').glob('*.md')} - {'README.md'}
    index = (ROOT / 'docs/incidents/README.md').read_text()
    tests = pathlib.Path(__file__).read_text()
    assert [page for page in pages if f']({page})' not in index or f'docs/incidents/{page}' not in tests] == []


def test_where_to_begin(follow: Follow) -> None:
    follow('docs/incidents/README.md')


def test_what_the_operator_guide_says(cluster: Cluster, follow: Follow, tmp_path: pathlib.Path) -> None:
    (tmp_path / 'var').symlink_to(cluster.state)
    follow('docs/operator-guide.md', 'States of an operation', 'Checking a deployment', 'Upgrading')


def test_a_dead_conductor(cluster: Cluster, follow: Follow) -> None:
    """Its step calls an agent that is frozen, so there is time to kill it."""
    made, operation = cluster.create('conducted')
    cluster.reach(operation, 'SUCCEEDED')
    os.kill(cluster.pid(f'agent-{made}'), signal.SIGSTOP)
    operation = cluster.delete(made)
    name = until(lambda: cluster.conductor_of(operation), PATIENCE, 'a conductor has it')
    cluster.kill(name)
    follow('docs/incidents/dead-conductor.md', OPERATION=operation, CONDUCTOR=name)
    assert cluster.lives(name)
    assert cluster.traces.left(made) == {}


def test_a_dead_guest(cluster: Cluster, follow: Follow) -> None:
    """First it dies, which mends itself; then it hangs."""
    instance = demo(cluster)
    servers, agent = cluster.traces.servers(instance), cluster.pid(f'agent-{instance}')
    os.kill(agent, signal.SIGKILL)
    until(lambda: set(cluster.traces.agents(instance)) - {agent}, PATIENCE, 'a new agent')
    until(lambda: cluster.pid(f'agent-{instance}') != agent, PATIENCE, 'its pid file')
    os.kill(cluster.pid(f'agent-{instance}'), signal.SIGSTOP)
    follow('docs/incidents/dead-guest.md', INSTANCE=instance)
    assert cluster.traces.servers(instance) == servers


def test_a_full_disk(cluster: Cluster, follow: Follow) -> None:
    """Most of it is taken at once, the rest by what its user writes."""
    made, operation = cluster.create('full')
    cluster.reach(operation, 'SUCCEEDED')
    login = cluster.login(made, 'u', 'not-secret')
    with open(home(cluster, made) / 'tmp' / 'most', 'wb') as most:
        os.posix_fallocate(most.fileno(), 0, 720 << 20)
    cluster.sql(login, 'CREATE TABLE d.filler (b LONGBLOB)')
    with pytest.raises(AssertionError, match='1290'):
        while True:
            cluster.sql(login, "INSERT INTO d.filler VALUES (REPEAT('x', 2000000))")  # slower than the agent's looks
    follow('docs/incidents/full-disk.md', INSTANCE=made, DATABASE='d', TABLE='filler')
    cluster.sql(login, 'CREATE TABLE d.small (a INT)')
    cluster.gone(made)


def test_zookeeper_is_gone(cluster: Cluster, follow: Follow) -> None:
    cluster.kill('zookeeper')
    asked = {'type': 'demo.wait', 'inputs': {'seconds': 1}}
    operation = cluster.call('POST', '/operations', asked).json()['operation']['id']
    follow('docs/incidents/zookeeper-gone.md', OPERATION=operation)


def test_the_database_is_gone(cluster: Cluster, follow: Follow) -> None:
    made, operation = cluster.create('without-sql')
    done(cluster, operation, 'create-server')
    cluster.kill('sql')
    follow('docs/incidents/sql-gone.md', OPERATION=operation)
    assert cluster.traces.census(made) == cluster.traces.once
    cluster.gone(made)


def test_the_broker_is_gone(cluster: Cluster, follow: Follow) -> None:
    cluster.kill('rabbitmq')
    made, operation = cluster.create('without-broker')
    follow('docs/incidents/broker-gone.md', OPERATION=operation, INSTANCE=made)
    assert cluster.traces.census(made) == cluster.traces.once
    cluster.gone(made)


def test_a_held_flow(cluster: Cluster, follow: Follow) -> None:
    cluster.configure(guest=GUEST, mariadb=NOWHERE)
    cluster.up()
    made = [cluster.create(name) for name in ('held', 'held-too')]
    for _, operation in made:
        cluster.reach(operation, 'HELD')
    instance, operation = made[0]
    follow('docs/incidents/held-flow.md', OPERATION=operation, INSTANCE=instance)
    for instance, operation in made:
        cluster.reach(operation, 'SUCCEEDED')
        cluster.gone(instance)


@pytest.mark.skipif(os.geteuid() != 0, reason='only root may mount')
def test_a_stuck_undo(cluster: Cluster, follow: Follow) -> None:
    """Somebody stands in the volume of a create that cannot go on."""
    cluster.configure(guest=GUEST, mariadb=NOWHERE)
    cluster.up()
    made, operation = cluster.create('stuck')
    cluster.reach(operation, 'HELD')
    with standing(cluster.traces.runtime / made) as holder:
        cluster.flow('abort', operation, '--reason', 'wrong flavor', '--yes')
        cluster.reach(operation, 'ABORT_HELD')
        follow('docs/incidents/stuck-undo.md', OPERATION=operation, INSTANCE=made, HOLDER=str(holder))
    until(lambda: cluster.traces.left(made) == {}, PATIENCE, 'nothing is left')


@contextlib.contextmanager
def standing(folder: pathlib.Path) -> Iterator[int]:
    """A process that works there. -> its number."""
    process = subprocess.Popen(['sleep', 'infinity'], cwd=folder)
    try:
        yield process.pid
    finally:
        process.kill()
        process.wait()


def test_the_control_plane_is_restored(cluster: Cluster, follow: Follow) -> None:
    """What waits goes on from where it was; what was made or deleted after the dump is as the page says."""
    page = 'docs/deployment.md'
    known = {'SQL': str(cluster.state / 'sql/client.cnf'), 'CONF': str(cluster.state / 'conf/conductor-1.conf')}
    early, creating = cluster.create('early')
    cluster.reach(creating, 'SUCCEEDED')
    asked = {'type': 'demo.wait', 'inputs': {'seconds': 20}}
    waiting = cluster.call('POST', '/operations', asked).json()['operation']['id']
    cluster.reach(waiting, 'WAITING')
    before = cluster.pids()
    follow(page, 'Database', 'Check', **known)
    follow(page, 'Backup of the control plane', **known)
    late, creating = cluster.create('late')
    cluster.reach(creating, 'SUCCEEDED')
    cluster.gone(early)
    follow(page, 'Restore', **known)
    after = cluster.pids()
    assert [name for name in before if before[name] != after[name]] == ['api', 'conductor-1', 'conductor-2']
    cluster.reach(waiting, 'SUCCEEDED')
    assert {one['name'] for one in cluster.call('GET', '/instances').json()['instances']} == {'demo', 'early'}
    assert cluster.traces.census(late) == cluster.traces.once
    logs = list(cluster.state.glob('log/conductor-*.log'))
    until(lambda: any('foreign' in log.read_text() for log in logs), PATIENCE, 'its reports are refused')
    until(lambda: cluster.instance(early)['status'] == 'ERROR', PATIENCE, 'nobody reports for it')
    cluster.gone(early)
    follow(page, 'What was made after the dump', **known)
    until(lambda: cluster.traces.left(late) == {}, PATIENCE, 'nothing of it is left')
