"""dbaas-manage on every kind of database: schema up and down, records, checks; and while the server is away."""

import json
import os
import pathlib
from collections.abc import Callable

import pytest
import sqlalchemy as sa
from click.testing import CliRunner, Result

from dbaas.cli.manage.main import NAME, cli
from tests.servers.databases import KINDS, Databases

Manage = Callable[..., Result]


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def manage(kind: str, databases: Databases, tmp_path: pathlib.Path) -> Manage:
    """manage(*args, code=0, output='table'): the program, the database named in a file; code None: any."""
    url, file = databases.empty(kind), tmp_path / 'dbaas.conf'
    with open(os.open(file, os.O_WRONLY | os.O_CREAT, 0o600), 'w') as out:
        out.write(f'[DEFAULT]\nstate_dir = {tmp_path}/var\n[database]\nconnection = {url}\n')

    def run(*args: str, code: int | None = 0, output: str = 'table') -> Result:
        found = CliRunner().invoke(cli, ['--config-file', str(file), '-o', output, *args], prog_name=NAME)
        assert code in (None, found.exit_code), found.output
        password = sa.make_url(url).password
        assert password is None or str(password) not in found.output
        return found

    return run


def database_check(manage: Manage) -> tuple[str, str]:
    """Result and text of the check of the database; others may find what they like."""
    findings = json.loads(manage('check', code=None, output='json').stdout)
    return next((found['result'], str(found)) for found in findings if found['name'] == 'database')


def test_up_and_down_and_what_lies_between(manage: Manage) -> None:
    assert 'empty -> ' in manage('db', 'upgrade').stdout
    manage('db', 'version')
    manage('datastore', 'register', 'mariadb', '--default', '10.11')
    assert 'mariadb' in manage('datastore', 'list').stdout
    assert 'unknown' in manage('db', 'downgrade', '9999', '--yes', code=1).stderr
    assert ' -> empty' in manage('db', 'downgrade', 'base', '--yes').stdout
    manage('db', 'version', code=1)
    manage('db', 'upgrade')


def test_check_names_the_schema_and_the_outage(manage: Manage, kind: str, databases: Databases) -> None:
    manage('db', 'upgrade')
    result, text = database_check(manage)
    assert result == 'ok' and 'schema' in text
    if kind == 'sqlite':
        return
    server = databases.server(kind)
    server.stop()
    try:
        assert 'does not answer' in manage('db', 'version', code=1).stderr
        result, text = database_check(manage)
        assert result == 'FAILED' and '[database] connection' in text
    finally:
        server.start()
