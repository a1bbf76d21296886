"""A deployment for tests of its clients: real API over TCP, real conductor on SQLite, a simulated cloud."""

import contextlib
import os
import threading
from collections.abc import Iterator
from typing import Any

import requests
import yaml

import conf as options
from conductor import service as conductor
from conductor.board.embedded import EmbeddedBoard
from conductor.reports import Reports
from conf import messaging
from dbaas.api.serving import Server
from dbaas.app import create_app
from dbaas.cloud.simulated.world import World
from dbaas.db import migrate
from dbaas.db.session import Database
from dbaas.services import datastores, keyring
from dbaas.services.operations import Operations
from dbaas.services.secrets import Secrets
from flows import registry
from tests.servers.ports import lasting_port

ADMIN: dict[str, Any] = {
    'token': 'admin-token', 'user_id': 'u-admin', 'user_name': 'admin', 'project_id': 'demo', 'project_name': 'demo',
    'roles': ['admin'],
}  # fmt: skip
MEMBER = {**ADMIN, 'token': 'member-token', 'user_id': 'u-member', 'user_name': 'member', 'roles': ['member']}


class SimulatedDeployment:
    """`world` is the cloud, its guests and faults; `state` the state directory; `url` the endpoint for clients."""

    def __init__(self, folder: str):
        messaging.prepare()
        self.state = folder
        with open(os.open(self._within('identity.yaml'), os.O_WRONLY | os.O_CREAT, 0o600), 'w') as out:
            yaml.safe_dump([ADMIN, MEMBER], out)
        self.conf = options.load()
        self.conf.set_override('state_dir', folder)
        self.conf.set_override('poll_interval', 0.05, group='flows')
        self.conf.set_override('timer_interval', 0.02, group='conductor')
        self.conf.set_override('bind_port', lasting_port(), group='api')
        self.db = Database(f'sqlite:///{self._within("dbaas.sqlite")}', durable=False)
        migrate.upgrade(self.db)
        self.db.run(lambda c: datastores.register(c, 'mariadb', 'mariadb', ['10.11'], '10.11'))
        self.secrets = Secrets(self.db, keyring.load(self._within('keys.yaml')))
        self.board = EmbeddedBoard()
        reports = Reports(self.db, self.board)
        self.world = World(reports.on_report, reports.on_heartbeat)
        self.conductor = conductor.build(
            self.conf,
            db=self.db,
            board=self.board,
            cloud=self.world.cloud,
            guest=self.world.guests,
            secrets=self.secrets,
        )
        self.app = create_app(
            self.conf,
            db=self.db,
            post=self.board.post,
            cloud=self.world.cloud,
            operations=Operations(registry.types(self.conf), self.db.clock),
            secrets=self.secrets,
        )

    def _within(self, name: str) -> str:
        return os.path.join(self.state, name)

    @property
    def url(self) -> str:
        return f'http://127.0.0.1:{self.conf.api.bind_port}/v1.0/demo'

    @contextlib.contextmanager
    def serving(self) -> Iterator[None]:
        """The API answers; the conductor goes on without it."""
        server = Server(self.app, self.conf)
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        try:
            yield
        finally:
            server.close()
            thread.join(30)
            assert not thread.is_alive()

    @contextlib.contextmanager
    def working(self) -> Iterator[None]:
        """Conductor and world run."""
        self.world.start()
        self.conductor.start()
        try:
            yield
        finally:
            self.conductor.stop()
            self.world.stop()
            self.db.close()

    def finish_commands(self) -> None:
        """End every command that a guest runs."""
        for instance_id, command_id in self.world.guests.running():
            self.world.guests.finish(instance_id, command_id)

    # -- requests
    def call(self, method: str, path: str, body: Any = None) -> Any:
        answer = requests.request(
            method, self.url + path, json=body, headers={'X-Auth-Token': ADMIN['token']}, timeout=10
        )
        assert answer.status_code < 400, answer.text
        return answer

    def create(self, name: str = 'db1') -> str:
        """-> the id of the operation that creates it."""
        body = {'instance': {'name': name, 'flavorRef': '1', 'volume': {'size': 1}}}
        return self.call('POST', '/instances', body).headers['X-Dbaas-Operation-Id']

    def wait(self, seconds: float) -> str:
        """-> the id of a demo.wait."""
        body = {'type': 'demo.wait', 'inputs': {'seconds': seconds}}
        return self.call('POST', '/operations', body).json()['operation']['id']

    def operation(self, operation_id: str) -> Any:
        return self.call('GET', f'/operations/{operation_id}').json()['operation']
