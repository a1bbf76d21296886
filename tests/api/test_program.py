"""`dbaas-api` as a process: ready once the schema is there, ended by a signal, one line when it cannot start."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
import requests

from dbaas.db import migrate
from dbaas.db.session import Database
from tests.notified import Notified
from tests.scrape import Scrape
from tests.servers.ports import lasting_port
from tests.waiting import until

pytestmark = pytest.mark.slow
PROGRAM = [sys.executable, '-c', 'import sys; from dbaas.app import main; sys.exit(main())']


@pytest.fixture
def started(tmp_path: Any) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The process on a state directory without a schema, and the URL that it logs."""
    (tmp_path / 'options.conf').write_text('[api]\nbind_port = 0\n')
    with open(tmp_path / 'log', 'w') as log:
        command = [*PROGRAM, '--config-file', str(tmp_path / 'options.conf'), '--state', str(tmp_path)]
        process = subprocess.Popen(command, stdout=log, stderr=log, text=True)
    try:
        line = until(lambda: _listening(tmp_path), 60, 'the API to listen')
        yield process, line
    finally:
        process.kill()
        process.wait()


def _scraped(port: int) -> Scrape:
    return Scrape(requests.get(f'http://127.0.0.1:{port}/metrics', timeout=30).text)


def _listening(folder: Any) -> str:
    text = (folder / 'log').read_text()
    return text.partition('listening on ')[2].partition('\n')[0]


def test_it_is_ready_once_migrated_and_ends_at_a_signal(
    started: tuple[subprocess.Popen[str], str], tmp_path: Any
) -> None:
    process, url = started
    assert requests.get(f'{url}/healthcheck', timeout=10).status_code == 503
    migrate.upgrade(Database(f'sqlite:///{tmp_path}/dbaas.sqlite'))
    assert requests.get(f'{url}/healthcheck', timeout=10).status_code == 200
    assert requests.get(f'{url}/', timeout=10).json()['versions'][0]['id'] == 'v1.0'
    process.send_signal(signal.SIGTERM)
    assert process.wait(20) == 0


def test_it_shows_metrics(tmp_path: Any) -> None:
    """Also before there is a schema."""
    port = lasting_port()
    (tmp_path / 'options.conf').write_text(f'[api]\nbind_port = 0\n[metrics]\nport = {port}\n')
    command = [*PROGRAM, '--config-file', str(tmp_path / 'options.conf'), '--state', str(tmp_path)]
    with open(tmp_path / 'log', 'w') as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        url = until(lambda: _listening(tmp_path), 60, 'the API to listen')
        until(lambda: 'metrics on' in (tmp_path / 'log').read_text(), 60, 'metrics')
        assert _scraped(port)('dbaas_database_up') == 0
        migrate.upgrade(Database(f'sqlite:///{tmp_path}/dbaas.sqlite'))
        assert requests.get(f'{url}/healthcheck', timeout=10).status_code == 200
        found = _scraped(port)
        assert found('dbaas_database_up') == 1
        assert found('dbaas_api_requests_total', method='GET', route='/healthcheck', status='200') == 1
    finally:
        process.kill()
        process.wait()


def test_systemd_hears_of_readiness_reading_again_and_stopping(tmp_path: Any) -> None:
    (tmp_path / 'options.conf').write_text('[api]\nbind_port = 0\n')
    command = [*PROGRAM, '--config-file', str(tmp_path / 'options.conf'), '--state', str(tmp_path)]
    with closing(Notified()) as notified, open(tmp_path / 'log', 'w') as log:
        watched = {'WATCHDOG_USEC': '20000', **notified.variables}
        process = subprocess.Popen(command, env={**os.environ, **watched}, stdout=log, stderr=log)
        try:
            notified.hears('READY=1')
            notified.hears('WATCHDOG=1')
            process.send_signal(signal.SIGHUP)
            notified.hears('RELOADING=1')
            notified.hears('READY=1')
            process.send_signal(signal.SIGTERM)
            notified.hears('STOPPING=1')
            assert process.wait(20) == 0
        finally:
            process.kill()
            process.wait()


def test_it_says_in_one_line_why_it_cannot_start(tmp_path: Any) -> None:
    with open(tmp_path / 'options.conf', 'w') as out:
        out.write('[api]\nbind_port = many\n')
    command = [*PROGRAM, '--config-file', os.path.join(tmp_path, 'options.conf'), '--state', str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith('dbaas-api: ') and 'bind_port' in done.stderr.splitlines()[-1]
