"""Requests are counted by method, route and status; no id, project or path becomes a label."""

from tests.api.house import ADMIN, House
from tests.scrape import scrape

UUID = '6b8f4a3e-9f5d-4a8e-9a53-0c1e0f3c5f11'


def test_requests_by_route(house: House) -> None:
    before = scrape()
    house.get('/instances')
    house.call('GET', f'/instances/{UUID}')
    house.call('GET', f'/instances/{UUID}', who=ADMIN)
    house.call('GET', '/nothing/of/the/kind')
    house.call('BREW', '/instances')
    house.call('GET', '/instances', who=None)
    house.call('POST', '/operations/plan', {'method': 'POST', 'path': '/instances', 'body': house.request()})
    after = scrape()

    def more(method: str, route: str, status: str) -> float:
        labels = {'method': method, 'route': route, 'status': status}
        return after('dbaas_api_requests_total', **labels) - before('dbaas_api_requests_total', **labels)

    instances = '/v1.0/<project_id>/instances'
    assert more('GET', instances, '200') == more('GET', instances, '401') == 1
    assert more('GET', f'{instances}/<instance_id>', '404') == 2
    assert more('GET', 'none', '404') == 1 and more('other', 'none', '404') + more('other', instances, '404') == 1
    assert more('POST', instances, '200') == 0, 'a rehearsal is no request'
    labels = {'method': 'GET', 'route': instances}
    name = 'dbaas_api_request_seconds_count'
    assert after(name, **labels) - before(name, **labels) == 2
    assert UUID not in after.text and 'nothing/of' not in after.text and 'BREW' not in after.text
