"""dbaas-manage identity on real files: users come and go, passwords are hashes, no token and no password is shown."""

import os
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result

from dbaas.cli.embedded import identities
from dbaas.cli.manage.main import NAME, cli
from dbaas.services import identity_file, passwords

PASSWORD = 'correct horse'


class Manage:
    """The program on the token file of one state directory."""

    def __init__(self, state: str):
        self.state, self.path = state, os.path.join(state, 'identity.yaml')

    def __call__(self, *args: str, given: str = f'{PASSWORD}\n', code: int = 0, output: str = 'table') -> Result:
        words = ['--state', self.state, '-o', output, 'identity', *args]
        result = CliRunner().invoke(cli, words, prog_name=NAME, input=given)
        assert result.exit_code == code, result.output
        assert PASSWORD not in result.output and 'scrypt' not in result.output
        for entry in self.entries():
            assert entry['token'] not in result.output
        return result

    def entries(self) -> list[dict[str, Any]]:
        if not os.path.exists(self.path):
            return []
        with open(self.path) as text:
            return yaml.safe_load(text)

    def user(self, name: str) -> list[identity_file.Identity]:
        return [one for one in identity_file.read(self.path) if one.user_name == name]


@pytest.fixture
def manage(tmp_path: Any) -> Manage:
    return Manage(str(tmp_path))


def test_a_user_of_a_new_file(manage: Manage) -> None:
    manage('add', 'ann', '--project', 'shop')
    assert os.stat(manage.path).st_mode & 0o777 == 0o600
    (ann,) = manage.user('ann')
    assert (ann.project_name, ann.roles) == ('shop', ('member',))
    assert passwords.matches(ann.password_hash, PASSWORD) and not passwords.matches(ann.password_hash, 'wrong')
    rows = yaml.safe_load(manage('list', output='yaml').stdout)
    assert rows == [
        {'user': 'ann', 'user_id': ann.user_id, 'project': 'shop', 'project_id': ann.project_id, 'roles': ['member'],
         'password': True}
    ]  # fmt: skip
    assert 'ann' in manage('list').stdout


def test_a_second_project_and_a_second_user_in_it(manage: Manage) -> None:
    manage('add', 'ann', '--project', 'shop')
    manage('add', 'ann', '--project', 'lab', '--role', 'admin', '--role', 'member', given='')
    manage('add', 'bot', '--project', 'lab', '--no-password', given='')
    shop, lab = manage.user('ann')
    (bot,) = manage.user('bot')
    assert shop.user_id == lab.user_id != bot.user_id and lab.project_id == bot.project_id != shop.project_id
    assert lab.roles == ('admin', 'member') and bot.password_hash is None
    assert 'already' in manage('add', 'ann', '--project', 'lab', code=1).output


def test_a_new_password(manage: Manage) -> None:
    manage('add', 'ann', '--project', 'shop')
    manage('add', 'ann', '--project', 'lab', given='')
    manage('passwd', 'ann', given='another one\n')
    assert [passwords.matches(one.password_hash, 'another one') for one in manage.user('ann')] == [True, False]
    assert 'no user bob' in manage('passwd', 'bob', code=1).output
    for bad in ('', 'short\n', 'x' * 1025, 'tab\tulator\n'):
        assert 'printable characters' in manage('passwd', 'ann', given=bad, code=1).output
    assert passwords.matches(manage.user('ann')[0].password_hash, 'another one')


def test_removal(manage: Manage) -> None:
    for project in ('shop', 'lab'):
        manage('add', 'ann', '--project', project)
    manage('remove', 'ann', '--project', 'shop')
    (lab,) = manage.user('ann')
    assert lab.project_name == 'lab' and passwords.matches(lab.password_hash, PASSWORD), "the password is the user's"
    manage('remove', 'ann')
    assert manage.entries() == []
    assert 'no user ann' in manage('remove', 'ann', code=1).output


def test_a_file_that_cannot_be_used_is_left_alone(manage: Manage) -> None:
    with open(manage.path, 'w') as out:
        out.write('- {token: x, user_name: ann}\n')
    for words in (['list'], ['add', 'bob', '--project', 'p'], ['passwd', 'ann'], ['remove', 'ann']):
        assert 'entry 1 lacks user_id' in manage(*words, code=1).output.replace('\n', ' ')
    with open(manage.path) as text:
        assert text.read() == '- {token: x, user_name: ann}\n'
    assert os.listdir(manage.state) == ['identity.yaml']


def test_the_first_password_is_written_until_another_is_set(manage: Manage) -> None:
    identities.first_start(manage.path)
    first = identities.admin(manage.path)
    assert passwords.matches(first['password_hash'], first['password'])
    assert first['password'] not in str(manage.entries())
    manage('passwd', 'admin')
    assert 'password' not in identities.admin(manage.path)
