"""One claimed run: load the flow into TaskFlow, go as far as it goes, put it to rest. The row decides."""

import contextlib
import logging
from collections.abc import Callable, Mapping
from typing import Any

import sqlalchemy as sa
from oslo_config import cfg
from taskflow import states

from conductor import failures, seams
from conductor.claims import Claim, Claims
from conductor.run import OpenedSecrets, Run
from conductor.stepper import Stepper
from conf import logs
from dbaas import metrics
from dbaas.db import operations
from dbaas.db.logbook import book
from dbaas.db.logbook.claim import Claimed, NothingToRun
from dbaas.db.logbook.claim import claim as take
from dbaas.db.logbook.session import Session
from dbaas.db.session import Database
from dbaas.exceptions import ClaimLost
from flows import registry, verbs
from flows.graph import Graph

LOG = logging.getLogger(__name__)


class Engine:
    """dependencies: {name: object} that steps may ask for, besides run, db, secrets and settings."""

    def __init__(
        self,
        db: Database,
        settings: cfg.ConfigOpts,
        secrets: Any,
        dependencies: Mapping[str, Any],
        claims: Claims,
        conductor: str,
    ):
        self._db, self._settings, self._secrets = db, settings, secrets
        self._dependencies, self._claims, self._conductor = dict(dependencies), claims, conductor
        self._recheck_after = settings.conductor.recheck_after

    def claim(self, job: operations.Job) -> Claimed | None:
        """-> the claimed operation, or None. The first claim writes the atoms: without any nothing was started."""
        try:
            claimed = self._db.run(lambda c: take(c, job, self._conductor, self._db.clock(), _steps))
        except NothingToRun:
            return None
        if claimed.op.epoch == 1:
            metrics.ACCEPT_TO_CLAIM.observe(max(claimed.op.beat - claimed.op.created, 0))
        return claimed

    def run(self, claimed: Claimed, let_go: Callable[[], None] = lambda: None) -> list[operations.Job]:
        """Run a claimed operation until it ends or rests. -> what can run now, to be posted.

        Raises ClaimLost when somebody else has gone on.
        """
        with logs.about(claimed.op.request_id, claimed.op.id):
            return self._run(claimed, let_go)

    def _run(self, claimed: Claimed, let_go: Callable[[], None]) -> list[operations.Job]:
        op, flow, session = claimed.op, claimed.flow, Session(self._db, claimed)
        graph, opened = registry.graph(op), OpenedSecrets(self._secrets)
        run = Run(session, self._settings)
        with self._claims.running(Claim(op.id, op.epoch, self._conductor, let_go=let_go)) as mine:
            stepper = Stepper(lambda step: self._around(step, mine, run, session), opened.seen)
            own = {'db': self._db, 'settings': self._settings, 'secrets': opened, 'run': run}
            injected = {**op.inputs, **self._dependencies, **own}
            engine = seams.ActionEngine(graph, flow, session, stepper, injected, never_resolve=not op.undo)
            engine.compile()
            engine.prepare()
            stuck = _unpark(op, flow, engine.storage)
            session.failed = None
            if not (stuck or _stops(session, graph, flow) or session.end()):
                _drive(engine, session, stepper, graph, mine)
            if not session.closed:
                self._rest(op, session, graph, stuck)
        return session.next

    @contextlib.contextmanager
    def _around(self, step: Any, mine: Claim, run: Run, session: Session) -> Any:
        if session.age() >= self._recheck_after:
            run.check()
        now = self._db.clock()
        if not session.started.keys() - {step.name}:
            metrics.CLAIM_TO_FIRST_STEP.observe(max(now - session.op.beat, 0))
        session.started[step.name] = now
        limit = run.deadline(step.deadline)
        op = session.op
        with self._claims.step(mine, step.name, now, limit), logs.about(op.request_id, op.id, step.name):
            yield

    def _rest(self, op: Any, session: Session, graph: Graph, stuck: bool) -> None:
        def after(c: sa.Connection, now: float) -> None:
            settle(c, graph, op.id, now)

        failed = session.failed
        if stuck or (failed is not None and not verbs.parked(failed)):
            error = None if failed is None else failures.reason(_failure_of(failed))
            session.rest('ABORT_HELD' if op.undo else 'HELD', error=error, after=after)
        elif failed is not None:
            keys, wake_at = _failure_of(failed).exception_args
            limit = self._settings.flows[f'{graph.steps[failed.name].deadline}_deadline']
            session.rest('WAITING', keys=keys, wake_at=wake_at, deadline=limit, after=after)
        else:
            session.rest(session.end() or ('ABORTING' if op.undo else 'QUEUED'), after=after)


def settle(c: sa.Connection, graph: Graph, operation_id: str, now: float) -> None:
    """The end of every run that stopped: the failure policy, then the verbs that came meanwhile, oldest first."""
    op = operations.get(c, operation_id)
    assert op is not None
    if op.state == 'HELD':
        atoms = book.atoms_of(c, operation_id)
        if not graph.past_return(atoms) and (op.policy == 'abort' or graph.disrupted(atoms)):
            verbs.apply(c, graph, op, 'abort', now, actor='policy', reason=op.reason)
    verbs.apply_requests(c, graph, operation_id, now)


def _steps(op: Any) -> list[str]:
    return list(registry.graph(op).steps)


def _failure_of(atom: Any) -> Any:
    return atom.failure if atom.state == states.FAILURE else atom.revert_failure


def _unpark(op: Any, flow: Any, storage: Any) -> bool:
    """Waiting steps look again. -> whether a failure stands that nobody decided about: such a flow is never run."""
    stuck = False
    for atom in list(flow):
        if atom.state == states.FAILURE and not op.undo:
            if verbs.is_park(atom.failure):
                storage.reset(atom.name)
            else:
                stuck = True
        elif atom.state == states.REVERT_FAILURE:
            if verbs.is_park(atom.revert_failure):
                storage.save(atom.name, verbs.planted('undo goes on'), states.FAILURE)
            else:
                stuck = True
    return stuck


def _stops(session: Session, graph: Graph, flow: Any) -> bool:
    """Whether a waiting verb stops the run here; a pause does not while the service is away."""
    if session.verbs == {'pause'}:
        return not graph.disrupted({atom.name: atom for atom in flow})
    return bool(session.verbs)


def _drive(engine: Any, session: Session, stepper: Stepper, graph: Graph, mine: Claim) -> None:
    stopping = False
    machine = engine.run_iter()
    try:
        for state in machine:
            if session.broken is not None:
                raise session.broken  # TaskFlow keeps it to itself until all siblings have run
            mine.check()
            step = stepper.next()
            if state != states.WAITING or step is None:
                continue
            if (
                session.failed is not None
                or mine.released
                or _stops(session, graph, session.flow)
                or not _may_start(engine, session, step)
            ):
                if session.failed is None and not stopping:
                    engine.suspend()
                    stopping = True
                _call_off(engine, session, stepper)
            else:
                stepper.one()
    except ClaimLost:
        raise
    except Exception:
        if session.failed is None and not session.closed:
            raise
        LOG.debug('TaskFlow ended the run of operation %s', session.op.id, exc_info=True)
    finally:
        stepper.call_off()  # first: a generator closed with unfinished steps waits a minute for them
        with contextlib.suppress(Exception):
            machine.close()


def _may_start(engine: Any, session: Session, step: Any) -> bool:
    if session.op.undo:
        if engine.storage.get_atom_state(step.name) == states.RUNNING:
            raise RuntimeError(f'{step.name} would be executed by an abort')
        return True
    return not step.irreversible or session.record_start(step.name)


def _call_off(engine: Any, session: Session, stepper: Stepper) -> None:
    """Back to the state before the start: an undo left REVERTING hides what is left to undo."""
    for name in stepper.call_off():
        uuid = engine.storage.get_atom_uuid(name)
        before = session.was.get(name, session.saved[uuid])  # unchanged: a lost run had begun it
        session.saved[uuid] = before
        engine.storage.set_atom_state(name, before)
