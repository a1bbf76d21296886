"""Posts and ends of claims on their way: sent at once, nobody waits; kept until confirmed, sent again on reconnect."""

import logging
import threading
import time
from collections.abc import Iterable
from typing import Any

from kazoo import exceptions

from conductor.board.connection import AWAY, Connection
from dbaas.db.operations import Job

LOG = logging.getLogger(__name__)
# seconds that a poster pauses: the thread that sends needs the interpreter, which ours would keep for its answer's sake
HANDOVER = 0.0002
LIMIT = 5000  # unconfirmed posts; what is more is found by the reconciler


class Posting:
    def __init__(self, connection: Connection, folder: str):
        self._connection, self._folder = connection, folder
        self._lock = threading.Lock()
        self._open: dict[str, Job] = {}
        self._full = False

    def post(self, jobs: Iterable[Job]) -> None:
        for job in jobs:
            with self._lock:
                if len(self._open) >= LIMIT:
                    self._overflows()
                    return
                self._open[job.name] = job
            self._send(job)
        if not self._connection.connected:
            self._connection.complain()
        else:
            time.sleep(HANDOVER)

    def _overflows(self) -> None:
        if not self._full:
            self._full = True
            LOG.warning('%d jobs are not confirmed by ZooKeeper; more are posted by the reconciler, later', LIMIT)

    def again(self) -> None:
        """Connected: whatever has not been confirmed."""
        with self._lock:
            jobs, self._full = list(self._open.values()), False
        for job in jobs:
            self._send(job)

    def _send(self, job: Job) -> None:
        if self._connection.connected:  # else: `again`
            sent = self._connection.ask('create', f'{self._folder}/{job.name}', b'')
            sent.rawlink(lambda result: self._sent(job, result))

    def _sent(self, job: Job, result: Any) -> None:
        error = result.exception
        if isinstance(error, AWAY):
            return
        if isinstance(error, exceptions.NoNodeError):  # a new, empty ensemble
            self._connection.make(self._folder).rawlink(lambda made: self._made(job, made))
        else:
            self._settled(job, error)

    def _made(self, job: Job, result: Any) -> None:
        if result.exception is None:
            self._send(job)
        elif not isinstance(result.exception, AWAY):
            self._settled(job, result.exception)

    def _settled(self, job: Job, error: Exception | None) -> None:
        with self._lock:
            self._open.pop(job.name, None)
        if error is not None and not isinstance(error, exceptions.NodeExistsError):
            LOG.warning('job %s cannot be posted: %r; the reconciler tries again', job.name, error)
