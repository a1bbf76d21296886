"""dbaas-manage check: each thing that can be wrong has its line and its remedy."""

import os
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from dbaas.cli.manage.main import NAME, cli
from dbaas.services import keyring
from guestagent.contract import programs
from guestagent.datastores.mariadb import binaries
from guestagent.failure import CommandError
from guestagent.runtime.process import Process
from tests.checked import checked, results

PROGRAM = os.path.join(os.path.dirname(sys.executable), NAME)
PERSON = {
    'token': 't', 'user_id': 'u', 'user_name': 'n', 'project_id': 'p', 'project_name': 'p', 'roles': [],
}  # fmt: skip

Check = Callable[..., dict[str, list[dict[str, str]]]]


@pytest.fixture
def state(tmp_path: Any) -> str:
    """A state directory as `dbaas up` leaves it."""
    folder = str(tmp_path / 'var')
    assert CliRunner().invoke(cli, ['--state', folder, 'db', 'upgrade']).exit_code == 0
    keyring.load(f'{folder}/keys.yaml')
    with open(os.open(f'{folder}/identity.yaml', os.O_WRONLY | os.O_CREAT, 0o600), 'w') as out:
        yaml.safe_dump([PERSON], out)
    return folder


@pytest.fixture
def check(state: str, tmp_path: Any) -> Check:
    def run(code: int = 0, **options: str) -> dict[str, list[dict[str, str]]]:
        """options: group__name=value. -> findings by the name of their check."""
        with open(tmp_path / 'dbaas.conf', 'w') as out:
            out.write(f'[local]\naddress_dir = {tmp_path}/addresses\n')
            for name, value in options.items():
                group, _, option = name.partition('__')
                out.write(f'[{group}]\n{option} = {value}\n')
        return checked(state, str(tmp_path / 'dbaas.conf'), code)

    return run


def test_all_is_well(check: Check, state: str) -> None:
    before = sorted(os.listdir(state))
    found = check()
    for name in ('package conf', 'package flows', 'taskflow', 'database', 'keys', 'identities', 'mariadb', 'addresses'):
        assert set(results(found[name])) == {'ok'}, found[name]
    assert sorted(os.listdir(state)) == before, 'what was made to try is removed again'


def test_an_empty_place_is_no_failure(tmp_path: Any) -> None:
    result = CliRunner().invoke(cli, ['--state', str(tmp_path / 'none'), 'check'])
    assert result.exit_code == 0, result.output
    assert 'dbaas up' in result.stdout
    assert not os.path.exists(tmp_path / 'none')


def test_an_old_schema(check: Check, state: str) -> None:
    from dbaas.db import migrate
    from dbaas.db.session import Database

    migrate.downgrade(Database(f'sqlite:///{state}/dbaas.sqlite'), 'base')
    (finding,) = check(code=1)['database']
    assert 'db upgrade' in finding['remedy']


def test_a_database_that_does_not_answer(check: Check) -> None:
    found = check(
        code=1, database__connection='mysql+pymysql://user:hidden-word@127.0.0.1:1/dbaas', database__reruns='1'
    )
    assert results(found['database']) == ['FAILED']
    assert 'hidden-word' not in str(found)


@pytest.mark.parametrize('name', ['keys.yaml', 'identity.yaml'])
def test_secret_files_that_others_can_read(check: Check, state: str, name: str) -> None:
    os.chmod(f'{state}/{name}', 0o644)
    (finding,) = check(code=1)[name]
    assert finding['remedy'] == f'chmod 600 {state}/{name}'


def test_keys_that_cannot_be_read(check: Check, state: str) -> None:
    with open(f'{state}/keys.yaml', 'w') as out:
        out.write('nonsense')
    assert results(check(code=1)['keys']) == ['FAILED']


def test_keys_that_do_not_open_what_is_sealed(check: Check, state: str) -> None:
    from dbaas.db.session import Database
    from dbaas.services.secrets import Secrets

    db = Database(f'sqlite:///{state}/dbaas.sqlite')
    secrets = Secrets(db, keyring.load(f'{state}/keys.yaml'))
    db.run(lambda c: secrets.seal(c, project_id='p', owner='o', purpose='t', value=b'v'))
    assert results(check()['keys']) == ['ok']
    keyring.rotate(f'{state}/keys.yaml')
    (finding,) = check()['keys']
    assert finding['result'] == 'warning' and '--finish' in finding['remedy']
    os.unlink(f'{state}/keys.yaml')
    keyring.load(f'{state}/keys.yaml')
    assert results(check(code=1)['keys']) == ['FAILED']


@pytest.mark.parametrize('content', ['nonsense', '- {token: x}', 'a: ['])
def test_identities_that_cannot_be_used(check: Check, state: str, content: str) -> None:
    with open(f'{state}/identity.yaml', 'w') as out:
        out.write(content)
    assert results(check(code=1)['identities']) == ['FAILED']


def test_a_missing_engine_is_told_in_the_agents_words(check: Check, monkeypatch: pytest.MonkeyPatch) -> None:
    found = check(code=1, mariadb__server_binary='/nowhere/mariadbd')['mariadb']
    finding = next(f for f in found if f['result'] == 'FAILED')
    nowhere: Any = None  # it looks for programs of the machine, not of an instance
    with pytest.raises(CommandError) as agent:
        binaries.server(Process(nowhere), '/nowhere/mariadbd')
    assert f'{finding["what"]}: {finding["remedy"]}' == str(agent.value)

    monkeypatch.setenv('PATH', '/nowhere')
    monkeypatch.setattr(programs, 'FOLDERS', ('/nowhere/sbin',))
    with pytest.raises(programs.ProgramMissing, match='mariadbd not found at PATH, /nowhere/sbin: install'):
        programs.find(('mariadbd',), None, package='mariadb-server-core', option='[mariadb] server_binary')


def test_addresses_that_cannot_be_shared_out(check: Check, tmp_path: Any) -> None:
    (tmp_path / 'file').write_text('')
    assert results(check(code=1, local__address_dir=f'{tmp_path}/file/below')['addresses']) == ['FAILED']


def test_limits_that_are_switched_off(check: Check) -> None:
    (finding,) = check(local__limits='false')['limits']
    assert finding['result'] == 'ok' and 'off' in finding['what']


def test_a_wrong_option(check: Check) -> None:
    (finding,) = check(code=1, quota__instances='many')['options']
    assert 'instances' in finding['what']


def test_somebody_elses_conf_on_the_path(state: str, tmp_path: Any) -> None:
    (tmp_path / 'strange' / 'conf').mkdir(parents=True)
    (tmp_path / 'strange' / 'conf' / '__init__.py').write_text('raise SystemExit("not ours")')
    done = subprocess.run(
        [PROGRAM, '--state', state, 'check'],
        env={**os.environ, 'PYTHONPATH': str(tmp_path / 'strange')},
        text=True,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 1, done.stderr
    line = next(line for line in done.stdout.splitlines() if 'package conf' in line)
    assert line.startswith('FAILED') and str(tmp_path) in line and 'PYTHONPATH' in line
