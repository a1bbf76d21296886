"""dbaas-manage on real state directories: schema, datastores, quotas, keys, flows."""

import json
import os
from typing import Any

import pytest
import sqlalchemy as sa
import yaml
from click.testing import CliRunner, Result

from dbaas.cli.embedded import hold
from dbaas.cli.manage.main import NAME, cli
from dbaas.db import operations
from dbaas.db.session import Database
from dbaas.services import keyring
from dbaas.services.secrets import Secrets


class Manage:
    """The program on one state directory."""

    def __init__(self, state: str):
        self.state = state

    def __call__(self, *args: str, code: int = 0, output: str = 'table') -> Result:
        result = CliRunner().invoke(cli, ['--state', self.state, '-o', output, *args], prog_name=NAME)
        assert result.exit_code == code, result.output
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        return result

    def json(self, *args: str) -> Any:
        return json.loads(self(*args, output='json').stdout)

    @property
    def database(self) -> Database:
        return Database(f'sqlite:///{self.state}/dbaas.sqlite', durable=False)


@pytest.fixture
def empty(tmp_path: Any) -> Manage:
    return Manage(str(tmp_path / 'var'))


@pytest.fixture
def manage(empty: Manage) -> Manage:
    empty('db', 'upgrade')
    return empty


def test_schema(empty: Manage) -> None:
    refused = empty('db', 'version', code=1)
    assert '--state' in refused.stderr
    assert not os.path.exists(empty.state), 'a look makes nothing'
    assert 'empty -> ' in empty('db', 'upgrade').stdout
    assert os.stat(empty.state).st_mode & 0o777 == 0o700
    found = empty.json('db', 'version')
    assert found['schema'] == found['program']
    again = empty('db', 'upgrade').stdout
    assert f'schema {found["schema"]} -> {found["schema"]}' in again


def test_a_schema_that_is_not_the_programs(manage: Manage) -> None:
    from dbaas.db import migrate

    migrate.downgrade(manage.database, 'base')
    assert 'schema empty' in manage('db', 'version', code=1).stdout


def test_datastores(manage: Manage) -> None:
    assert manage.json('datastore', 'list') == []
    manage('datastore', 'register', 'mariadb')
    first = manage.json('datastore', 'list')
    assert {row['datastore'] for row in first} == {'mariadb'}
    assert [row['version'] for row in first if row['default']] == ['10.11']
    manage('datastore', 'register', 'mariadb')
    assert manage.json('datastore', 'list') == first, 'repeatable'
    manage('datastore', 'register', 'mariadb', '--default', '11.8')
    assert [row['version'] for row in manage.json('datastore', 'list') if row['default']] == ['11.8']
    assert 'mariadb' in manage('datastore', 'register', 'oracle', code=1).stderr
    assert '12.0' in manage('datastore', 'register', 'mariadb', '--default', '12.0', code=1).stderr


def test_a_manifest_of_ones_own(manage: Manage, tmp_path: Any) -> None:
    manifest = tmp_path / 'manifest.yaml'
    manifest.write_text('name: other\ndefault_version: "1"\nversions: [{name: "1"}]\n')
    manage('datastore', 'register', '--manifest', str(manifest))
    assert manage.json('datastore', 'list')[0]['datastore'] == 'other'
    for wrong in ('', '[]', 'name: x', 'versions: 3', 'a: [', 'name: x\nversions: [1]'):
        manifest.write_text(wrong)
        assert 'no manifest' in manage('datastore', 'register', '--manifest', str(manifest), code=1).stderr


def test_what_runs_a_version(manage: Manage, tmp_path: Any) -> None:
    manage('datastore', 'register', 'mariadb')
    image = ['--container-image', 'mariadb:10.11', '--container-archive', 'mariadb.tar']
    manage('datastore', 'set', 'mariadb', '10.11', '--runtime', 'container', *image)
    rows = {row['version']: row['runtime'] for row in manage.json('datastore', 'list')}
    assert rows == {'10.11': 'mariadb:10.11', '11.8': 'process'}
    manage('datastore', 'register', 'mariadb')
    assert manage.json('datastore', 'list')[0]['runtime'] == 'mariadb:10.11', 'what is registered stays'
    manage('datastore', 'set', 'mariadb', '10.11', '--runtime', 'process')
    assert {row['runtime'] for row in manage.json('datastore', 'list')} == {'process'}
    for wrong in (['container'], ['process', *image], ['process', '--container-archive', 'x']):
        assert 'container' in manage('datastore', 'set', 'mariadb', '10.11', '--runtime', *wrong, code=1).stderr
    assert '12.0' in manage('datastore', 'set', 'mariadb', '12.0', '--runtime', 'process', code=1).stderr

    manifest = tmp_path / 'manifest.yaml'
    said = 'name: other\nversions: [{name: "1", runtime: container, container_image: "other:1"}]\n'
    manifest.write_text(said)
    manage('datastore', 'register', '--manifest', str(manifest))
    assert [r['runtime'] for r in manage.json('datastore', 'list') if r['datastore'] == 'other'] == ['other:1']
    manifest.write_text(said.replace('container,', 'zone,').replace('other', 'third'))
    assert 'zone' in manage('datastore', 'register', '--manifest', str(manifest), code=1).stderr


def test_quotas(manage: Manage) -> None:
    rows = {row['resource']: row for row in manage.json('quota', 'show', 'demo')}
    assert rows['instances'] == {'resource': 'instances', 'used': 0, 'limit': 10, 'from': 'default'}
    manage('quota', 'set', 'demo', 'instances', '3')
    manage('quota', 'set', 'demo', 'ram', '--', '-1')
    rows = {row['resource']: row for row in manage.json('quota', 'show', 'demo')}
    assert rows['instances'] == {'resource': 'instances', 'used': 0, 'limit': 3, 'from': 'project'}
    assert 'none' in manage('quota', 'show', 'demo').stdout
    assert manage.json('quota', 'show', 'other')[0]['limit'] == 10
    manage('quota', 'set', 'demo', 'cars', '1', code=2)
    manage('quota', 'set', 'demo', 'instances', 'many', code=2)


def _seal(manage: Manage, *values: bytes) -> list[str]:
    secrets = Secrets(manage.database, keyring.load(f'{manage.state}/keys.yaml'))
    return [
        manage.database.run(lambda c, v=v: secrets.seal(c, project_id='p', owner='o', purpose='test', value=v))
        for v in values
    ]


def test_rotation_seals_every_row_anew(manage: Manage) -> None:
    assert 'no key file' in manage('secrets', 'rotate', code=1).stderr
    ids = _seal(manage, b'one', b'two', b'three')
    path = f'{manage.state}/keys.yaml'
    with open(path) as text:
        old = yaml.safe_load(text)
    assert '3 secrets sealed anew' in manage('secrets', 'rotate').stdout
    assert os.stat(path).st_mode & 0o777 == 0o600
    ring = keyring.load(path)
    assert ring.current != old['current']
    only_new = keyring.Keyring(ring.current, {ring.current: _key(path, ring.current)})
    assert [Secrets(manage.database, only_new).open(i) for i in ids] == [b'one', b'two', b'three']


def test_no_rotation_under_a_running_control_plane(manage: Manage) -> None:
    (secret,) = _seal(manage, b'one')
    running = Secrets(manage.database, keyring.load(f'{manage.state}/keys.yaml'))
    with hold.taken(manage.state):
        assert 'stop it first' in manage('secrets', 'rotate', code=1).stderr
    assert running.open(secret) == b'one'


def _key(path: str, key_id: str) -> bytes:
    import base64

    with open(path) as text:
        return base64.b64decode(yaml.safe_load(text)['keys'][key_id])


def test_an_interrupted_rotation_is_finished_without_another_key(manage: Manage) -> None:
    _seal(manage, b'one', b'two')
    path = f'{manage.state}/keys.yaml'
    keyring.rotate(path)  # and then the power went
    current = keyring.load(path).current
    assert f'2 secrets sealed anew; the current key is {current}' in manage('secrets', 'rotate', '--finish').stdout
    assert '0 secrets' in manage('secrets', 'rotate', '--finish').stdout


@pytest.mark.parametrize('flow', ['instance.create', 'instance.delete', 'demo.wait'])
def test_flow_show(empty: Manage, flow: str) -> None:
    lines = empty('flow', 'show', flow).stdout.splitlines()
    table = lines[lines.index('') + 2 :]
    for step in empty.json('flow', 'show', flow)['steps']:
        undo = step['irreversible'] or step['undo']
        assert any(all(word in line for word in (step['name'], step['effect'], undo)) for line in table), step
    assert not os.path.exists(empty.state), 'no database is needed'


def test_flow_show_as_data(empty: Manage) -> None:
    found = empty.json('flow', 'show', 'instance.delete')
    assert found['point_of_no_return'] == found['steps'][0]['name']
    steps = {step['name']: step for step in empty.json('flow', 'show', 'instance.create', '--version', '1')['steps']}
    assert steps['create-port']['gives'] == ['port']
    assert 'port' in steps['create-server']['needs']


def test_flow_list_says_which_program_is_needed(manage: Manage) -> None:
    rows = {(row['type'], row['version']): row for row in manage.json('flow', 'list')}
    assert rows['demo.wait', 1] == {'type': 'demo.wait', 'version': 1, 'known': True, 'under_way': 0}
    common = {'project_id': 'p', 'user_id': 'u', 'mode': 'none', 'policy': 'hold', 'inputs': {}}

    def work(c: sa.Connection) -> None:
        for number, state in enumerate(('HELD', 'WAITING', 'SUCCEEDED')):
            named = {'id': f'new-{number}', 'type': 'demo.wait', 'version': 1 if number == 1 else 99}
            operations.insert(c, 1.0, {}, 'ann', state=state, **named, **common)

    manage.database.run(work)
    lines = [' '.join(line.split()) for line in manage('flow', 'list', code=1).stdout.splitlines()]
    assert {'demo.wait 1 yes 1', 'demo.wait 99 no 1', 'instance.create 1 yes 0'} < set(lines)


@pytest.mark.parametrize('args', [('nothing',), ('demo.wait', '--version', '99')])
def test_flow_show_names_what_it_knows(empty: Manage, args: tuple[str, ...]) -> None:
    assert 'known: cloud.sweep v1' in empty('flow', 'show', *args, code=1).stderr


def test_a_wrong_option_file(empty: Manage, tmp_path: Any) -> None:
    wrong = tmp_path / 'wrong.conf'
    wrong.write_text('[quota]\ninstances = many\n')
    assert 'instances' in empty('--config-file', str(wrong), 'quota', 'show', 'demo', code=1).stderr
    assert 'missing.conf' in empty('--config-file', 'missing.conf', 'quota', 'show', 'demo', code=1).stderr


def test_a_database_that_does_not_answer(empty: Manage, tmp_path: Any) -> None:
    elsewhere = tmp_path / 'elsewhere.conf'
    elsewhere.write_text('[database]\nconnection = mysql+pymysql://user:hidden-word@127.0.0.1:1/dbaas\nreruns = 1\n')
    refused = empty('--config-file', str(elsewhere), 'quota', 'show', 'demo', code=1)
    assert 'does not answer' in refused.stderr
    assert 'hidden-word' not in refused.output
    assert len(refused.stderr.splitlines()) == 1


def test_every_command_has_help_with_an_example() -> None:
    for name, command in cli.commands.items():
        for words in [[name, sub] for sub in getattr(command, 'commands', [])] or [[name]]:
            assert 'Example' in CliRunner().invoke(cli, [*words, '--help']).output, words
