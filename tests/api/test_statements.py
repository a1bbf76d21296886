"""SQL per request is constant: as many statements for twenty instances as for two."""

import pytest

from tests.api.house import ADMIN, House

READS = ['/instances', '/instances/detail', '/operations', '/datastores', '/datastores/mariadb/versions', '/limits']


def _statements(house: House, method: str, path: str, body: object = None) -> int:
    house.statements.clear()
    assert house.call(method, path, body, ADMIN).status_code < 300
    return len([s for s in house.statements if not s.startswith('BEGIN')])


@pytest.mark.parametrize('path', READS)
def test_a_list_costs_the_same_however_long_it_is(house: House, path: str) -> None:
    house.conf.set_override('instances', -1, group='quota')
    house.create()
    few = _statements(house, 'GET', path)
    for number in range(10):
        house.create(f'db{number}')
    assert _statements(house, 'GET', path) == few <= 2


def test_reading_one_costs_a_few_statements(house: House) -> None:
    made = house.create()
    operation_id = house.posted[0].operation_id
    assert _statements(house, 'GET', f'/instances/{made["id"]}') == 2
    assert _statements(house, 'GET', f'/operations/{operation_id}') <= 7
    assert _statements(house, 'GET', '/datastores/mariadb') == 2
    assert _statements(house, 'GET', '/flavors') == 0


def test_a_create_costs_the_same_in_a_full_project(house: House) -> None:
    first = _statements(house, 'POST', '/instances', house.request('first'))
    second = _statements(house, 'POST', '/instances', house.request('second'))
    for number in range(5):
        house.create(f'db{number}')
    assert _statements(house, 'POST', '/instances', house.request('last')) == second <= first < 30
