"""Commands as people call them, against canned answers: what is asked of the API, printed, and the exit code."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result

from dbaas.cli import program
from dbaas.cli.flow import errors
from dbaas.cli.flow.main import NAME, cli
from tests.unit.cli import samples
from tests.unit.cli.canned_api import Answer, Canned, Request, serving


@pytest.fixture(autouse=True)
def _no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ('AUTH_TYPE', 'ENDPOINT', 'TOKEN', 'AUTH_URL', 'CLOUD', 'CACERT', 'INSECURE'):
        monkeypatch.delenv(f'OS_{name}', raising=False)


def _answer(request: Request) -> Answer:
    held = samples.held()
    path = request.path.removeprefix('/v1.0/demo')
    if request.method == 'POST' and path == '/operations/plan':
        return 200, {'plan': samples.PLAN}
    if request.method == 'POST':
        return 202, {'operation': samples.operation('ABORTING')}
    known: dict[str, Any] = {
        '/operations': {'operations': [held], 'links': []},
        f'/operations/{samples.ID}': {'operation': held},
        f'/operations/{samples.ID}/events': {'events': samples.EVENTS},
        f'/operations/{samples.ID}/why': {'why': samples.WHY},
        '/flavors': {'flavors': [{'id': 1, 'str_id': '1', 'name': 'small'}]},
        '/instances': {'instances': [{'id': samples.INSTANCE, 'name': 'db1'}], 'links': []},
    }
    return (200, known[path]) if path in known else (404, {'itemNotFound': {'message': 'no such thing'}})


@pytest.fixture
def canned() -> Iterator[Canned]:
    with serving(_answer) as found:
        yield found


def _run(canned: Canned, *args: str) -> Result:
    env = {'OS_AUTH_TYPE': 'admin_token', 'OS_ENDPOINT': canned.url, 'OS_TOKEN': 'secret-token'}
    return CliRunner().invoke(cli, args, env=env, prog_name=NAME)


@pytest.mark.parametrize('args', [('-o', 'json', 'list'), ('list', '-o', 'json')])
def test_list_as_json_is_a_list_of_objects(canned: Canned, args: tuple[str, ...]) -> None:
    result = _run(canned, *args)
    assert result.exit_code == 0
    assert result.stderr == ''
    assert json.loads(result.stdout) == [samples.held()]


def test_list_as_a_table_names_its_source_on_stderr(canned: Canned) -> None:
    result = _run(canned, 'list')
    assert result.stderr == f'source: API {canned.url}\n'
    assert result.stdout.splitlines()[1].startswith(samples.ID)
    assert '\x1b' not in result.stdout


def test_list_filters_reach_the_api(canned: Canned) -> None:
    result = _run(
        canned, 'list', '--state', 'held', '--type', 'demo.wait', '--instance', 'db1',
        '--since', '2026-11-21T12:00:00+02:00', '--limit', '5', '--project', 'p',
    )  # fmt: skip
    assert result.exit_code == 0
    assert canned.asked[-1].query == {
        'state': 'HELD',
        'type': 'demo.wait',
        'instance': samples.INSTANCE,
        'since': '2026-11-21T10:00:00.000',
        'limit': '5',
        'project_id': 'p',
    }


@pytest.mark.parametrize('since', ['soon', '2026-13-01', '1y', '99999999999999d'])
def test_list_since_nonsense(canned: Canned, since: str) -> None:
    assert _run(canned, 'list', '--since', since).exit_code == errors.USAGE


def test_list_says_when_there_is_more() -> None:
    with serving(lambda _: (200, {'operations': [samples.held()] * 3, 'links': []})) as canned:
        result = _run(canned, 'list', '--limit', '2')
        assert len(result.stdout.splitlines()) == 3
        assert 'more than these 2' in result.stderr
        assert 'more than' not in _run(canned, 'list', '--limit', '0').stderr


@pytest.mark.parametrize(('command', 'shape'), [('show', dict), ('events', list), ('why', dict)])
def test_a_prefix_and_yaml(canned: Canned, command: str, shape: type) -> None:
    result = _run(canned, command, '0b7f', '-o', 'yaml')
    assert result.exit_code == 0
    assert isinstance(yaml.safe_load(result.stdout), shape)


def test_show_as_a_graph(canned: Canned) -> None:
    assert _run(canned, 'show', samples.ID, '--graph', 'dot').stdout.startswith('digraph')
    assert _run(canned, 'show', samples.ID, '--graph', 'mermaid').stdout.startswith('flowchart')


def test_watch_of_a_held_operation(canned: Canned) -> None:
    result = _run(canned, 'watch', samples.ID)
    assert result.exit_code == errors.HELD
    assert len(result.stdout.splitlines()) == len(samples.EVENTS) + 1
    assert 'is HELD at start-database' in result.stdout.splitlines()[-1]


def test_watch_as_json_lines(canned: Canned) -> None:
    lines = [json.loads(line) for line in _run(canned, 'watch', samples.ID, '-o', 'json').stdout.splitlines()]
    assert [list(line) for line in lines] == [['event']] * len(samples.EVENTS) + [['operation']]


@pytest.mark.parametrize('verb', ['pause', 'resume', 'retry-now'])
def test_verbs_that_can_be_taken_back_need_only_a_reason(canned: Canned, verb: str) -> None:
    assert _run(canned, verb, samples.ID).exit_code == errors.USAGE
    result = _run(canned, verb, '0b7f', '--reason', 'because')
    assert result.exit_code == 0, result.output
    assert canned.asked[-1].path == f'/v1.0/demo/operations/{samples.ID}/{verb}'
    assert canned.asked[-1].body == {'reason': 'because'}


@pytest.mark.parametrize('verb', ['abort', 'skip'])
def test_verbs_that_cannot_be_taken_back_need_a_yes(canned: Canned, verb: str) -> None:
    result = _run(canned, verb, samples.ID, '--reason', 'because')
    assert result.exit_code == errors.USAGE
    assert '--yes' in result.output
    assert not [request for request in canned.asked if request.method == 'POST']
    assert _run(canned, verb, samples.ID, '--reason', 'because', '--yes').exit_code == 0


def test_skip_names_the_step_it_stopped_at_unless_told_otherwise(canned: Canned) -> None:
    _run(canned, 'skip', samples.ID, '--reason', 'r', '--yes', '--output', '{"id": "p"}')
    assert canned.asked[-1].body == {'reason': 'r', 'step': 'start-database', 'output': {'id': 'p'}}
    _run(canned, 'skip', samples.ID, '--reason', 'r', '--yes', '--step', 'create-port')
    assert canned.asked[-1].body == {'reason': 'r', 'step': 'create-port'}
    assert _run(canned, 'skip', samples.ID, '--reason', 'r', '--yes', '--output', 'p').exit_code == errors.USAGE


def test_plan_create_sends_the_real_request(canned: Canned) -> None:
    result = _run(
        canned, 'plan', 'create', 'db2', '--flavor', 'small', '--size', '2', '--datastore', 'mariadb',
        '--datastore-version', '10.11', '--database', 'app', '--allowed-cidr', '10.0.0.0/8',
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    assert canned.asked[-1].body == {
        'method': 'POST',
        'path': '/v1.0/demo/instances',
        'body': {
            'instance': {
                'name': 'db2',
                'flavorRef': '1',
                'volume': {'size': 2},
                'datastore': {'type': 'mariadb', 'version': '10.11'},
                'databases': [{'name': 'app'}],
                'access': {'is_public': False, 'allowed_cidrs': ['10.0.0.0/8']},
            }
        },
    }


def test_plan_delete_takes_a_name(canned: Canned) -> None:
    assert json.loads(_run(canned, 'plan', 'delete', 'db1', '-o', 'json').stdout) == samples.PLAN
    assert canned.asked[-1].body['path'] == f'/v1.0/demo/instances/{samples.INSTANCE}'
    assert canned.asked[-1].body['method'] == 'DELETE'


def test_an_unknown_operation(canned: Canned) -> None:
    result = _run(canned, 'show', samples.OTHER)
    assert result.exit_code == errors.NOT_FOUND
    assert 'no such thing' in result.stderr


def test_without_variables_it_says_what_to_set(monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    monkeypatch.setattr('sys.argv', [NAME, 'list'])
    assert program.run(cli, NAME) == errors.USAGE
    said = capsys.readouterr().err
    assert said.startswith('dbaas-flow: OS_ENDPOINT and OS_TOKEN not set: source the openrc')
    assert len(said.splitlines()) == 1


def test_every_command_has_help_with_an_example() -> None:
    names = [*cli.commands, 'plan create', 'plan delete']
    names.remove('plan')
    for name in names:
        shown = CliRunner().invoke(cli, [*name.split(), '--help']).output
        assert 'Example' in shown, name
