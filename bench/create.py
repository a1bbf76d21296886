"""Create to ACTIVE through the REST API on the local cloud, beside the floor, alternating, in one run."""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from typing import Any

from bench.floor import Floor, work
from bench.results import Result

ROUNDS = 7
PASSWORD = 'bench-password'


class Deployment:
    """`dbaas up` on a state directory of its own."""

    def __init__(self, state: str, port: int):
        self._program = os.path.join(os.path.dirname(sys.executable), 'dbaas')
        self._state = state
        subprocess.run(
            (self._program, 'up', '--state', state, '--port', str(port), '--detach'),
            check=True,
            stdout=subprocess.DEVNULL,
        )
        with open(os.path.join(state, 'openrc')) as text:
            exported = [line.removeprefix('export ') for line in text.read().split('\n') if line.startswith('export ')]
        environment = dict(line.split('=', 1) for line in exported)
        self._endpoint, self._token = environment['OS_ENDPOINT'], environment['OS_TOKEN']

    def call(self, method: str, path: str, body: Any = None) -> Any:
        request = urllib.request.Request(
            self._endpoint + path,
            json.dumps(body).encode() if body is not None else None,
            {'X-Auth-Token': self._token, 'Content-Type': 'application/json'},
            method=method,
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            text = answer.read()
        return json.loads(text) if text else None

    def create(self) -> tuple[float, float]:
        """-> seconds from the request to ACTIVE, and to a row that its user has written and read."""
        flavor = self.call('GET', '/flavors')['flavors'][0]['str_id']
        user = {'name': 'app', 'password': PASSWORD, 'databases': [{'name': 'app'}]}
        body = {
            'name': 'bench', 'flavorRef': flavor, 'volume': {'size': 1}, 'datastore': {'type': 'mariadb'},
            'databases': [{'name': 'app'}], 'users': [user],
        }  # fmt: skip
        began = time.perf_counter()
        made = self.call('POST', '/instances', {'instance': body})['instance']['id']
        while (seen := self.call('GET', f'/instances/{made}')['instance'])['status'] != 'ACTIVE':
            if seen['status'] == 'ERROR':
                raise RuntimeError(seen.get('fault'))
            time.sleep(0.005)
        active = time.perf_counter() - began
        work(seen['addresses'][0]['address'], 3306, 'app', PASSWORD, 'app')
        worked = time.perf_counter() - began
        self.call('DELETE', f'/instances/{made}')
        while self.call('GET', '/instances')['instances']:
            time.sleep(0.02)
        return active, worked

    def end(self) -> None:
        subprocess.run((self._program, 'down', '--state', self._state), check=True, stdout=subprocess.DEVNULL)


def bench() -> list[Result]:
    with tempfile.TemporaryDirectory(dir=os.environ.get('DBAAS_BENCH_DIR')) as folder:
        os.chmod(folder, 0o755)
        floor = Floor(os.path.join(folder))
        deployment = Deployment(os.path.join(folder, 'state'), int(os.environ.get('DBAAS_BENCH_PORT', '8797')))
        try:
            deployment.create()  # makes the template of the datastore version
            floor.seconds()
            rounds = [(floor.seconds(), *deployment.create()) for _ in range(ROUNDS)]
        finally:
            deployment.end()
    lowest, active, worked = (statistics.median(column) * 1000 for column in zip(*rounds, strict=True))
    against = 'floor (template copy, mariadbd with init-file, no control plane)'
    return [
        Result('create to ACTIVE', active, 'ms', against, lowest),
        Result('create to first row of its user', worked, 'ms', against, lowest),
    ]
