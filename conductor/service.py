"""A conductor put together: worker, timers, reconciler, and the reports they wake for."""

import os
import socket
from collections.abc import Mapping
from typing import Any, Protocol

from oslo_config import cfg

from conductor.board.base import Board
from conductor.claims import Claims
from conductor.engine import Engine
from conductor.reconciler import Reconciler
from conductor.reports import Reports
from conductor.timers import Timers
from conductor.worker import Worker
from dbaas.db.session import Database


class Service(Protocol):
    def start(self) -> None: ...

    def stop(self) -> None: ...


class Conductor:
    """All parts of one conductor. start() returns when jobs are being claimed; stop() within a few seconds."""

    def __init__(self, worker: Worker, timers: Timers, reconciler: Reconciler, board: Board, claims: Claims):
        self.worker, self.timers, self.reconciler = worker, timers, reconciler
        self.board, self.claims = board, claims

    def start(self) -> None:
        self.reconciler.start()
        self.worker.start()
        self.timers.start()

    def stop(self) -> None:
        self.reconciler.stop()
        self.timers.stop()
        self.worker.stop()


def name_of(conf: cfg.ConfigOpts) -> str:
    return conf.conductor.name or f'{socket.gethostname()}-{os.getpid()}'


def build(
    conf: cfg.ConfigOpts,
    *,
    db: Database,
    board: Board,
    cloud: Any,
    guest: Any,
    secrets: Any,
    dependencies: Mapping[str, Any] | None = None,
) -> Conductor:
    """A conductor on these parts; nothing runs until start(). dependencies: more names that steps may ask for."""
    claims = Claims()
    injected = {'cloud': cloud, 'guest': guest, **(dependencies or {})}
    engine = Engine(db, conf, secrets, injected, claims, name_of(conf))
    return Conductor(
        Worker(db, board, engine, conf.conductor.workers),
        Timers(db, board, claims, conf),
        Reconciler(db, board, cloud, conf),
        board,
        claims,
    )


def reception(parts: Any, board: Board) -> Service:
    """The receiver of guest reports of a deployment (dbaas.deployment.Deployment)."""
    reports = Reports(parts.db, board)
    return parts.reception(reports.on_report, reports.on_heartbeat)
