"""Quotas: Trove's show and update, and that limits hold exactly when everybody asks at once."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests

from dbaas.db.session import Database
from dbaas.services import datastores
from tests.api.house import ADMIN, MEMBER, STRANGER, House, fault
from tests.servers.databases import KINDS, Databases, wipe

QUOTAS = '/mgmt/quotas'
PARALLEL, LIMIT = 20, 5


def limits(house: House, project: str = 'demo', who: dict[str, Any] = ADMIN) -> dict[str, tuple[int, int]]:
    """{resource: (in use, limit)}"""
    return {q['resource']: (q['in_use'], q['limit']) for q in house.get(f'{QUOTAS}/{project}', who)['quotas']}


def update(house: House, quotas: Any, project: str = 'demo', who: dict[str, Any] = ADMIN) -> Any:
    return house.call('PUT', f'{QUOTAS}/{project}', {'quotas': quotas}, who)


def test_show(house: House) -> None:
    """A project without an instance has the defaults; one with some has used of them."""
    assert limits(house) == {'instances': (0, 10), 'ram': (0, -1), 'volumes': (0, 40), 'backups': (0, 50)}
    house.create(volume={'size': 3})
    assert limits(house) == {'instances': (1, 10), 'ram': (512, -1), 'volumes': (3, 40), 'backups': (0, 50)}
    assert {q['reserved'] for q in house.get(f'{QUOTAS}/demo')['quotas']} == {0}
    assert limits(house, 'other') == limits(house, 'nobody') == limits(house, 'x' * 200)


def test_a_project_sees_its_own_only(house: House) -> None:
    assert limits(house, 'demo', MEMBER) and limits(house, 'other', STRANGER)
    for who, project in [(MEMBER, 'other'), (STRANGER, 'demo'), (MEMBER, 'nobody')]:
        assert 'quota:show' in fault(house.call('GET', f'{QUOTAS}/{project}', who=who), 403)


def test_update(house: House) -> None:
    answer = update(house, {'instances': 2, 'ram': -1})
    assert answer.status_code == 200 and answer.json == {'quotas': {'instances': 2, 'ram': -1}}
    assert limits(house) == {'instances': (0, 2), 'ram': (0, -1), 'volumes': (0, 40), 'backups': (0, 50)}
    assert limits(house, 'other')['instances'] == (0, 10)
    assert update(house, {}).json == {'quotas': {}}
    assert house.get('/limits')['limits'][0]['max_instances'] == 2


def test_what_is_used_stays_also_above_a_new_limit(house: House) -> None:
    made = house.create()
    update(house, {'instances': 0})
    assert limits(house)['instances'] == (1, 0)
    assert 'Quota exceeded for instances' in fault(house.call('POST', '/instances', house.request('db2')), 413)
    update(house, {'instances': -1})
    house.create('db2')
    house.call('DELETE', f'/instances/{made["id"]}')
    house.work()
    assert limits(house)['instances'] == (1, -1)


@pytest.mark.parametrize(
    ('body', 'code'),
    [
        ({'quotas': {'servers': 1}}, 404),
        ({'quotas': {'servers': 1, 'instances': 1}}, 404),
        ({'quotas': {'instances': -2}}, 400),
        ({'quotas': {'instances': '5'}}, 400),
        ({'quotas': {'instances': 1.5}}, 400),
        ({'quotas': {'instances': True}}, 400),
        ({'quotas': {'instances': None}}, 400),
        ({'quotas': {'instances': 2**63}}, 400),
        ({'quotas': [5]}, 400),
        ({'quotas': None}, 400),
        ({'quotas': {}, 'more': 1}, 400),
        ({}, 400),
        (None, 400),
    ],
)
def test_what_is_refused_changes_nothing(steady: House, body: Any, code: int) -> None:
    before = steady.content()
    fault(steady.call('PUT', f'{QUOTAS}/demo', body, ADMIN), code)
    assert steady.content() == before


def test_only_an_administrator_changes_them(house: House) -> None:
    for project in ('demo', 'other'):
        assert 'quota:update' in fault(update(house, {'instances': 5}, project, MEMBER), 403)
    fault(update(house, {'instances': 5}, 'x' * 65), 400)


# -- races -----------------------------------------------------------------------------------------------------------
@pytest.fixture(params=KINDS)
def racing(request: pytest.FixtureRequest, template: str, tmp_path: Any, databases: Databases) -> Iterator[House]:
    """A house on each kind of database, in a project that has no quota rows yet."""
    url = None
    if request.param != 'sqlite':
        url = databases.migrated(request.param)
        db = Database(url, durable=False)
        wipe(db)
        db.run(lambda c: datastores.register(c, 'mariadb', 'mariadb', ['10.11'], '10.11'))
        db.close()
    made = House(template, str(tmp_path), url=url, quota_instances=LIMIT, quota_volumes=-1)
    yield made
    made.db.close()


def at_once(url: str, house: House) -> list[int]:
    """Status codes of that many creates, all sent in the same moment."""
    ready = threading.Barrier(PARALLEL)
    headers = {'X-Auth-Token': MEMBER['token']}

    def create(number: int) -> int:
        body = house.request(f'db{number}')
        ready.wait(30)
        return requests.post(f'{url}/v1.0/demo/instances', json=body, headers=headers, timeout=120).status_code

    with ThreadPoolExecutor(PARALLEL) as pool:
        return sorted(pool.map(create, range(PARALLEL)))


@pytest.mark.slow
def test_of_twenty_creates_at_once_exactly_five_are_accepted(racing: House) -> None:
    with racing.served() as url:
        assert at_once(url, racing) == [200] * LIMIT + [413] * (PARALLEL - LIMIT)
        instances = [i['id'] for i in racing.get('/instances')['instances']]
        assert len(instances) == LIMIT == len(racing.posted)
        assert limits(racing)['instances'] == (LIMIT, LIMIT) and limits(racing)['volumes'] == (LIMIT, -1)

        racing.work()
        assert limits(racing)['instances'] == (LIMIT, LIMIT)
        for instance_id in instances * 2:  # a second DELETE gives nothing back
            assert racing.call('DELETE', f'/instances/{instance_id}').status_code in (202, 404)
        racing.work()
        assert {used for used, _ in limits(racing).values()} == {0}
        assert racing.get('/instances')['instances'] == []
        assert at_once(url, racing) == [200] * LIMIT + [413] * (PARALLEL - LIMIT)
