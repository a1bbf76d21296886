"""TaskFlow's persistence backend for one claimed run of one flow: one fenced commit per finished step.

Every write goes through `commit`, whose first statement is the fence. Successes and reverts commit at once; starts,
failures, intentions and flow states are buffered and ride in the next commit. A failure ends the run: it is written
by `rest`, together with the operation's state, its event and its wait.
"""

import time
from collections.abc import Callable, Iterable
from typing import Any

import sqlalchemy as sa
from taskflow import states

from dbaas import metrics
from dbaas.db import events, operations, waits
from dbaas.db.logbook import book
from dbaas.db.logbook.claim import Claimed, new_verbs
from dbaas.db.logbook.fence import fence, fencing
from dbaas.db.session import Database
from dbaas.db.statements import Call, Prepared, together
from dbaas.db.tables import OPERATIONS, REQUESTS
from dbaas.db.words import RUNNABLE, TERMINAL
from dbaas.exceptions import ClaimLost

_FAILED = {'WAITING': 'parked', 'ABORT_HELD': 'undo-failed'}  # what became of a step, by the operation's state
UNDONE = (states.REVERTED, states.PENDING, states.IGNORE, None)

_o = OPERATIONS.c
_look = Prepared(
    sa.select(_o.wake_seq, REQUESTS.c.verb)
    .select_from(OPERATIONS)
    .outerjoin(REQUESTS, new_verbs)
    .where(_o.id == sa.bindparam('op'))
)


class Session:
    """claimed: the operation, as loaded by its claim."""

    def __init__(self, db: Database, claimed: Claimed):
        self.db, self.op, self.flow = db, claimed.op, claimed.flow
        self.saved: dict[str, str | None] = {atom.uuid: atom.state for atom in self.flow}
        self.was: dict[str, str | None] = {}  # step -> the state before its last change
        self.started: dict[str, float] = {}  # step -> when this run began it
        self.since = claimed.waits  # step -> when it first parked
        self.failed: Any = None  # the atom detail whose failure ends this run
        self.broken: Exception | None = None  # a commit failed: this run must not go on
        self.closed = False  # at rest or stale: nothing is written any more
        self.next: list[operations.Job] = []  # what the last commit made runnable, here or on the same resource
        self.seen, self.verbs, self._asked = self.op.wake_seq, claimed.verbs, len(claimed.verbs)
        self._fenced = time.monotonic()
        self._restless = False  # something has come since the last commit
        self._known = {atom.uuid for atom in self.flow}
        self._new: dict[str, Any] = {}
        self._changed: dict[str, Any] = {}
        self._flow: Any = None

    def age(self) -> float:
        """Seconds since the last commit of this run: so old is what is known of the claim."""
        return time.monotonic() - self._fenced

    # -- what TaskFlow calls ---------------------------------------------------------------------------------------
    def get_connection(self) -> 'Session':
        return self

    def close(self) -> None:
        """A connection's; there is none to close."""

    def update_atom_details(self, atom: Any) -> Any:
        (self._new if atom.uuid in self._new else self._changed)[atom.uuid] = atom
        if atom.state != self.saved.get(atom.uuid):
            self.was[atom.name] = self.saved.get(atom.uuid)
            self.saved[atom.uuid] = atom.state
            if atom.state in (states.SUCCESS, states.REVERTED):
                self._outcome(atom)
            elif atom.state in (states.FAILURE, states.REVERT_FAILURE):
                self.failed = atom
        return atom

    def update_flow_details(self, flow: Any) -> Any:
        for atom in flow:
            if atom.uuid not in self._known:
                self._known.add(atom.uuid)
                self._new[atom.uuid] = atom
                self.saved[atom.uuid] = atom.state
        self._flow = flow
        return flow

    # -- what the conductor calls ----------------------------------------------------------------------------------
    def commit(
        self,
        event: tuple[str, str] | None = None,
        *,
        error: str | None = None,
        bump: int = 0,
        step: str | None = None,
        write: Callable[[sa.Connection, float, int], None] = lambda c, now, seen: None,
    ) -> None:
        """One transaction: the fence, what is buffered and the event (kind, step), then write(c, now, wake_seq).

        What came since the last one is looked for after the fence: self.verbs, and wake_seq, which events move.
        """
        if self.closed:
            raise ClaimLost(f'operation {self.op.id}: this run is over')

        def work(c: sa.Connection) -> int:
            now = self.db.clock()
            calm, seen = self._calm(now, bump, step), self.seen
            changes = self._buffered() + ([self._event(event, now, error)] if event else [])
            if calm is None:
                fence(c, self.op.id, self.op.epoch, now, bump, step)
                seen, self.verbs = self._look(c)
                book.insert_atoms(c, self.op.id, self._new.values())
                together(c, changes)
            elif not _passed(c, [calm, *changes]):
                raise _Moved
            write(c, now, seen)
            return seen

        began = time.monotonic()
        try:
            self.seen = self._twice(work)
            self._asked = len(self.verbs)
        except ClaimLost:
            self.closed = True
            raise
        except _VerbFirst:
            raise
        except Exception as error:
            self.broken = error
            raise
        self._fenced, self._restless = began, False
        self._new, self._changed, self._flow = {}, {}, None

    def _twice(self, work: Callable[[sa.Connection], int]) -> int:
        """Once more when something has come since the last commit, and is to be looked for."""
        try:
            return self.db.run(work)
        except _Moved:
            self._restless = True
            return self.db.run(work)

    def _calm(self, now: float, bump: int, step: str | None) -> Call | None:
        """The fence of a run that nothing has happened to, and nothing waits for; None: look what it is."""
        if self._restless or self._asked or self._new:
            return None
        return fencing(self.op.id, self.op.epoch, now, bump, step, self.seen)

    def _buffered(self) -> list[Call]:
        flow = [] if self._flow is None else [book.saving_flow(self._flow)]
        return flow + book.saving_atoms([self._as_begun(atom) for atom in self._changed.values()])

    def _as_begun(self, atom: Any) -> Any:
        """TaskFlow marks all ready siblings at once; of one that is only queued the start is not written.

        So RUNNING means begun: what is shown is true, and an irreversible sibling stays PENDING up to its own start.
        """
        if atom.state not in (states.RUNNING, states.REVERTING) or atom.name in self.started:
            return atom
        queued = atom.copy()
        queued.state = self.was.get(atom.name, atom.state)
        return queued

    def end(self) -> str | None:
        """The terminal state that the saved atoms amount to, if any."""
        found = set(self.saved.values())
        if not self.op.undo and found and found <= {states.SUCCESS, states.IGNORE}:
            return 'SUCCEEDED'
        if self.op.undo and found <= set(UNDONE):
            return 'ABORTED'
        return None

    def record_start(self, step: str) -> bool:
        """Before an irreversible step runs, a commit of its own. -> False: a verb came first, it must not run."""

        def write(_c: sa.Connection, _now: float, _seen: int) -> None:
            if self.verbs:
                raise _VerbFirst

        self.started[step] = self.db.clock()
        try:
            self.commit(('started', step), step=step, write=write)
        except _VerbFirst:
            del self.started[step]
            return False
        return True

    def rest(
        self,
        state: str,
        *,
        keys: Iterable[str] = (),
        wake_at: float = 0.0,
        deadline: float | None = None,
        error: str | None = None,
        after: Callable[[sa.Connection, float], None] | None = None,
    ) -> None:
        """The last commit of a run. The epoch moves on, so that nothing of this run (a timer, a thread) can write.

        keys, wake_at, deadline: what a WAITING operation waits for. after: policy and waiting verbs.
        """
        if state in TERMINAL:
            self._end_flow(state)

        def write(c: sa.Connection, now: float, seen: int) -> None:
            final, values = state, {'step': self.failed.name} if self.failed is not None else {}
            if state == 'WAITING':
                waits.put(c, self.op.id, self.failed.name, keys, wake_at, deadline, now)
                if seen - self.seen != len(self.verbs) - self._asked:  # more than requests came: look again
                    final = 'ABORTING' if self.op.undo else 'QUEUED'
            operations.set_state(c, self.op, final, now, reason=error, runnable=final in RUNNABLE, **values)
            if after is not None:
                after(c, now)
            self.next = operations.jobs(c, self.op.id)

        kind = _FAILED.get(state, 'failed')
        event = None if self.failed is None else (kind, self.failed.name)
        self.commit(event, error=error, bump=1, write=write)
        self.closed = True
        if self.failed is not None:
            metrics.STEPS.labels(self.op.type, kind).inc()

    # -- inside ----------------------------------------------------------------------------------------------------
    def _look(self, c: sa.Connection) -> tuple[int, set[str]]:
        rows = _look.rows(c, {'op': self.op.id})
        return rows[0][0], {verb for _, verb in rows if verb is not None}

    def _event(self, event: tuple[str, str], now: float, error: str | None) -> Call:
        kind, step = event
        atom = next((a for a in self.flow if a.name == step), None)
        attempt = (atom.meta or {}).get('attempt', 1) if atom is not None else 1
        return events.adding(
            self.op.id, kind, now, step=step, epoch=self.op.epoch, attempt=attempt,
            conductor=self.op.conductor, started=self.started.get(step), error=error,
        )  # fmt: skip

    def _outcome(self, atom: Any) -> None:
        """The one commit of a finished step; the last step's carries the end of flow and operation too."""
        if self.closed:
            return
        end, kind = self.end(), 'done' if atom.state == states.SUCCESS else 'undone'
        if end:
            self._end_flow(end)
        parked = self.since.get(atom.name)
        if parked is not None:
            self.started[atom.name] = parked

        def write(c: sa.Connection, now: float, _seen: int) -> None:
            if parked is not None:
                waits.clear(c, self.op.id, atom.name)
            if end:
                operations.set_state(c, self.op, end, now)
                if self.op.resource_id is not None:
                    self.next = operations.jobs(c, self.op.id)

        self.commit((kind, atom.name), bump=1 if end else 0, step=atom.name, write=write)
        self.closed = bool(end)
        metrics.STEPS.labels(self.op.type, kind).inc()

    def _end_flow(self, end: str) -> None:
        self._flow = self.flow.copy()
        self._flow.state = states.SUCCESS if end == 'SUCCEEDED' else states.REVERTED


def _passed(c: sa.Connection, calls: list[Call]) -> bool:
    """Whether the fence, the first of them, has held. If not, nothing is locked, and the others meet whoever writes."""
    try:
        return together(c, calls)[0] == 1
    except sa.exc.IntegrityError:  # a true one comes again, behind a fence that held
        return False


class _Moved(Exception):
    """Rolls back what went with a fence that did not hold: the claim is lost, or something has come."""


class _VerbFirst(Exception):
    """Rolls back the record of a start."""
