"""Several control planes on one local cloud, like the conductors of a cluster: nothing is doubled, nothing is left."""

import threading
import uuid
from concurrent.futures import ThreadPoolExecutor

from dbaas.cloud.local.agents import strays
from dbaas.cloud.protocol import Owner
from tests.cloud_contract import Making
from tests.functional.test_local_cloud import kill, make_cloud  # noqa: F401 - a fixture
from tests.waiting import until

ROUNDS = 8


def born(cloud, tmp_path):
    """A server whose agent has died -> its owner, its agent's pid file."""
    owner = Owner(instance=str(uuid.uuid4()), operation=str(uuid.uuid4()), project='demo')
    Making().make_all(cloud, owner)
    record = tmp_path / 'state' / 'instances' / owner.instance
    until((record / 'server.pid').exists, what='the agent has begun')
    kill(str(record / 'agent.pid'))
    return owner, record


def at_once(*works):
    """Each on a thread of its own, beginning together -> their results."""
    ready = threading.Barrier(len(works))

    def begin(work):
        ready.wait()
        return work()

    with ThreadPoolExecutor(len(works)) as pool:
        return [one.result() for one in [pool.submit(begin, work) for work in works]]


def test_a_dead_agent_is_started_once(make_cloud, tmp_path):  # noqa: F811
    first, second = make_cloud(), make_cloud()
    for _ in range(ROUNDS):
        owner, record = born(first, tmp_path)
        at_once(first.tend, second.tend)
        config = str(record / 'agent.json')
        until(lambda config=config: len(strays(config)) == 1, what='one agent')
        (server,) = [r for r in first.resources(owner.instance) if r.kind == 'server']
        for cloud in (first, second):
            assert cloud.server(owner, server.name).status == 'ACTIVE'
        second.forget(owner.instance)


def test_what_is_deleted_while_it_is_revived_stays_deleted(make_cloud, tmp_path):  # noqa: F811
    first, second = make_cloud(), make_cloud()
    for _ in range(ROUNDS):
        owner, record = born(first, tmp_path)
        at_once(first.tend, lambda owner=owner: second.forget(owner.instance))
        until(lambda record=record: not strays(str(record / 'agent.json')), what='no agent')
        assert not record.exists()
    left = second.snapshot()
    assert {name: left[name] for name in ('resources', 'folders', 'addresses', 'mounts', 'agents', 'databases')} == {
        'resources': [], 'folders': [], 'addresses': {}, 'mounts': [], 'agents': [], 'databases': [],
    }  # fmt: skip


def test_both_make_the_same_volume(make_cloud):  # noqa: F811
    """One of them was frozen meanwhile, say."""
    first, second = make_cloud(), make_cloud()
    owner = Owner(instance=str(uuid.uuid4()), operation=str(uuid.uuid4()), project='demo')
    made = at_once(*[lambda cloud=cloud: cloud.create_volume(owner, 'volume', 1) for cloud in (first, second)])
    assert made[0] == made[1]
    assert len(first.resources(owner.instance)) == 1
    first.forget(owner.instance)
