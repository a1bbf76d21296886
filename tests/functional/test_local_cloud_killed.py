"""The local cloud, killed at every change it makes: the repeated call leaves one of each, or nothing."""

import os
import sys
import uuid

import pytest

from dbaas.cloud.local import places
from dbaas.cloud.local.agents import strays
from dbaas.cloud.local.cloud import LocalCloud
from dbaas.cloud.protocol import Owner
from tests.cloud_contract import Making
from tests.functional.test_local_cloud import FAKE_AGENT
from tests.waiting import until

CHANGES = {'os.rename', 'os.remove', 'os.mkdir', 'os.rmdir', 'os.chmod', 'subprocess.Popen', 'shutil.rmtree'}
MOST = 200  # more changes than any call makes
CONTRACT = Making()


class Killer:
    """Ends this process, as kill -9 would, at its n-th change. An audit hook: it sees what C code does, too."""

    def __init__(self, n):
        self.left = n

    def __call__(self, event, args):
        if event in CHANGES or (event == 'open' and args[2] & (os.O_WRONLY | os.O_RDWR)):
            self.left -= 1
            if self.left < 0:
                os._exit(9)


def killed_at(n, call):
    """Run `call` in a process that dies at its n-th change -> whether it died."""
    child = os.fork()
    if child == 0:
        try:
            sys.addaudithook(Killer(n))
            call()
            os._exit(0)
        finally:
            os._exit(1)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert code in (0, 9), 'the call failed by itself'
    return code == 9


@pytest.fixture
def make_cloud(tmp_path):
    def make():
        settled = places.settle(str(tmp_path / 'state'), str(tmp_path / 'run'))
        return LocalCloud(settled, address_dir=str(tmp_path / 'addresses'), agent_command=FAKE_AGENT)

    yield make
    make().down()


def new_owner():
    return Owner(instance=str(uuid.uuid4()), operation=str(uuid.uuid4()), project='demo')


def test_create_killed_anywhere_is_finished_by_another(make_cloud, tmp_path):
    before = make_cloud().snapshot()
    for n in range(MOST):
        owner = new_owner()
        died = killed_at(n, lambda o=owner: CONTRACT.make_all(make_cloud(), o))
        cloud = make_cloud()
        cloud.recover()
        CONTRACT.make_all(cloud, owner)
        assert sorted(r.kind for r in cloud.resources(owner.instance)) == ['port', 'server', 'volume']
        assert len(cloud.snapshot()['addresses']) == 1
        config = str(tmp_path / 'state' / 'instances' / owner.instance / 'agent.json')
        until(lambda c=config: len(strays(c)) == 1, what='one agent')
        CONTRACT.remove_all(cloud, owner)
        cloud.forget(owner.instance)
        assert cloud.snapshot() == before
        if not died:
            break
    assert not died and n > 20


def test_delete_killed_anywhere_is_finished_by_another(make_cloud):
    before = make_cloud().snapshot()
    for n in range(MOST):
        owner = new_owner()
        CONTRACT.make_all(make_cloud(), owner)
        died = killed_at(n, lambda o=owner: CONTRACT.remove_all(make_cloud(), o))
        cloud = make_cloud()
        cloud.recover()
        CONTRACT.remove_all(cloud, owner)
        cloud.forget(owner.instance)
        assert cloud.snapshot() == before
        if not died:
            break
    assert not died and n > 20
