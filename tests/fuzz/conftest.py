"""One API for all examples, with rows to find: its ids are mixed into the paths that are tried."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.api.house import ADMIN, MEMBER, House
from tests.fuzz.answers import Known


@pytest.fixture(scope='session')
def known(template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Known]:
    folder = str(tmp_path_factory.mktemp('fuzz'))
    house = House(template, folder, quota_instances=-1, quota_volumes=-1, quota_ram=-1)
    yield Known(house, paths(house))
    house.db.close()


def paths(house: House) -> dict[str, list[Any]]:
    """Values of path parameters that mean something: an instance that is ACTIVE, one in BUILD, their operations."""
    active, building = house.create('active')['id'], house.create('building')['id']
    house.activate(active)
    house.call('POST', '/operations', {'type': 'demo.wait', 'inputs': {'seconds': 1}}, ADMIN)
    versions = house.get('/datastores')['datastores'][0]['versions']
    return {
        'project_id': [MEMBER['project_id']],
        'instance_id': [active, building],
        'operation_id': [row['id'] for row in house.get('/operations')['operations']],
        'datastore': ['mariadb'],
        'version': [versions[0]['id'], versions[0]['name']],
        'version_id': [versions[0]['id']],
        'flavor_id': ['1'],
        'target_project_id': ['demo', 'other'],
        'user_id': [ADMIN['user_id'], MEMBER['user_id']],
    }
