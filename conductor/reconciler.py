"""The reconciler: what is runnable is on the board, what should live lives, what nobody owns is removed."""

import logging
import threading
from typing import Any

from oslo_config import cfg

from conductor.board.base import Board
from dbaas.cloud.protocol import Resource
from dbaas.db import operations, sweeping
from dbaas.db.session import Database
from dbaas.exceptions import CloudError

LOG = logging.getLogger(__name__)


class Reconciler:
    """cloud: asked to tend its machines (restart dead agents) and for resources that no record names."""

    def __init__(self, db: Database, board: Board, cloud: Any, settings: cfg.ConfigOpts):
        self._db, self._board, self._cloud, self._settings = db, board, cloud, settings
        self._stopping = threading.Event()
        self._swept = db.clock()
        self._thread = threading.Thread(target=self._loop, name='reconciler', daemon=True)

    def start(self) -> None:
        """The board is filled at once, whatever claims an earlier process left behind."""
        self.fill_board()
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()

    def _loop(self) -> None:
        while not self._stopping.wait(self._settings.conductor.reconcile_interval):
            for duty in (self.post_lost, self.tend, self.sweep_now_and_then):
                try:
                    duty()
                except Exception:
                    LOG.exception('%s failed; it is tried again', duty.__name__)

    def fill_board(self) -> None:
        """All that is runnable; for a board that starts empty."""
        with self._db.read() as c:
            self._board.post(operations.lost_jobs(c, None))

    def post_lost(self) -> None:
        """Accepted but never posted, or claimed by somebody who gives no sign of life."""
        silent_since = self._db.clock() - self._settings.conductor.claim_timeout
        with self._db.read() as c:
            jobs = operations.lost_jobs(c, silent_since)
        self._board.post(jobs)

    def tend(self) -> None:
        for what in self._cloud.tend():
            LOG.warning('%s', what)

    def sweep_now_and_then(self) -> None:
        if self._db.clock() - self._swept >= self._settings.conductor.sweep_interval:
            self._swept = self._db.clock()
            self.sweep()

    def sweep(self) -> None:
        """Resources with our tag that no live instance and no recorded step owns: late calls of frozen conductors."""
        for resource in self._cloud.resources():
            with self._db.read() as c:
                orphan = sweeping.is_orphan(c, resource.owner.instance, resource.owner.operation, resource.id)
            if orphan:
                self._remove(resource)

    def _remove(self, resource: Resource) -> None:
        what = f'{resource.kind} {resource.id} of instance {resource.owner.instance}'
        LOG.warning('%s belongs to nobody and is removed', what)
        try:
            self._cloud.remove(resource)
        except CloudError as error:  # in use by one that comes later in the list, say: the next sweep tries again
            LOG.warning('%s cannot be removed yet: %s', what, error)
