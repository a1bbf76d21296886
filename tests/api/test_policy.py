"""Policy: a rule on every route, and the matrix of who may do what."""

from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from oslo_config import cfg

import conf as options
from dbaas import api
from dbaas.policy import Policy
from tests.api.house import ADMIN, MEMBER, House, fault

PUBLIC = {
    ('GET', '/'), ('GET', '/healthcheck'), ('GET', '/openapi.json'), ('GET', '/docs'), ('GET', '/identity/'),
    ('GET', '/identity/v3/'), ('POST', '/identity/v3/auth/tokens'),
}  # fmt: skip
V3 = '/identity/v3'
UUID = '6b8f4a3e-9f5d-4a8e-9a53-0c1e0f3c5f11'
ANY = {'reason': 'why'}
READER = {**MEMBER, 'token': 'reader-token', 'user_id': 'u-reader', 'user_name': 'reader', 'roles': ['reader']}
NOBODY = {**MEMBER, 'token': 'nobody-token', 'user_id': 'u-nobody', 'user_name': 'nobody', 'roles': ['dba']}
RANKS = (READER, MEMBER, ADMIN)  # whoever is further on may what those before him may
# every route that needs a token: method, path, body, rules, and who may use it: this one and those further on
ROUTES: list[tuple[str, str, Any, tuple[str, ...], dict[str, Any]]] = [
    ('GET', '/instances', None, ('instance:index',), READER),
    ('POST', '/instances', {}, ('instance:create',), MEMBER),
    ('GET', '/instances/detail', None, ('instance:detail',), READER),
    ('GET', f'/instances/{UUID}', None, ('instance:show',), READER),
    ('PUT', f'/instances/{UUID}', {}, ('instance:update',), MEMBER),
    ('PATCH', f'/instances/{UUID}', {}, ('instance:update',), MEMBER),
    ('DELETE', f'/instances/{UUID}', None, ('instance:delete',), MEMBER),
    (
        'POST',
        f'/instances/{UUID}/action',
        {'reset_status': {}},
        ('instance:reset_status', 'instance:force_delete'),
        ADMIN,
    ),
    ('GET', '/datastores', None, ('datastore:index',), READER),
    ('GET', '/datastores/x', None, ('datastore:show',), READER),
    ('DELETE', '/datastores/x', None, ('datastore:delete',), ADMIN),
    ('GET', '/datastores/x/versions', None, ('datastore:version_index',), READER),
    ('GET', '/datastores/x/versions/y', None, ('datastore:version_show',), READER),
    ('GET', '/datastores/versions/y', None, ('datastore:version_show_by_uuid',), READER),
    ('GET', '/datastores/x/versions/y/flavors', None, ('datastore:list_associated_flavors',), READER),
    ('GET', '/datastores/x/versions/y/volume-types', None, ('datastore:list_associated_volume_types',), READER),
    ('GET', '/flavors', None, ('flavor:index',), READER),
    ('GET', '/flavors/x', None, ('flavor:show',), READER),
    ('GET', '/limits', None, ('limits:index',), READER),
    ('GET', '/mgmt/quotas/demo', None, ('quota:show',), READER),
    ('PUT', '/mgmt/quotas/demo', {}, ('quota:update',), ADMIN),
    ('GET', f'{V3}/auth/tokens', None, ('identity:validate_token', 'identity:validate_token:all'), READER),
    ('DELETE', f'{V3}/auth/tokens', None, ('identity:revoke_token', 'identity:revoke_token:all'), READER),
    ('GET', f'{V3}/auth/projects', None, ('identity:list_own_projects',), READER),
    ('GET', f'{V3}/auth/catalog', None, ('identity:get_catalog',), READER),
    ('GET', f'{V3}/projects', None, ('identity:list_projects', 'identity:list_projects:all'), READER),
    ('GET', f'{V3}/projects/demo', None, ('identity:get_project',), READER),
    ('GET', f'{V3}/users/u-member', None, ('identity:get_user', 'identity:get_user:all'), READER),
    ('GET', '/operations', None, ('operation:index', 'operation:index:all_projects'), READER),
    ('POST', '/operations', {}, ('operation:create',), ADMIN),
    ('POST', '/operations/plan', {}, ('operation:plan',), MEMBER),
    ('GET', '/operations/stats', None, ('operation:stats',), ADMIN),
    ('GET', '/operations/summary', None, ('operation:summary',), ADMIN),
    ('GET', f'/operations/{UUID}', None, ('operation:show',), READER),
    ('GET', f'/operations/{UUID}/events', None, ('operation:events',), READER),
    ('GET', f'/operations/{UUID}/why', None, ('operation:why',), READER),
    ('POST', f'/operations/{UUID}/pause', ANY, ('operation:pause',), ADMIN),
    ('POST', f'/operations/{UUID}/resume', ANY, ('operation:resume',), ADMIN),
    ('POST', f'/operations/{UUID}/retry-now', ANY, ('operation:retry-now',), ADMIN),
    ('POST', f'/operations/{UUID}/skip', {**ANY, 'step': 's'}, ('operation:skip',), ADMIN),
    ('POST', f'/operations/{UUID}/abort', ANY, ('operation:abort',), MEMBER),
]


def _views(house: House) -> dict[tuple[str, str], Any]:
    """(method, rule) -> the view's method, for the whole URL map."""
    found = {}
    for rule in house.app.url_map.iter_rules():
        view = house.app.view_functions[rule.endpoint]
        for method in (rule.methods or set()) - {'HEAD', 'OPTIONS'}:
            found[method, rule.rule] = getattr(view.view_class, method.lower())
    return found


def test_every_route_of_the_url_map_has_a_rule_that_exists(house: House) -> None:
    known = {rule.name for rule in api.list_rules()}
    for (method, rule), view in _views(house).items():
        if (method, rule) in PUBLIC:
            assert view.rules == (), f'{method} {rule}'
        else:
            assert view.rules and set(view.rules) <= known, f'{method} {rule} has no rule'


def test_every_rule_is_used_by_a_route_at_the_place_that_it_documents(house: House) -> None:
    used = {
        (name, method, path.replace('<', '{').replace('>', '}'))
        for (method, path), view in _views(house).items()
        for name in view.rules
    }
    documented = {(r.name, o['method'], o['path']) for r in api.list_rules() for o in r.operations}
    used_once = {(n, 'PUT' if m == 'PATCH' else m, p) for n, m, p in used}  # Trove checks both by one rule
    assert used_once == documented


def test_the_matrix_below_lists_every_route(house: House) -> None:
    adapter = house.app.url_map.bind('localhost')
    full = [(m, p if p.startswith(V3) else f'/v1.0/demo{p}', rules) for m, p, _, rules, _ in ROUTES]
    listed = {(m, adapter.match(p, m, return_rule=True)[0].rule): rules for m, p, rules in full}
    there = {key: view.rules for key, view in _views(house).items() if key not in PUBLIC}
    assert listed == there


@pytest.fixture(scope='module')
def ranked(template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    made = House(template, str(tmp_path_factory.mktemp('ranked')))
    made.write_identities([*RANKS, NOBODY])
    yield made
    made.db.close()


@pytest.mark.parametrize(('method', 'path', 'body', 'rules', 'least'), ROUTES)
def test_who_may(ranked: House, method: str, path: str, body: Any, rules: Any, least: dict[str, Any]) -> None:
    """Allowed callers get past policy, to whatever their request deserves; others stop at 403."""
    for person in RANKS:
        answer = ranked.call(method, path, body, person)
        if RANKS.index(person) >= RANKS.index(least):
            assert answer.status_code != 403, person['user_name']
        else:
            assert rules[0] in fault(answer, 403)


@pytest.mark.parametrize(('method', 'path', 'body', 'rules', 'least'), ROUTES)
def test_who_may_with_roles_that_policy_does_not_know(
    ranked: House, method: str, path: str, body: Any, rules: Any, least: dict[str, Any]
) -> None:
    """In the token file that is a member; with Keystone nobody: tests/openstack/test_auth.py."""
    assert (ranked.call(method, path, body, NOBODY).status_code == 403) == (least is ADMIN)


def test_changes_need_a_member_and_reads_a_reader() -> None:
    for method, path, _, _, least in ROUTES:
        if not path.startswith(V3) and least is not ADMIN:
            assert least is (READER if method == 'GET' else MEMBER), f'{method} {path}'


@pytest.mark.parametrize(('method', 'path', 'body', 'rules', 'least'), ROUTES)
def test_each_rule_is_the_one_that_is_asked(
    template: str, tmp_path: Any, method: str, path: str, body: Any, rules: Any, least: Any
) -> None:
    """A policy file that forbids it forbids it to administrators too, and to nobody anything else."""
    file = tmp_path / 'policy.yaml'
    file.write_text(yaml.safe_dump({rules[0]: '!'}))
    house = House(template, str(tmp_path), api_policy_file=str(file))
    for m, p, b, r, _ in ROUTES:
        refused = house.call(m, p, b, ADMIN).status_code == 403
        same = (m, p) == (method, path) or r == rules == ('instance:update',)
        assert refused == same, (m, p)
    house.db.close()


def test_a_policy_file_that_does_not_exist_is_an_error_at_the_start() -> None:
    conf = options.load()
    conf.set_override('policy_file', '/nowhere/policy.yaml', group='api')
    with pytest.raises(cfg.ConfigFilesNotFoundError):
        Policy(conf, api.list_rules())


def test_no_answer_without_a_policy_check(house: House, caplog: pytest.LogCaptureFixture) -> None:
    """A view that forgot its rule answers 500, whatever it found."""
    house.app.add_url_rule('/v1.0/<project_id>/forgotten', 'forgotten', lambda: {'secret': 1})
    answer = house.call('GET', '/forgotten')
    assert answer.status_code == 500 and 'secret' not in answer.text
    assert 'without a policy check' in caplog.text


def test_apps_do_not_share_anything(template: str, tmp_path: Any) -> None:
    """Two in one process: the rules of one are not the other's."""
    folders = [tmp_path / 'a', tmp_path / 'b']
    for folder in folders:
        folder.mkdir()
    (tmp_path / 'policy.yaml').write_text('limits:index: "!"')
    strict = House(template, str(folders[0]), api_policy_file=str(tmp_path / 'policy.yaml'))
    plain = House(template, str(folders[1]))
    fault(strict.call('GET', '/limits'), 403)
    plain.get('/limits')
    for house in (strict, plain):
        house.db.close()
