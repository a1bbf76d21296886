"""Two conductors and an API, each with its own connections, board and claims, on one database: as three processes."""

import contextlib
import threading
from collections.abc import Iterator
from typing import Any
from unittest import mock

from taskflow.patterns import linear_flow

import conf as options
from conductor import service
from conductor.board.embedded import EmbeddedBoard
from dbaas.db import operations
from dbaas.db.session import Database
from flows import registry
from flows.base import Park, Step, Wait
from tests.api.house import ADMIN, House
from tests.waiting import until

FAR = 3600.0  # seconds


class OwnBoard(EmbeddedBoard):
    """One of several on a database; what others have claimed is theirs, and seen in SQL."""

    shared = True

    def __init__(self, db: Database):
        super().__init__()
        self._db = db

    def names(self) -> set[str]:
        with self._db.read() as c:
            runnable = {job.name: job.operation_id for job in operations.lost_jobs(c, None)}
            claimed = {name for name, id_ in runnable.items() if operations.get(c, id_).conductor is not None}
        return super().names() | claimed


class Gate:
    """Where a step stands still until the test opens it."""

    def __init__(self) -> None:
        self.entered, self.open = threading.Event(), threading.Event()
        self.broken = False

    def go_through(self) -> None:
        self.entered.set()
        assert self.open.wait(30)
        if self.broken:
            raise OSError('no space left')


class Gates:
    def __init__(self) -> None:
        self.first, self.last, self.alarm = Gate(), Gate(), threading.Event()


GATES = Gates()


class First(Step):
    effect = 'stand at the first gate'

    def execute(self, run: Any) -> None:
        GATES.first.go_through()

    def revert(self, run: Any, **_: Any) -> None:
        """Nothing was made."""


class WaitForAlarm(Wait):
    effect = 'wait for the alarm'

    def execute(self, run: Any) -> None:
        if not GATES.alarm.is_set():
            raise Park([f'alarm:{run.operation_id}'], run.clock() + FAR)


class Last(First):
    effect = 'stand at the last gate'

    def execute(self, run: Any) -> None:
        GATES.last.go_through()


def build(**_: Any) -> linear_flow.Flow:
    return linear_flow.Flow('demo.wait').add(First(), WaitForAlarm(), Last())


class Deployment:
    """An API (`house`) and conductors by name, started and stopped one by one."""

    def __init__(self, house: House, gates: Gates):
        self.house, self.gates = house, gates
        self._running: dict[str, tuple[Any, Database]] = {}

    def start(self, name: str) -> None:
        conf = options.load()
        for option, value in (
            ('name', name), ('reconcile_interval', 0.1), ('timer_interval', 0.05), ('show_start_after', FAR),
        ):  # fmt: skip
            conf.set_override(option, value, group='conductor')
        db = Database(self.house.db.url, clock=self.house.db.clock, durable=False)
        made = service.build(
            conf,
            db=db,
            board=OwnBoard(db),
            cloud=self.house.world.cloud,
            guest=self.house.world.guests,
            secrets=self.house.secrets,
        )
        made.start()
        self._running[name] = (made, db)

    def stop(self, name: str) -> None:
        made, db = self._running.pop(name)
        made.stop()
        db.close()

    def stop_all(self) -> None:
        for gate in (self.gates.first, self.gates.last):
            gate.open.set()
        for name in list(self._running):
            self.stop(name)

    # -- through the API
    def wait(self) -> str:
        """A new operation that stands at the first gate as soon as somebody runs it."""
        answer = self.house.call('POST', '/operations', {'type': 'demo.wait', 'inputs': {'seconds': 1}}, ADMIN)
        return answer.json['operation']['id']

    def show(self, operation_id: str) -> dict[str, Any]:
        return self.house.get(f'/operations/{operation_id}', ADMIN)['operation']

    def order(self, operation_id: str, verb: str, **body: Any) -> dict[str, Any]:
        path, body = f'/operations/{operation_id}/{verb}', {'reason': f'{verb} it', **body}
        answer = self.house.call('POST', path, body, ADMIN)
        assert answer.status_code == 202, answer.text
        return answer.json['operation']

    def reaches(self, operation_id: str, state: str) -> dict[str, Any]:
        until(lambda: self.show(operation_id)['state'] == state, 60, f'{operation_id} to be {state}')
        return self.show(operation_id)

    def audit(self, operation_id: str) -> list[tuple[Any, ...]]:
        """What people did: (event, actor, reason, before, after)."""
        events = self.house.get(f'/operations/{operation_id}/events', ADMIN)['events']
        fields = ('kind', 'actor', 'reason', 'before', 'after')
        verbs = {'pause', 'resume', 'retry-now', 'skip', 'abort'}
        ours = [e for e in events if e['kind'] in verbs or e['kind'].endswith(('-requested', '-refused'))]
        return [tuple(e[field] for field in fields) for e in ours]

    def ran(self, operation_id: str) -> dict[str, str]:
        """step -> the conductor that finished it."""
        events = self.house.get(f'/operations/{operation_id}/events', ADMIN)['events']
        return {e['step']: e['conductor'] for e in events if e['kind'] == 'done'}


@contextlib.contextmanager
def deployed(house: House) -> Iterator[Deployment]:
    global GATES
    GATES = Gates()
    with mock.patch.dict(registry.OPERATIONS, {('demo.wait', 1): build}):
        made = Deployment(house, GATES)
        try:
            yield made
        finally:
            made.stop_all()
