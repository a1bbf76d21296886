"""The API while its cloud is away: 503 in words for users, the reason in the log, and all else is answered."""

import concurrent.futures
import contextlib
import logging
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
import requests

import conf as options
from dbaas import deployment
from dbaas.api import places
from dbaas.api.places import SOON, Full, Places
from dbaas.cloud.openstack.cloud import OpenStackCloud
from dbaas.exceptions import CloudError, CloudUnavailable
from tests.api.house import ADMIN, MEMBER, House, fault
from tests.waiting import until

REASON = 'Nova: GET /flavors/detail: 403 Forbidden; check the roles of the service user'
TOKEN = {'X-Auth-Token': MEMBER['token']}


def lost(house: House, call: str, times: int = 1) -> None:
    """The next calls of that name fail as a cloud's do."""
    house.world.faults.plan(call, error=CloudError(REASON), times=times)


# -- what is said ----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    'call, method, path',
    [
        ('flavors', 'GET', '/flavors'),
        ('flavors', 'GET', '/flavors/1'),
        ('flavors', 'POST', '/instances'),
        ('refusal', 'POST', '/instances'),
    ],
)
def test_users_are_told_to_come_again_and_the_log_why(house: House, caplog, call: str, method: str, path: str) -> None:
    lost(house, call)
    with caplog.at_level(logging.WARNING):
        answer = house.call(method, path, house.request() if method == 'POST' else None, ADMIN)
    said = fault(answer, 503)
    assert said == (
        f'The cloud cannot be asked now; try again later. Request {answer.headers["x-openstack-request-id"]} is in the'
        f' log of the server.'
    )
    assert [record.getMessage().count(REASON) for record in caplog.records if REASON in record.getMessage()] == [1]
    assert not house.posted and house.get('/instances') == {'instances': []}


@pytest.mark.parametrize('who', [ADMIN, MEMBER], ids=['admin', 'member'])
def test_a_plan_tells_administrators_why(house: House, caplog, who: dict[str, Any]) -> None:
    lost(house, 'shortage')
    wish = {'method': 'POST', 'path': '/instances', 'body': house.request()}
    with caplog.at_level(logging.WARNING):
        answer = house.call('POST', '/operations/plan', wish, who)
    assert answer.status_code == 200
    (effect,) = [step['effect'] for step in answer.json['plan']['steps'] if 'does not answer now' in step['effect']]
    assert (REASON in answer.text) is (REASON in effect) is (who is ADMIN)
    assert caplog.text.count(REASON) == (who is MEMBER)


def test_a_plan_is_refused_as_the_request_is(house: House) -> None:
    lost(house, 'flavors')
    wish = {'method': 'POST', 'path': '/instances', 'body': house.request()}
    assert 'Nova' not in fault(house.call('POST', '/operations/plan', wish, ADMIN), 503)


# -- how many wait ---------------------------------------------------------------------------------------------------
class Gate:
    """Calls of the cloud stand here; `inside` of them."""

    def __init__(self, house: House):
        self.inside, self._open, self._lock = 0, threading.Event(), threading.Lock()
        house.world.faults.watchers.append(self._stand)

    def _stand(self, call: str, when: str, facts: dict[str, Any]) -> None:
        with self._lock:
            self.inside += 1
        assert self._open.wait(60)

    def open(self) -> None:
        self._open.set()


def test_what_needs_no_cloud_is_answered_while_it_hangs(house: House) -> None:
    made, gate, threads = house.create(), Gate(house), house.conf.api.threads
    with house.served() as url, concurrent.futures.ThreadPoolExecutor(4 * threads) as pool:
        project = f'{url}/v1.0/{MEMBER["project_id"]}'
        try:
            asked = [pool.submit(requests.get, f'{project}/flavors', headers=TOKEN, timeout=60) for _ in range(threads)]
            until(lambda: sum(one.done() for one in asked) == threads - threads // 2, 20, 'half of them is refused')
            assert gate.inside == threads // 2
            more = [pool.submit(requests.get, f'{project}/flavors', headers=TOKEN, timeout=60) for _ in range(threads)]
            for method, address, code in (
                ('GET', f'{url}/healthcheck', 200),
                ('GET', f'{project}/instances', 200),
                ('DELETE', f'{project}/instances/{made["id"]}', 202),
            ):
                assert requests.request(method, address, headers=TOKEN, timeout=30).status_code == code
            assert {one.result().status_code for one in more} == {503} and gate.inside == threads // 2
        finally:
            gate.open()
        codes = sorted(one.result().status_code for one in asked)
        assert codes == [200] * (threads // 2) + [503] * (threads - threads // 2)
        assert requests.get(f'{project}/flavors', headers=TOKEN, timeout=10).status_code == 200


def test_a_cloud_that_works_is_waited_for(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """More at a time than may ask it, and none is refused."""
    monkeypatch.setattr(places, 'SOON', 30.0)  # this machine may stand still for a second
    house.world.faults.latency['refusal'] = SOON / 10
    with concurrent.futures.ThreadPoolExecutor(house.conf.api.threads) as pool:
        answers = list(pool.map(lambda n: house.call('POST', '/instances', house.request(f'i{n}')), range(8)))
    assert {answer.status_code for answer in answers} == {200}


class TestPlaces:
    def test_full_while_nobody_comes_out(self) -> None:
        found = Places(threads=2)
        with found.one():
            for longest in (SOON + 5, SOON):  # the second one knows already that it is of no use
                began = time.monotonic()
                with pytest.raises(Full, match='1 requests wait'), found.one():
                    pass
                assert time.monotonic() - began < longest
        with found.one():
            pass

    def test_who_waits_gets_the_place_that_becomes_free(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(places, 'SOON', 30.0)
        found, inside, done = Places(threads=2), threading.Event(), threading.Event()

        def second() -> bool:
            inside.set()
            with found.one():
                return done.is_set()

        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            with found.one():
                waiting = pool.submit(second)
                assert inside.wait(10)
                done.set()
            assert waiting.result(10)

    def test_an_error_gives_the_place_back(self) -> None:
        found = Places(threads=2)
        for _ in range(3):
            with pytest.raises(ValueError), found.one():
                raise ValueError


# -- how long ---------------------------------------------------------------------------------------------------------
@contextlib.contextmanager
def silent() -> Iterator[str]:
    """The address of something that takes every connection and never says a word."""
    with socket.create_server(('127.0.0.1', 0), backlog=128) as listener:
        yield f'http://127.0.0.1:{listener.getsockname()[1]}'


def settled(**groups: dict[str, Any]) -> Any:
    conf = options.load()
    for group, given in groups.items():
        for name, value in given.items():
            conf.set_override(name, value, group=group)
    return conf


def test_one_try_of_a_hanging_cloud_takes_no_longer_than_its_patience() -> None:
    with silent() as address:
        given = {'auth_url': address, 'application_credential_id': 'i', 'application_credential_secret': 's'}
        cloud, began = OpenStackCloud(settled(openstack=given).openstack, patience=0.5), time.monotonic()
        with pytest.raises(CloudUnavailable, match=r'tried for 0\.5 s'):
            cloud.flavors()
        assert time.monotonic() - began < 20  # of one try for 30 seconds, of all for 60


def test_many_wait_no_longer_than_one() -> None:
    """One asks Keystone for the token that all need."""
    with silent() as address, concurrent.futures.ThreadPoolExecutor(16) as pool:
        given = {'auth_url': address, 'application_credential_id': 'i', 'application_credential_secret': 's'}
        cloud, began = OpenStackCloud(settled(openstack=given).openstack, patience=1), time.monotonic()
        for asked in [pool.submit(cloud.flavors) for _ in range(16)]:
            with pytest.raises(CloudUnavailable, match='Keystone: no answer'):
                asked.result()
        assert time.monotonic() - began < 10


def test_requests_have_less_patience_than_operations(tmp_path) -> None:
    """Both ask the same cloud."""
    conf = settled(
        api={'cloud_patience': 3},
        cloud={'driver': 'openstack'},
        messaging={'transport_url': 'rabbit://u:p@127.0.0.1:1/', 'management_url': 'http://u:p@127.0.0.1:1'},
        database={'connection': f'sqlite:///{tmp_path / "dbaas.sqlite"}'},
        openstack={'default_network': 'databases'},
    )
    conf.set_override('state_dir', str(tmp_path))
    parts = deployment.open(conf)
    asked = parts.for_api()['cloud']
    assert (parts.cloud.tries.patience, asked.tries.patience) == (60, 3)
    assert asked.effect('port') == parts.cloud.effect('port')
