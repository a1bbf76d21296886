"""Cost of a step: stock TaskFlow (serial engine, SQL persistence) and ours (claim, board, fence, events), alternating.

Both run the same ten steps that do nothing, on SQLite files in the same folder, in this process.
"""

import contextlib
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from typing import Any

from taskflow import engines, task
from taskflow.patterns import linear_flow
from taskflow.persistence import backends
from taskflow.utils import persistence_utils

import conf
from bench.results import Result
from conductor.board.embedded import EmbeddedBoard
from conductor.service import build as build_conductor
from dbaas.cloud.protocol import Cloud
from dbaas.context import RequestContext
from dbaas.db import migrate, operations
from dbaas.db.session import Database
from dbaas.services import keyring, secrets
from dbaas.services.operations import Operations, OperationType
from flows import registry
from flows.base import Step

STEPS, FLOWS, ROUNDS = 10, 30, 5


class Nothing(Step):
    effect = 'nothing'
    undo_effect = 'nothing'

    def execute(self) -> None:
        """Does nothing."""

    def revert(self, **_: Any) -> None:
        """Nothing was made."""


class StockNothing(task.Task):
    def execute(self) -> None:
        """Does nothing."""


def ten_steps(step: Callable[..., Any], **_: Any) -> linear_flow.Flow:
    return linear_flow.Flow('bench.nothing').add(*[step(name=f'step-{n}') for n in range(STEPS)])


class Ours:
    def __init__(self, folder: str):
        registry.OPERATIONS['bench.nothing', 1] = lambda **inputs: ten_steps(Nothing)
        self._db = Database(f'sqlite:///{folder}/ours.sqlite')
        migrate.upgrade(self._db)
        self._board = EmbeddedBoard()
        types = {'bench.nothing': OperationType('bench.nothing', 1, 'none', 'hold', 5)}
        self._operations = Operations(types, self._db.clock)
        sealed = secrets.Secrets(self._db, keyring.load(f'{folder}/keys.yaml'))
        no_cloud: Any = Cloud
        self._conductor = build_conductor(
            conf.load(), db=self._db, board=self._board, cloud=no_cloud, guest=None, secrets=sealed
        )

    def run(self, flows: int) -> None:
        ctx = RequestContext('bench', 'bench', 'bench')
        for _ in range(flows):
            name = self._db.run(lambda c: self._operations.accept(c, ctx, 'bench.nothing', inputs={}))
            with self._db.read() as c:
                self._board.post(operations.jobs(c, name))
        for _ in range(flows):
            assert self._conductor.worker.work()


class Stock:
    def __init__(self, folder: str):
        self._backend = backends.fetch({'connection': f'sqlite:///{folder}/stock.sqlite'})
        with contextlib.closing(self._backend.get_connection()) as connection:
            connection.upgrade()

    def run(self, flows: int) -> None:
        for _ in range(flows):
            flow = ten_steps(StockNothing)
            book, detail = persistence_utils.temporary_flow_detail(self._backend)
            engines.load(flow, flow_detail=detail, book=book, backend=self._backend, engine='serial').run()


def measure(run: Callable[[int], None]) -> tuple[float, float]:
    """-> milliseconds of wall and of CPU per step."""
    cpu, wall = time.process_time(), time.perf_counter()
    run(FLOWS)
    steps = FLOWS * STEPS / 1000
    return (time.perf_counter() - wall) / steps, (time.process_time() - cpu) / steps


def bench() -> list[Result]:
    with tempfile.TemporaryDirectory(dir=os.environ.get('DBAAS_BENCH_DIR')) as folder:
        sides = {'ours': Ours(folder), 'stock': Stock(folder)}
        for side in sides.values():
            side.run(3)
        rounds = [{name: measure(side.run) for name, side in sides.items()} for _ in range(ROUNDS)]
    median = {(name, what): statistics.median(r[name][what] for r in rounds) for name in sides for what in (0, 1)}
    against = f'stock TaskFlow, SQL persistence on SQLite, {STEPS} steps'
    return [
        Result('time per step, embedded', median['ours', 0], 'ms', against, median['stock', 0]),
        Result('CPU per step, embedded', median['ours', 1], 'ms', against, median['stock', 1]),
    ]
