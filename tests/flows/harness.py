"""A whole deployment in one thread, for tests of flows: any database, embedded board, real engine, simulated world."""

import logging
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import sqlalchemy as sa

import conf
from conductor.board.embedded import EmbeddedBoard
from conductor.claims import Claims
from conductor.engine import Engine
from conductor.reports import Reports
from conductor.timers import Timers
from conductor.worker import Worker
from dbaas.cloud.simulated.things import Latency
from dbaas.cloud.simulated.verbs import VERBS
from dbaas.cloud.simulated.world import World
from dbaas.context import RequestContext
from dbaas.db import events, operations, quotas
from dbaas.db.logbook import book
from dbaas.db.session import Database
from dbaas.db.tables import METADATA
from dbaas.db.words import TERMINAL
from dbaas.services.keyring import Keyring
from dbaas.services.operations import Operations
from dbaas.services.secrets import Secrets
from flows import registry, verbs
from tests.flows.users import Users
from tests.servers import databases

PROJECT = 'project'
LIMITS = {'instances': 10, 'ram': 8192, 'volumes': 40}
KEYRING = Keyring('test', {'test': bytes(32)})
TABLES = {t.name: sa.select(t).order_by(*t.primary_key) for t in METADATA.sorted_tables}
LIVELOCK = 100  # jobs in a row
FLAVOR = {'id': '1', 'name': 'tiny', 'ram': 512, 'vcpus': 1, 'disk': 1, 'ephemeral': 0}
ASKED = {'image': 'image-1', 'zone': 'one', 'flavor': FLAVOR}
CTX = RequestContext(PROJECT, 'user', 'User')


class Killed(BaseException):
    """The process dies here."""


class LoudWorker(Worker):
    """An error of the engine itself ends the test."""

    def _troubled(self, job: operations.Job) -> None:
        raise


class RecordingBoard(EmbeddedBoard):
    """Remembers every job that was ever posted."""

    def __init__(self, posted: list[operations.Job]):
        super().__init__()
        self._posted = posted

    def post(self, jobs: Iterable[operations.Job]) -> None:
        jobs = list(jobs)
        self._posted += jobs
        super().post(jobs)


class Disk:
    """One database whose connections serve many houses, one after the other: tests spend no time on schemas."""

    def __init__(self, url: str):
        self.url = url
        self.house: House
        self.db = self.connect(lambda point: self.house.hook(point))
        self.other = self.connect()  # another process's

    def connect(self, hook: Callable[[str], None] = lambda point: None) -> Database:
        """Connections of somebody else's: another process, or one that is about to freeze."""
        return Database(self.url, lambda: self.house.now, hook, durable=False)

    def wipe(self) -> None:
        databases.wipe(self.db)

    def close(self) -> None:
        self.db.close()
        self.other.close()


class House:
    """One deployment on an empty disk. `restart` = its process is gone, a new one starts from SQL.

    asked: inputs of a create that this world has something of its own for: image, zone, flavor.
    """

    def __init__(
        self, disk: Disk, *, verbs: Any = VERBS, duration: float | None = 1.0, policy: str | None = None,
        world: Callable[..., World] = World, asked: Mapping[str, Any] = ASKED,
    ):  # fmt: skip
        self.disk, self.db, self.now, self.asked = disk, disk.db, 1000.0, asked
        self.hook: Callable[[str], None] = lambda point: None
        disk.house = self
        disk.wipe()
        self.posted: list[operations.Job] = []
        self.settings = conf.load()
        self.settings.set_override('recheck_after', 0.0, group='conductor')  # time stands still, and yet they freeze
        if policy is not None:
            chosen = {name: policy for name, _ in registry.OPERATIONS}
            self.settings.set_override('failure_policy', chosen, group='flows')
        self.world = world(
            self._on_report, self._on_heartbeat, clock=lambda: self.now, duration=duration, verbs=verbs,
            latency=Latency(active=3.0, boot=2.0, gone=1.0),
        )  # fmt: skip
        self.users = Users()
        self.db.run(lambda c: quotas.ensure(c, PROJECT, LIMITS))
        self.secrets = Secrets(self.db, KEYRING)
        self.operations = Operations(registry.types(self.settings), lambda: self.now)
        self.restart()

    def restart(self) -> None:
        """Everything in memory is gone but the world, which is not ours."""
        self.hook = lambda point: None
        self.board = RecordingBoard(self.posted)
        self.claims = Claims()
        self.worker = self.new_worker(self.db, self.claims)
        self.reports = Reports(self.db, self.board)
        self.timers = Timers(self.db, self.board, self.claims, self.settings)
        with self.db.read() as c:
            self.post(operations.lost_jobs(c, None))

    def new_worker(self, db: Database, claims: Claims, name: str = 'conductor') -> Worker:
        dependencies = {'cloud': self.world.cloud, 'guest': self.world.guests, 'accounts': self.users}
        engine = Engine(db, self.settings, Secrets(db, KEYRING), dependencies, claims, name)
        return LoudWorker(db, self.board, engine, 1)

    # -- what the world says
    def _on_report(self, instance_id: str, outcome: Any) -> None:
        self.reports.on_report(instance_id, outcome)

    def _on_heartbeat(self, instance_id: str, beat: dict[str, Any]) -> None:
        self.reports.on_heartbeat(instance_id, beat)

    # -- life
    def post(self, jobs: Iterable[operations.Job]) -> None:
        self.board.post(jobs)

    def work(self) -> None:
        """Run everything that is on the board, and what that puts there."""
        for _ in range(LIVELOCK):
            if not self.worker.work():
                return
        raise AssertionError('livelock: the board is never empty')

    def go_on(self, operation_id: str, limit: int = 200) -> str:
        """Work, and let time pass, until the operation ends or stops. -> its state."""
        for _ in range(limit):
            self.work()
            self.world.settle()
            if self.board.names():
                continue
            if self.state(operation_id) != 'WAITING':
                return self.state(operation_id)
            self.now += 1.0
            self.timers.wake_due()
        raise AssertionError(f'{operation_id} is {self.state(operation_id)} for ever')

    def order(self, operation_id: str, verb: str, **options: Any) -> None:
        jobs = self.db.run(lambda c: verbs.order(c, operation_id, verb, self.now, actor='operator', **options))
        self.post(jobs)

    def request(self, operation_id: str, verb: str) -> None:
        """The verb, ordered by another process while a step runs: unseen by hooks."""
        self.disk.other.run(lambda c: verbs.order(c, operation_id, verb, self.now, actor='operator'))

    def delete(self, instance_id: str, database: Database | None = None) -> str:
        inputs = {'instance_id': instance_id, 'datastore': 'mariadb', 'bus_account': True}

        def work(c: sa.Connection) -> tuple[str, list[operations.Job]]:
            found, _ = self.operations.delete(c, CTX, resource_id=instance_id, project_id=PROJECT, inputs=inputs)
            return found, operations.jobs(c, found)

        operation_id, jobs = (database or self.db).run(work)
        self.post(jobs)
        return operation_id

    def begin(self, accept: Callable[[sa.Connection], str]) -> str:
        """What accept(c) has accepted, posted."""

        def work(c: sa.Connection) -> tuple[str, list[operations.Job]]:
            found = accept(c)
            return found, operations.jobs(c, found)

        operation_id, jobs = self.db.run(work)
        self.post(jobs)
        return operation_id

    def accept(self, type_: str, *, resource_id: str | None = None, **options: Any) -> str:
        """The request's transaction, then the post."""
        return self.begin(lambda c: self.operations.accept(c, CTX, type_, resource_id=resource_id, **options))

    # -- looking
    def operation(self, operation_id: str) -> Any:
        with self.db.read() as c:
            return operations.get(c, operation_id)

    def state(self, operation_id: str) -> str:
        return self.operation(operation_id).state

    def atoms(self, operation_id: str) -> dict[str, Any]:
        with self.db.read() as c:
            return book.atoms_of(c, operation_id)

    def states(self, operation_id: str) -> dict[str, str]:
        return {name: atom.state for name, atom in self.atoms(operation_id).items()}

    def events(self, operation_id: str) -> list[Any]:
        with self.db.read() as c:
            return events.of(c, operation_id)

    def kinds(self, operation_id: str, kind: str) -> list[str]:
        """Steps that have events of this kind, in order."""
        return [e.step for e in self.events(operation_id) if e.kind == kind]

    def rows(self, *names: str) -> dict[str, list[dict[str, Any]]]:
        """Whole tables, by primary key; all of them without names."""
        with self.db.read() as c:
            wanted = names or TABLES
            return {name: [dict(r._mapping) for r in c.execute(TABLES[name])] for name in wanted}

    def slate(self) -> dict[str, Any]:
        """What a cleanly undone operation leaves as it was: cloud, guests, quota, locks, secrets, other rows."""
        found: dict[str, Any] = self.rows()
        for name in ('operation', 'operation_event', 'operation_request'):  # the operation's own story stays
            del found[name]
        for name in ('logbooks', 'flowdetails', 'atomdetails'):
            del found[name]
        for row in found['instances']:
            del row['updated']
        return found | {'world': self.world.snapshot(), 'users': dict(self.users.made)}

    def ended(self, operation_id: str) -> bool:
        return self.state(operation_id) in TERMINAL


def quiet() -> None:
    """Holding a flow makes TaskFlow log what it takes for a disaster."""
    logging.getLogger('taskflow').setLevel(logging.CRITICAL)
