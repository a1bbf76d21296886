"""A conductor put together: worker, timers, reconciler, and the reports they wake for."""

from collections.abc import Mapping
from typing import Any, Protocol

from oslo_config import cfg

from conductor.accounts import AccountSweep
from conductor.board.base import Board
from conductor.claims import Claims
from conductor.duties import Duties
from conductor.engine import Engine
from conductor.names import name_of
from conductor.reconciler import Reconciler
from conductor.reports import Reports
from conductor.timers import Timers
from conductor.worker import Worker
from dbaas.db.session import Database
from dbaas.guest.accounts import NoAccounts

HANDOVER = 0.7  # seconds that steps which run may take when the conductor stops

PATIENCE = 60.0  # seconds that a run waits for a database that is away; then its operation goes back to the board


class Service(Protocol):
    def start(self) -> None: ...

    def stop(self) -> None: ...


class Conductor:
    """All parts of one conductor. start() returns when jobs are being claimed, or when the board is away."""

    def __init__(
        self, worker: Worker, timers: Timers, reconciler: Reconciler, duties: Duties, board: Board, claims: Claims
    ):
        self.worker, self.timers, self.reconciler, self.duties = worker, timers, reconciler, duties
        self.board, self.claims = board, claims

    def start(self) -> None:
        self.board.listen(lost=self.claims.lose, back=self.duties.call)
        self.board.start()
        if not self.board.shared:
            self.reconciler.fill_board()
        self.board.campaign()
        self.duties.start()
        self.worker.start()
        self.timers.start()

    def stop(self, timeout: float = HANDOVER) -> None:
        """Hands over: runs end at the next step boundary, or after `timeout` seconds where they are; others go on."""
        self.duties.stop()
        self.timers.stop()
        self.claims.release()
        self.worker.stop(timeout)
        self.board.leave()


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
    injected = {'cloud': cloud, 'guest': guest, 'accounts': NoAccounts(), **(dependencies or {})}
    engine = Engine(db.waiting(PATIENCE), conf, secrets, injected, claims, name_of(conf))
    reconciler = Reconciler(db, board, cloud, conf, [AccountSweep(db, injected['accounts'])])
    return Conductor(
        Worker(db, board, engine, conf.conductor.workers),
        Timers(db, board, claims, conf),
        reconciler,
        Duties(board, reconciler.duties(), lambda: conf.conductor.reconcile_interval),
        board,
        claims,
    )


def reception(parts: Any, board: Board) -> Service:
    """The receiver of guest reports of a deployment (dbaas.deployment.Deployment)."""
    reports = Reports(parts.db, board)
    return parts.reception(reports.on_report, reports.on_heartbeat)
