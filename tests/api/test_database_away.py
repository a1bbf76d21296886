"""The API while its database is away: Trove's fault for all, nothing half done, and back by itself."""

import pytest

from dbaas.db.session import Database
from dbaas.services import datastores
from tests.api.house import ADMIN, House
from tests.servers.databases import KINDS, Databases, wipe

CREATE = {'instance': {'name': 'i', 'flavorRef': '1', 'volume': {'size': 1}, 'datastore': {'type': 'mariadb'}}}


@pytest.mark.parametrize('kind', [kind for kind in KINDS if kind != 'sqlite'])
def test_503_until_it_is_back(kind: str, databases: Databases, template: str, tmp_path) -> None:
    db = Database(databases.migrated(kind))
    wipe(db)
    db.run(lambda c: datastores.register(c, 'mariadb', 'mariadb', ['10.11'], '10.11'))
    house, server = House(template, str(tmp_path), url=db.url), databases.server(kind)
    flavor = house.call('GET', '/flavors', who=ADMIN).json['flavors'][0]['id']
    create = {'instance': {**CREATE['instance'], 'flavorRef': str(flavor)}}
    assert house.call('GET', '/instances', who=ADMIN).status_code == 200
    server.stop()
    try:
        for method, path, body in (('GET', '/instances', None), ('POST', '/instances', create)):
            answer = house.call(method, path, body, who=ADMIN)
            assert answer.status_code == 503
            assert answer.json == {
                'serviceUnavailable': {
                    'code': 503, 'message': 'The database of the control plane does not answer; try again in a moment.'
                }
            }  # fmt: skip
        assert not house.posted
    finally:
        server.start()
    assert house.call('POST', '/instances', create, who=ADMIN).status_code == 200
    assert len(house.call('GET', '/instances', who=ADMIN).json['instances']) == 1
    house.db.close()
    db.close()
