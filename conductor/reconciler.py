"""The reconciler: what is runnable is on the board, what should live lives, what nobody owns is removed."""

import logging
from collections.abc import Callable, Iterable
from typing import Any

from oslo_config import cfg

from conductor.board.base import Board
from dbaas.cloud import haste
from dbaas.cloud.protocol import Resource, of_instances
from dbaas.db import operations, sweeping
from dbaas.db.session import Database
from dbaas.exceptions import CloudError, Unavailable

LOG = logging.getLogger(__name__)


class Reconciler:
    """cloud: asked to tend its machines (restart dead agents) and for resources that no record names.

    sweeps: more searches for orphans, called after the one in the cloud.
    """

    def __init__(
        self, db: Database, board: Board, cloud: Any, settings: cfg.ConfigOpts,
        sweeps: Iterable[Callable[[], None]] = (),
    ):  # fmt: skip
        self._sweeps = tuple(sweeps)
        self._db, self._board, self._cloud, self._settings = db, board, cloud, settings
        self._swept = db.clock()

    def duties(self) -> list[Callable[[], None]]:
        """What the elected conductor does again and again."""
        return [self.mend_board, self.tend, self.sweep_now_and_then]

    def fill_board(self) -> None:
        """All that is runnable, whatever claims an earlier process left behind; for a board that starts empty."""
        with self._db.read() as c:
            self._board.post(operations.lost_jobs(c, None))

    def mend_board(self) -> None:
        """What should be on the board is there, and nothing that cannot run."""
        if self._board.shared:
            self._compare()
        else:
            self._post_silent()

    def _compare(self) -> None:
        """Claims of all processes are seen: what is runnable in SQL and not on the board was lost, or never posted."""
        try:
            names = self._board.names()  # first: whatever is on the board was committed before
        except Unavailable:
            return  # the board has said so, and calls when it is back
        with self._db.read() as c:
            jobs = operations.lost_jobs(c, None)
        self._board.post([job for job in jobs if job.name not in names])
        self._board.discard(names - {job.name for job in jobs})

    def _post_silent(self) -> None:
        """Accepted by another process, or claimed by one that gives no sign of life."""
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
        """Resources with our tag that no live instance and no recorded step owns: late calls of frozen conductors.

        Other duties wait meanwhile: a cloud that is away is asked again by the next sweep.
        """
        with haste.once():
            for instance, mine in of_instances(self._resources()):
                with self._db.read() as c:
                    orphans = sweeping.orphans(c, instance, mine)
                for resource in orphans:
                    self._remove(resource)
        for sweep in self._sweeps:
            sweep()

    def _resources(self) -> list[Resource]:
        try:
            return list(self._cloud.resources())
        except CloudError as error:
            LOG.warning('Nothing is swept now, the cloud cannot be looked through: %s', error)
            return []

    def _remove(self, resource: Resource) -> None:
        what = f'{resource.kind} {resource.id} of instance {resource.owner.instance}'
        LOG.warning('%s belongs to nobody and is removed', what)
        try:
            self._cloud.remove(resource)
        except CloudError as error:  # in use by one that comes later in the list, say: the next sweep tries again
            LOG.warning('%s cannot be removed yet: %s', what, error)
