"""The receiver of guest reports: results of commands and heartbeats go into SQL, and wake what waits for them."""

import logging
from typing import Any

import sqlalchemy as sa

from conductor.board.base import Board
from dbaas import metrics
from dbaas.db import heartbeats, waits
from dbaas.db.operations import Job
from dbaas.db.session import Database
from guestagent.contract.commands import Outcome

LOG = logging.getLogger(__name__)


class Reports:
    """Its two methods are given to dbaas.guest.reports.ReportServer, which has proven who speaks."""

    def __init__(self, db: Database, board: Board):
        self._db, self._board = db, board

    def on_report(self, instance_id: str, outcome: Outcome) -> None:
        operation_id = outcome.command.partition(':')[0]
        now = self._db.clock()
        self._board.post(self._db.run(lambda c: waits.report(c, instance_id, outcome, operation_id, now)))

    def on_heartbeat(self, instance_id: str, beat: dict[str, Any]) -> None:
        """beat: {state, details, at?}. Only a change wakes: a healthy fleet costs one row update per beat.

        at: when the guest made it. It counts as of then, so that one that waited in a queue, or is replayed, does
        not make a dead guest look alive; a clock that is ahead gains nothing.
        """

        def work(c: sa.Connection) -> list[Job]:
            now = self._db.clock()
            at = min(now, float(beat.get('at', now)))
            changed = heartbeats.record(c, instance_id, at, beat['state'], beat.get('details', {}))
            return waits.wake_key(c, instance_id, f'guest:{instance_id}', now) if changed else []

        metrics.HEARTBEATS.inc()
        self._board.post(self._db.run(work))
