"""Instances on the wire: what Trove's clients send and see."""

from tests.api.house import House


def test_first(house: House) -> None:
    made = house.create(databases=[{'name': 'shop'}], users=[{'name': 'u', 'password': 'pw1', 'databases': [{'name': 'shop'}]}])
    print(made)
    print(house.get('/instances'))
    print(house.get('/instances/' + made['id']))
    a = house.call('DELETE', '/instances/' + made['id'])
    print(a.status_code, a.headers, a.data)
    print(house.get('/operations'))
    print(house.call('POST', '/operations/plan', {'method':'POST','path':'/instances','body':house.request('x')}).json)
