"""Two tenants against each other over the whole URL map: nothing of the other is seen, nothing of it changes."""

import dataclasses
from collections.abc import Iterator
from typing import Any

import pytest

from tests.api.house import ADMIN, MEMBER, STRANGER, House, fault

PUBLIC = {'/', '/healthcheck', '/openapi.json', '/docs', '/identity/', '/identity/v3/'}
V1 = '/v1.0/<project_id>'
NAME = 'owned-by-the-other'
WHY = {'reason': 'why'}
CHIEF = {
    **STRANGER, 'token': 'chief-token', 'user_id': 'u-chief', 'user_name': 'chief', 'project_id': 'third',
    'project_name': 'third', 'roles': ['admin'],
}  # fmt: skip


@dataclasses.dataclass(frozen=True)
class Case:
    """refused: 403 or 404 for a stranger; else the answer is his own, and names nothing of the victim.

    body: '{instance_id}' and the like in it are the victim's.
    """

    refused: bool = True
    body: Any = None
    subject: bool = False  # the victim's token goes along as X-Subject-Token


SEEN = Case(refused=False)
VERBS = ('pause', 'resume', 'retry-now', 'skip', 'abort')
# every route that needs a token, by method and place
CASES: dict[tuple[str, str], Case] = {
    ('GET', f'{V1}/instances'): SEEN,
    ('POST', f'{V1}/instances'): Case(False, {'instance': {'name': 'mine', 'flavorRef': '1', 'volume': {'size': 1}}}),
    ('GET', f'{V1}/instances/detail'): SEEN,
    ('GET', f'{V1}/instances/<instance_id>'): Case(),
    ('PUT', f'{V1}/instances/<instance_id>'): Case(body={'instance': {'name': 'taken'}}),
    ('PATCH', f'{V1}/instances/<instance_id>'): Case(body={'instance': {'name': 'taken'}}),
    ('DELETE', f'{V1}/instances/<instance_id>'): Case(),
    ('POST', f'{V1}/instances/<instance_id>/action'): Case(body={'reset_status': {'force_delete': None}}),
    ('GET', f'{V1}/datastores'): SEEN,
    ('GET', f'{V1}/datastores/<datastore>'): SEEN,
    ('DELETE', f'{V1}/datastores/<datastore>'): Case(),
    ('GET', f'{V1}/datastores/<datastore>/versions'): SEEN,
    ('GET', f'{V1}/datastores/<datastore>/versions/<version>'): SEEN,
    ('GET', f'{V1}/datastores/versions/<version_id>'): SEEN,
    ('GET', f'{V1}/datastores/<datastore>/versions/<version_id>/flavors'): SEEN,
    ('GET', f'{V1}/datastores/<datastore>/versions/<version_id>/volume-types'): SEEN,
    ('GET', f'{V1}/flavors'): SEEN,
    ('GET', f'{V1}/flavors/<flavor_id>'): SEEN,
    ('GET', f'{V1}/limits'): SEEN,
    ('GET', f'{V1}/mgmt/quotas/<target_project_id>'): Case(),
    ('PUT', f'{V1}/mgmt/quotas/<target_project_id>'): Case(body={'quotas': {'instances': 99}}),
    ('GET', f'{V1}/operations'): SEEN,
    ('POST', f'{V1}/operations'): Case(body={'type': 'demo.wait', 'inputs': {'seconds': 1}}),
    ('POST', f'{V1}/operations/plan'): Case(body={'method': 'DELETE', 'path': '/instances/{instance_id}'}),
    ('GET', f'{V1}/operations/stats'): Case(),
    ('GET', f'{V1}/operations/summary'): Case(),
    ('GET', f'{V1}/operations/<operation_id>'): Case(),
    ('GET', f'{V1}/operations/<operation_id>/events'): Case(),
    ('GET', f'{V1}/operations/<operation_id>/why'): Case(),
    **{
        ('POST', f'{V1}/operations/<operation_id>/{verb}'): Case(body={**WHY, 'step': 's'} if verb == 'skip' else WHY)
        for verb in VERBS
    },
    ('GET', '/identity/v3/auth/tokens'): Case(subject=True),
    ('DELETE', '/identity/v3/auth/tokens'): Case(subject=True),
    ('GET', '/identity/v3/auth/projects'): SEEN,
    ('GET', '/identity/v3/auth/catalog'): SEEN,
    ('GET', '/identity/v3/projects'): SEEN,
    ('GET', '/identity/v3/projects/<target_project_id>'): Case(),
    ('GET', '/identity/v3/users/<user_id>'): Case(),
}
LISTS = {key for key, case in CASES.items() if case is SEEN and key[1].split('/')[-1] in ('instances', 'detail')}
every_case = pytest.mark.parametrize(('method', 'rule'), CASES, ids=' '.join)


@dataclasses.dataclass
class Victim:
    """A project with an instance in being, and what a path to it is made of."""

    house: House
    ids: dict[str, str]

    def url(self, rule: str, project_id: str) -> str:
        return rule.replace('<', '{').replace('>', '}').format(project_id=project_id, **self.ids)

    def asked(self, who: dict[str, Any], method: str, rule: str, project_id: str) -> Any:
        case = CASES[method, rule]
        headers = {'X-Auth-Token': who['token']}
        if case.subject:
            headers['X-Subject-Token'] = MEMBER['token']
        options = {} if case.body is None else {'json': self._filled(case.body)}
        client = self.house.app.test_client()
        return client.open(self.url(rule, project_id), method=method, headers=headers, **options)

    def _filled(self, body: Any) -> Any:
        if isinstance(body, dict):
            return {key: self._filled(value) for key, value in body.items()}
        return body.format(**self.ids) if isinstance(body, str) else body

    def content(self) -> dict[str, list[str]]:
        """The rows of every table that name it: its project or its ids."""
        words = (repr(MEMBER['project_id']), *(repr(self.ids[name]) for name in ('instance_id', 'operation_id')))
        return {table: [r for r in rows if any(w in r for w in words)] for table, rows in self.house.content().items()}


@pytest.fixture(scope='module')
def victim(shared: House) -> Iterator[Victim]:
    shared.write_identities([ADMIN, MEMBER, STRANGER, CHIEF])
    instance = shared.create(NAME)['id']
    version = shared.get('/datastores')['datastores'][0]['versions'][0]['id']
    ids = {
        'instance_id': instance, 'operation_id': shared.get('/operations')['operations'][0]['id'],
        'datastore': 'mariadb', 'version': version, 'version_id': version, 'flavor_id': '1',
        'target_project_id': MEMBER['project_id'], 'user_id': MEMBER['user_id'],
    }  # fmt: skip
    return Victim(shared, ids)


def test_every_route_has_a_case(victim: Victim) -> None:
    """A new route: say above what a stranger may see of it."""
    there = set()
    for rule in victim.house.app.url_map.iter_rules():
        view = victim.house.app.view_functions[rule.endpoint]
        for method in (rule.methods or set()) - {'HEAD', 'OPTIONS'}:
            if rule.rule not in PUBLIC and getattr(view.view_class, method.lower()).rules:
                there.add((method, rule.rule))
    assert there == set(CASES)


@every_case
def test_a_stranger_in_his_own_project(victim: Victim, method: str, rule: str) -> None:
    before = victim.content()
    answer = victim.asked(STRANGER, method, rule, STRANGER['project_id'])
    if CASES[method, rule].refused:
        assert answer.status_code in (403, 404), answer.text
    else:
        assert answer.status_code < 300, answer.text
        assert not any(word in answer.text for word in (victim.ids['instance_id'], victim.ids['operation_id']))
    assert NAME not in answer.text and MEMBER['token'] not in answer.text
    assert victim.content() == before
    assert victim.house.call('GET', '/limits', who=MEMBER).status_code == 200, 'the token was revoked'


@pytest.mark.parametrize(('method', 'rule'), [key for key in CASES if key[1].startswith(V1)], ids=' '.join)
@pytest.mark.parametrize('who', [STRANGER, CHIEF], ids=['stranger', 'chief'])
def test_a_token_of_another_project_opens_no_path_of_this_one(
    victim: Victim, who: dict[str, Any], method: str, rule: str
) -> None:
    before = victim.content()
    fault(victim.asked(who, method, rule, MEMBER['project_id']), 403)
    assert victim.content() == before


@pytest.mark.parametrize(('method', 'rule'), sorted(LISTS), ids=' '.join)
def test_lists_of_an_administrator_are_of_his_own_project(victim: Victim, method: str, rule: str) -> None:
    assert victim.ids['instance_id'] not in victim.asked(CHIEF, method, rule, CHIEF['project_id']).text


@pytest.mark.parametrize('query', ['project_id=demo', 'instance={instance_id}', 'marker={operation_id}', 'limit=1000'])
def test_no_query_shows_foreign_rows(victim: Victim, query: str) -> None:
    for path in ('/instances', '/instances/detail', '/operations'):
        answer = victim.house.call('GET', f'{path}?{query.format(**victim.ids)}', who=STRANGER)
        assert answer.status_code in (200, 400, 403), answer.text
        assert victim.ids['instance_id'] not in answer.text.replace(query.format(**victim.ids), '')
        assert NAME not in answer.text


@pytest.mark.parametrize('attribute', ['replica_of', 'restorePoint', 'configuration'])
def test_no_body_reaches_for_what_is_foreign(victim: Victim, attribute: str) -> None:
    value: Any = victim.ids['instance_id']
    body = House.request('thief', **{attribute: {'backupRef': value} if attribute == 'restorePoint' else value})
    before = victim.content()
    answer = victim.house.call('POST', '/instances', body, who=STRANGER)
    assert answer.status_code in (400, 403, 404, 501), answer.text
    assert NAME not in answer.text and victim.content() == before
