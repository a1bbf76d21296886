"""What a step sees of the engine while it runs: who it works for, its commands, its deadlines, its fence."""

import contextlib
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from oslo_config import cfg

from dbaas import metrics
from dbaas.db import operations, waits
from dbaas.db.logbook.fence import fence
from dbaas.db.logbook.session import Session
from dbaas.exceptions import ClaimLost
from flows.base import pause
from guestagent.contract.commands import Command, Outcome, command_id


class Run:
    """One claimed run of one operation."""

    def __init__(self, session: Session, settings: cfg.ConfigOpts):
        self._session, self._settings, self._db = session, settings, session.db
        self.operation_id: str = session.op.id
        self.inputs: dict[str, Any] = session.op.inputs
        self.instance_id: str = session.op.resource_id
        self.project_id: str = session.op.project_id
        self.epoch: int = session.op.epoch
        self.undo: bool = session.op.undo
        self._deadlines: dict[str, float] = {}

    def clock(self) -> float:
        """Seconds since the epoch."""
        return self._db.clock()

    def check(self) -> None:
        """Just before each call that cannot be fenced. Raises ClaimLost when another conductor has gone on."""
        if not self._session.closed:
            with self._db.read() as c:
                op = operations.get(c, self.operation_id)
            if op is not None and op.epoch == self.epoch:
                return
            metrics.FENCED_WRITES.inc()
        raise ClaimLost(f'operation {self.operation_id} has gone on without this conductor')

    def attempt(self, step: str) -> int:
        """Counts decisions to do the step anew, not crashes, parks or wakes."""
        return next(((a.meta or {}).get('attempt', 1) for a in self._session.flow if a.name == step), 1)

    def command(self, step: str, verb: str, args: dict[str, Any], undo: bool = False) -> Command:
        attempt = self.attempt(step)
        return Command(
            id=command_id(self.operation_id, step, attempt, undo),
            verb=verb,
            operation=self.operation_id,
            step=step,
            attempt=attempt,
            epoch=self.epoch,
            args=args,
        )

    def report(self, command: str) -> Outcome | None:
        """The kept report of a command, if it has come."""
        with self._db.read() as c:
            row = waits.reported(c, command)
        return None if row is None else Outcome(row.command_id, row.state, row.result, row.error)

    def since(self, step: str) -> float | None:
        """When the step first parked, or None."""
        return self._session.since.get(step)

    def deadline(self, kind: str) -> float:
        """Seconds, from [flows] <kind>_deadline."""
        if kind not in self._deadlines:
            self._deadlines[kind] = self._settings.flows[f'{kind}_deadline']
        return self._deadlines[kind]

    def wake_at(self, waiting_since: float | None = None) -> float:
        """When a waiting step looks again by itself; waiting_since: of one that has to look, since no event comes."""
        now, options = self.clock(), self._settings.flows
        if waiting_since is None:
            return now + options.poll_interval
        return now + pause(now - waiting_since, options.first_poll_interval, options.poll_interval)

    def fenced(self, work: Callable[[sa.Connection], None]) -> None:
        """work(c) in one transaction, for steps that write records: nothing is written by a run that is over."""

        def after_the_fence(c: sa.Connection) -> None:
            fence(c, self.operation_id, self.epoch, self.clock())
            work(c)

        self._db.run(after_the_fence)


class OpenedSecrets:
    """The `secrets` a step sees: what it opens is kept out of failures."""

    def __init__(self, secrets: Any):
        self._secrets = secrets
        self._seen: list[str] = []

    def open(self, secret_id: str) -> bytes:
        value = self._secrets.open(secret_id)
        with contextlib.suppress(UnicodeDecodeError):
            self._seen.append(value.decode())
        return value

    def seen(self) -> list[str]:
        return self._seen
