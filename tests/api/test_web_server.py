"""The API under gunicorn behind nginx, as docs/deployment.md has them, with TLS."""

import os
import pathlib
import re
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import requests
import yaml

from tests.api.house import ADMIN, MEMBER, House
from tests.servers.authority import Authority
from tests.servers.ports import lasting_port
from tests.waiting import until

pytestmark = pytest.mark.slow
PAGE = (pathlib.Path(__file__).resolve().parents[2] / 'docs/deployment.md').read_text()
NGINX = re.search(r'^```nginx\n(.*?)^```', PAGE, re.M | re.S)
GUNICORN = re.search(r'^DBAAS_CONFIG="\$CONF" (gunicorn .*)$', PAGE, re.M)
# bodies stay in memory: as root, its workers are nobody, who cannot write below our folder
AROUND = """\
daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/nginx.log;
events {{}}
http {{
    access_log off;
    client_body_buffer_size 4m;
    client_body_temp_path {folder}/bodies;
    proxy_temp_path {folder}/proxied;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
{server}
}}
"""


def _configure(template: str, folder: pathlib.Path) -> pathlib.Path:
    """A state directory with database and identities, and its configuration file."""
    shutil.copyfile(template, folder / 'dbaas.sqlite')
    (folder / 'identity.yaml').write_text(yaml.safe_dump([ADMIN, MEMBER]))
    (folder / 'dbaas.conf').write_text(
        f'[DEFAULT]\nstate_dir = {folder}\n[cloud]\ndriver = simulated\n[api]\nproxies = 1\n'
    )
    return folder / 'dbaas.conf'


def _gunicorn(conf: pathlib.Path, port: int, log: Any) -> 'subprocess.Popen[bytes]':
    assert GUNICORN
    _, *arguments = shlex.split(GUNICORN[1].replace(':8779', f':{port}'))
    environ = {**os.environ, 'DBAAS_CONFIG': str(conf), 'XDG_RUNTIME_DIR': str(conf.parent)}  # its control socket
    return subprocess.Popen([sys.executable, '-P', '-m', 'gunicorn', *arguments], env=environ, stdout=log, stderr=log)


def _nginx(folder: pathlib.Path, port: int, backend: int, log: Any) -> 'subprocess.Popen[bytes]':
    assert NGINX
    server = (
        NGINX[1].replace('127.0.0.1:8779', f'127.0.0.1:{backend}').replace('listen 443', f'listen 127.0.0.1:{port}')
    )
    server = server.replace('/etc/dbaas/tls', str(folder))
    (folder / 'nginx.conf').write_text(AROUND.format(folder=folder, server=server))
    program = shutil.which('nginx', path=f'{os.environ["PATH"]}:/usr/sbin')
    assert program, 'nginx is missing: tools/install --test'
    command = [program, '-p', str(folder), '-c', str(folder / 'nginx.conf'), '-e', str(folder / 'nginx.log')]
    return subprocess.Popen(command, stdout=log, stderr=log)


@pytest.fixture(scope='module')
def served(template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, requests.Session]]:
    """The URL of the web server, and who trusts its certificate."""
    folder = tmp_path_factory.mktemp('web')
    authority = Authority(folder, 'authority')
    authority.issue('api')
    front, backend = lasting_port(), lasting_port()
    session = requests.Session()
    session.trust_env, session.verify = False, str(authority.file)
    url = f'https://127.0.0.1:{front}'
    with open(folder / 'log', 'w') as log:
        programs = [_gunicorn(_configure(template, folder), backend, log), _nginx(folder, front, backend, log)]
    try:
        until(lambda: _ready(session, url), 60, 'the API behind nginx')
        yield url, session
    finally:
        for program in programs:
            program.send_signal(signal.SIGTERM)
        for program in programs:
            program.wait(20)


def _ready(session: requests.Session, url: str) -> bool:
    try:
        return session.get(f'{url}/healthcheck', timeout=10).status_code == 200
    except requests.RequestException:
        return False


def _call(served: tuple[str, requests.Session], method: str, path: str, **options: Any) -> requests.Response:
    url, session = served
    headers = {'X-Auth-Token': MEMBER['token'], **options.pop('headers', {})}
    return session.request(method, f'{url}{path}', headers=headers, timeout=30, **options)


def test_an_instance_is_made_and_links_are_the_web_servers(served: tuple[str, requests.Session]) -> None:
    made = _call(served, 'POST', '/v1.0/demo/instances', json=House.request())
    assert made.status_code == 200 and made.headers['X-Dbaas-Operation-Id'], made.text
    links = made.json()['instance']['links']
    assert links[0]['href'].startswith(f'{served[0]}/v1.0/demo/instances/')
    assert _call(served, 'GET', '/').json()['versions'][0]['links'][0]['href'] == f'{served[0]}/v1.0/'


def test_a_client_cannot_say_where_the_api_is(served: tuple[str, requests.Session]) -> None:
    lies = {f'X-Forwarded-{name}': 'evil.example' for name in ('Host', 'Port', 'Prefix', 'Proto')}
    assert _call(served, 'GET', '/', headers=lies).json()['versions'][0]['links'][0]['href'] == f'{served[0]}/v1.0/'


def test_refusals_are_troves(served: tuple[str, requests.Session]) -> None:
    assert _call(served, 'GET', '/v1.0/demo/instances', headers={'X-Auth-Token': 'no'}).json()['unauthorized']
    large = _call(served, 'POST', '/v1.0/demo/instances', data='x' * (1 << 20))
    assert large.status_code == 413 and large.json()['overLimit']


def test_a_plan_and_many_requests_at_once(served: tuple[str, requests.Session]) -> None:
    wish = {'method': 'POST', 'path': '/instances', 'body': House.request('planned')}
    assert _call(served, 'POST', '/v1.0/demo/operations/plan', json=wish).json()['plan']['steps']


def test_without_a_configuration_one_line_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    from dbaas import wsgi
    from dbaas.exceptions import Unavailable

    monkeypatch.delenv('DBAAS_CONFIG', raising=False)
    with pytest.raises(Unavailable, match='DBAAS_CONFIG'):
        wsgi.application()
