"""Our side of a benchmark: its database and settings, operations accepted as the API does, requests over HTTP."""

import http.client
import json
import os
from typing import Any

import conf
from bench import loads
from dbaas import deployment
from dbaas.cli.embedded import identities, schema
from dbaas.context import RequestContext
from dbaas.db import operations
from dbaas.services.operations import Operations

CONTEXT = RequestContext('bench', 'bench', 'bench')
WORKERS = 8


class Ours:
    """folder: its state directory; database: URL, None: SQLite; hosts: of ZooKeeper, None: the embedded board."""

    def __init__(self, folder: str, port: int, database: str | None = None, hosts: str | None = None):
        os.makedirs(folder)
        self.port, self.config = port, os.path.join(folder, 'bench.conf')
        with open(self.config, 'w') as out:
            out.write(_settings(folder, port, database, hosts))
        self._settings = conf.load(config_files=[self.config])
        url = database or f'sqlite:///{folder}/dbaas.sqlite'
        self.db = deployment.database(self._settings, url)
        schema.prepare(self.db)
        self.board = deployment.board(self._settings)
        self.board.start()
        self._identities = os.path.join(folder, 'identity.yaml')
        identities.first_start(self._identities)
        self._operations = Operations({t.name: t for t in (loads.TEN, loads.PARKS)}, self.db.clock)

    def accept(self, type_: str = loads.TEN.name, resource_id: str | None = None) -> str:
        """The request's transaction, without its post."""
        return self.db.run(
            lambda c: self._operations.accept(c, CONTEXT, type_, inputs={'seconds': 0.0}, resource_id=resource_id)
        )

    def post(self, *operation_ids: str) -> None:
        with self.db.read() as c:
            self.board.post(operations.jobs(c, *operation_ids))

    def client(self) -> 'Client':
        return Client(self.port, identities.admin(self._identities))

    def close(self) -> None:
        self.board.close()
        self.db.close()


class Client:
    """One connection to the API, kept open."""

    def __init__(self, port: int, person: dict[str, Any]):
        self._connection = http.client.HTTPConnection('127.0.0.1', port, timeout=30)
        self._path = f'/v1.0/{person["project_id"]}/operations'
        self._headers = {'X-Auth-Token': person['token'], 'Content-Type': 'application/json'}
        self._body = json.dumps({'type': loads.TEN.name, 'inputs': {'seconds': 1.0}})

    def start(self) -> str:
        """-> the operation's id. Raises RuntimeError with the answer that is no 202."""
        self._connection.request('POST', self._path, self._body, self._headers)
        answer = self._connection.getresponse()
        text = answer.read()
        if answer.status != 202:
            raise RuntimeError(f'{answer.status}: {text.decode()}')
        return json.loads(text)['operation']['id']


def _settings(folder: str, port: int, database: str | None, hosts: str | None) -> str:
    lines = [
        '[DEFAULT]', f'state_dir = {folder}',
        '[api]', f'bind_port = {port}',
        '[cloud]', 'driver = simulated',
        '[conductor]', f'workers = {WORKERS}',
        '[flows]', 'poll_interval = 86400',
    ]  # fmt: skip
    if database is not None:
        lines += ['[database]', f'connection = {database}']
    if hosts is not None:
        lines += ['[board]', 'driver = zookeeper', f'hosts = {hosts}']
    return '\n'.join(lines) + '\n'
