"""The timers: due waits wake, long steps are shown, overdue steps are given up, running claims show signs of life."""

import contextlib
import logging
import threading

import sqlalchemy as sa
from oslo_config import cfg
from taskflow import states

from conductor.board.base import Board
from conductor.claims import Claim, Claims
from conductor.engine import settle
from dbaas.db import events, operations, waits
from dbaas.db.logbook import book
from dbaas.db.logbook.session import fence
from dbaas.db.session import Database
from dbaas.db.tables import OPERATIONS
from dbaas.exceptions import ClaimLost, DatabaseUnavailable
from flows import registry, stops

LOG = logging.getLogger(__name__)


class Timers:
    def __init__(self, db: Database, board: Board, claims: Claims, settings: cfg.ConfigOpts):
        self._db, self._board, self._claims = db, board, claims
        self._options = settings.conductor
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._loop, name='timers', daemon=True)
        self._alive_at = 0.0

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()

    def _loop(self) -> None:
        while not self._stopping.wait(self._options.timer_interval):
            try:
                self.tick()
            except DatabaseUnavailable as error:
                LOG.warning('timers go on when the database answers: %s', error.reason)
                self._stopping.wait(2.0)
            except Exception:
                LOG.exception('a timer failed; it is tried again')

    def tick(self) -> None:
        """One round; tests call it with a clock of their own."""
        if self._board.elected():
            self.wake_due()
        claims = self._claims.all()
        for claim in claims:
            self._look_at(claim)
        now = self._db.clock()
        if claims and now - self._alive_at >= self._options.claim_timeout / 4:
            self._alive_at = now
            self._db.run(lambda c: operations.keep_alive(c, [(x.operation_id, x.epoch) for x in claims], now))

    def wake_due(self) -> None:
        with self._db.read() as c:
            if not waits.any_due(c, self._db.clock()):
                return
        while jobs := self._db.run(lambda c: waits.wake_due(c, self._db.clock())):
            self._board.post(jobs)

    def _look_at(self, claim: Claim) -> None:
        if claim.step is None:
            return
        ran = self._db.clock() - claim.started
        if claim.limit and ran > claim.limit:
            self._give_up(claim)
        elif ran >= self._options.show_start_after and not claim.shown:
            self._show_start(claim)

    def _show_start(self, claim: Claim) -> None:
        """A step that runs for longer than a moment is shown as RUNNING: one fenced commit of its own.

        Not while its run has the row: then the step is just ending, and other operations have timers, too.
        """

        def work(c: sa.Connection) -> bool:
            if operations.lock_row(c, claim.operation_id, wait=False) is None:
                return False
            now = self._db.clock()
            fence(c, claim.operation_id, claim.epoch, now)
            if book.atoms_of(c, claim.operation_id)[claim.step or ''].state in (states.SUCCESS, states.REVERTED):
                return True  # it has just ended
            events.add(
                c, claim.operation_id, 'running', now, step=claim.step, started=claim.started,
                epoch=claim.epoch, conductor=claim.conductor,
            )  # fmt: skip
            c.execute(OPERATIONS.update().where(OPERATIONS.c.id == claim.operation_id).values(step=claim.step))
            return True

        with contextlib.suppress(ClaimLost):
            if self._db.run(work):
                self._claims.mark_shown(claim)

    def _give_up(self, claim: Claim) -> None:
        def work(c: sa.Connection) -> list[operations.Job] | None:
            now, step = self._db.clock(), claim.step or ''
            if not stops.expire(c, claim.operation_id, step, claim.epoch, now, claim.limit):
                return None
            settle(c, registry.graph(operations.get(c, claim.operation_id)), claim.operation_id, now)
            return operations.jobs(c, claim.operation_id)

        jobs = self._db.run(work)
        if jobs is not None:
            self._claims.give_up(claim)
            self._board.post(jobs)
