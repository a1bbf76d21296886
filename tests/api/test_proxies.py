"""Web servers before the API: what they say of the client is believed of as many as there are, and of nobody else."""

from typing import Any

import pytest
import requests

from tests.api.house import MEMBER, House

SAID = {
    'X-Forwarded-Proto': 'https', 'X-Forwarded-Host': 'database.example', 'X-Forwarded-For': '192.0.2.7',
    'X-Forwarded-Prefix': '/database',
}  # fmt: skip


def _links(house: House, **headers: str) -> list[str]:
    """As they are in answers: of the version, of an instance, of a next page."""
    house.create('one')
    house.create('two')
    with house.served() as url:

        def get(path: str) -> Any:
            return requests.get(url + path, headers={'X-Auth-Token': MEMBER['token'], **headers}, timeout=30).json()

        page = get('/v1.0/demo/instances?limit=1')
        found = [
            get('/')['versions'][0]['links'][0]['href'],
            page['instances'][0]['links'][0]['href'],
            page['links'][0]['href'],
            get('/identity/v3')['version']['links'][0]['href'],
        ]
        return [link.replace(url, 'http://API') for link in found]


@pytest.mark.parametrize(
    ('proxies', 'root'), [(0, 'http://API'), (1, 'https://database.example/database')], ids=['none', 'one']
)
def test_links_are_what_clients_can_use(template: str, tmp_path: Any, proxies: int, root: str) -> None:
    house = House(template, str(tmp_path), api_proxies=proxies)
    version, instance, following, identity = _links(house, **SAID)
    assert version == f'{root}/v1.0/' and identity.startswith(f'{root}/identity/v3')
    assert instance.startswith(f'{root}/v1.0/demo/instances/') and following.startswith(f'{root}/v1.0/demo/instances?')
    house.db.close()


def test_only_the_nearest_is_believed(template: str, tmp_path: Any) -> None:
    """What a client writes itself stands before what our web server adds."""
    house = House(template, str(tmp_path), api_proxies=1)
    version, *_ = _links(house, **{'X-Forwarded-Host': 'evil.example, database.example'})
    assert version == 'http://database.example/v1.0/'
    house.db.close()


def test_a_plan_behind_a_proxy(template: str, tmp_path: Any) -> None:
    """It repeats the request inside, where no proxy has been."""
    house = House(template, str(tmp_path), api_proxies=1)
    wish = {'method': 'POST', 'path': '/instances', 'body': house.request()}
    answer = house.call('POST', '/operations/plan', wish, headers=SAID)
    assert answer.status_code == 200, answer.text
    house.db.close()
