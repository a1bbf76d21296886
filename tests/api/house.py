"""What the API's tests work with: callers, requests, the database's whole content, a server on a free port."""

import contextlib
import dataclasses
import os
import shutil
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import sqlalchemy as sa
import yaml

import conf as options
from conductor import service
from conductor.board.embedded import EmbeddedBoard
from conductor.reports import Reports
from dbaas.api.parts import EXTENSION
from dbaas.api.serving import Server
from dbaas.app import create_app
from dbaas.cloud.simulated.world import World
from dbaas.db import heartbeats, instances, operations
from dbaas.db.session import Database
from dbaas.db.tables import METADATA
from dbaas.services.keyring import Keyring
from dbaas.services.operations import Operations
from dbaas.services.secrets import Secrets
from flows import registry

ADMIN = {
    'token': 'admin-token', 'user_id': 'u-admin', 'user_name': 'admin', 'project_id': 'demo', 'project_name': 'demo',
    'roles': ['admin'],
}  # fmt: skip
MEMBER = {**ADMIN, 'token': 'member-token', 'user_id': 'u-member', 'user_name': 'member', 'roles': ['member']}
STRANGER = {
    'token': 'stranger-token', 'user_id': 'u-stranger', 'user_name': 'stranger', 'project_id': 'other',
    'project_name': 'other', 'roles': ['member'],
}  # fmt: skip
KEYRING = Keyring('test', {'test': bytes(32)})
FAULTS = {
    400: 'badRequest', 401: 'unauthorized', 403: 'forbidden', 404: 'itemNotFound', 406: 'notAcceptable',
    409: 'conflict', 413: 'overLimit', 415: 'badMediaType', 422: 'unprocessableEntity', 501: 'notImplemented',
    503: 'serviceUnavailable',
}  # fmt: skip


class House:
    """One API on its own database; `posted` are the jobs, `statements` the SQL since it was emptied."""

    def __init__(
        self,
        template: str,
        folder: str,
        clock: Callable[[], float] | None = None,
        url: str | None = None,
        config_files: Sequence[str] = (),
        cloud: Any = None,
        **overrides: Any,
    ):
        """url: of a database as the template is; default: a copy of that. cloud: instead of the simulated one."""
        if url is None:
            url = f'sqlite:///{shutil.copyfile(template, os.path.join(folder, "dbaas.sqlite"))}'
        self.identities = os.path.join(folder, 'identity.yaml')
        self.write_identities([ADMIN, MEMBER, STRANGER])
        self.now = 1_700_000_000.0
        self.db = Database(url, clock=clock or self._tick, durable=False)
        self.conf = options.load(config_files=config_files)
        self.conf.set_override('state_dir', folder)
        for name, value in overrides.items():
            group, _, option = name.partition('_')
            self.conf.set_override(option, value, group=group)
        self.world = World(clock=clock or self._tick)
        self.posted: list[Any] = []
        self.ready = True
        self.reports_since: float | None = None
        self.secrets = Secrets(self.db, KEYRING)
        self.app = create_app(
            self.conf,
            db=self.db,
            post=self.posted.extend,
            cloud=cloud or self.world.cloud,
            operations=Operations(registry.types(self.conf), self.db.clock),
            secrets=self.secrets,
            ready=lambda: self.ready,
            reports_since=lambda: self.reports_since,
        )
        self.statements: list[str] = []
        sa.event.listen(self.db.engine, 'before_cursor_execute', self._count)

    def _tick(self) -> float:
        self.now += 0.001  # rows made one after the other have different times
        return self.now

    def _count(self, _c: Any, _cursor: Any, statement: str, *_: Any) -> None:
        self.statements.append(statement)

    def post_to(self, post: Callable[[Any], Any]) -> None:
        """From now on jobs go there."""
        self.app.extensions[EXTENSION] = dataclasses.replace(self.app.extensions[EXTENSION], post=post)

    def write_identities(self, identities: list[dict[str, Any]]) -> None:
        with open(self.identities, 'w') as out:
            yaml.safe_dump(identities, out)

    # -- requests
    def call(
        self, method: str, path: str, body: Any = None, who: dict[str, Any] | None = MEMBER, **options: Any
    ) -> Any:
        """path: after the project; a leading 'http://', '/v1.0' or '/identity' is taken as it is."""
        if not path.startswith(('/v1.0', '/identity', 'http://')):
            path = f'/v1.0/{(who or MEMBER)["project_id"]}{path}'
        headers = {**({'X-Auth-Token': who['token']} if who else {}), **options.pop('headers', {})}
        if body is not None:
            options['json'] = body
        return self.app.test_client().open(path, method=method, headers=headers, **options)

    def get(self, path: str, who: dict[str, Any] = MEMBER, **options: Any) -> Any:
        """The body of a 200."""
        answer = self.call('GET', path, who=who, **options)
        assert answer.status_code == 200, answer.text
        return answer.json

    def create(self, name: str = 'db1', who: dict[str, Any] = MEMBER, **attributes: Any) -> dict[str, Any]:
        """A new instance in BUILD."""
        answer = self.call('POST', '/instances', self.request(name, **attributes), who)
        assert answer.status_code == 200, answer.text
        return answer.json['instance']

    @staticmethod
    def request(name: str = 'db1', **attributes: Any) -> dict[str, Any]:
        return {'instance': {'name': name, 'flavorRef': '1', 'volume': {'size': 1}, **attributes}}

    # -- the database
    def content(self) -> dict[str, list[Any]]:
        """Every row of every table."""
        with self.db.engine.connect() as c:
            return {t.name: sorted(map(repr, c.execute(sa.select(t)))) for t in METADATA.sorted_tables}

    def execute(self, statement: Any) -> Any:
        return self.db.run(lambda c: c.execute(statement))

    def activate(self, instance_id: str, **columns: Any) -> None:
        """As if its create had succeeded and its guest had reported."""

        def work(c: Any) -> None:
            for op in operations.active(c, instance_id):
                operations.set_state(c, op, 'SUCCEEDED', self.now)
            instances.update(
                c, instance_id, addresses=[{'address': '127.64.0.9', 'type': 'private', 'network': 'local'}], **columns
            )
            details = {'volume': {'total': 2**30, 'used': 2**28}}
            heartbeats.record(c, instance_id, self.now, 'HEALTHY', details)

        self.db.run(work)

    # -- a conductor
    def work(self) -> None:
        """Run all that was posted until nothing moves any more; time passes by itself."""
        board = EmbeddedBoard()
        board.post(self.posted)
        reports = Reports(self.db, board)
        self.world.receive(reports.on_report, reports.on_heartbeat)
        conductor = service.build(
            self.conf, db=self.db, board=board, cloud=self.world.cloud, guest=self.world.guests, secrets=self.secrets
        )
        for _ in range(20):
            while conductor.worker.work():
                pass
            self.world.settle()
            self.now += 1
            conductor.timers.wake_due()

    # -- over TCP
    @contextlib.contextmanager
    def served(self) -> Iterator[str]:
        """Its URL while a real server serves it."""
        self.conf.set_override('bind_port', 0, group='api')
        server = Server(self.app, self.conf)
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        try:
            yield f'http://127.0.0.1:{server.port}'
        finally:
            server.close()
            thread.join(30)
            assert not thread.is_alive()


def fault(answer: Any, code: int) -> str:
    """The message of an answer that must be this fault, in Trove's form."""
    assert answer.status_code == code, f'{answer.status_code}: {answer.text}'
    assert answer.headers['x-openstack-request-id'].startswith('req-')
    assert list(answer.json) == [FAULTS[code]]
    assert answer.json[FAULTS[code]]['code'] == code
    return answer.json[FAULTS[code]]['message']
