"""Each safeguard of the engine, taken away, is missed by a test: a case or the random attack fails without it."""

import pytest
import sqlalchemy as sa
from taskflow import states

from conductor import engine as conductor_engine
from conductor import run as conductor_run
from dbaas.db.logbook import session
from dbaas.db.logbook.session import Session
from dbaas.db.tables import OPERATIONS
from flows import verbs
from flows.graph import Graph
from tests.flows import chaos
from tests.flows import test_engine_cases as cases
from tests.flows import test_engine_races as races
from tests.flows import test_engine_waits as waits
from tests.flows.frozen import COMMITS
from tests.flows.harness import quiet


# -- the mutations -------------------------------------------------------------------------------------------------
def no_fence(monkeypatch):
    def fence(c, operation_id, epoch, now, bump=0, step=None):
        o = OPERATIONS.c
        values = {'beat': now, 'epoch': o.epoch + bump} | ({'step': step, 'updated': now} if step else {})
        c.execute(sa.update(OPERATIONS).where(o.id == operation_id).values(values))

    monkeypatch.setattr(Session, '_calm', lambda self, now, bump, step: None)
    monkeypatch.setattr(session, 'fence', fence)
    monkeypatch.setattr(conductor_run, 'fence', fence)


def no_requests_at_rest(monkeypatch):
    monkeypatch.setattr(verbs, 'apply_requests', lambda *a, **k: None)
    monkeypatch.setattr(conductor_engine.verbs, 'apply_requests', lambda *a, **k: None)


def no_wake_guard(monkeypatch):
    look = Session._look
    monkeypatch.setattr(Session, '_look', lambda self, c: (0, look(self, c)[1]))


def no_recorded_start(monkeypatch):
    monkeypatch.setattr(Session, 'record_start', lambda self, step: True)


def no_attempt_rule(monkeypatch):
    def maybe_started(self, atoms):
        begun = (states.SUCCESS, states.FAILURE, states.RUNNING)
        ready = {n for n in self.ready(atoms) if not self.steps[n].irreversible}
        return ready | {name for name, atom in atoms.items() if atom.state in begun}

    monkeypatch.setattr(Graph, 'maybe_started', maybe_started)


# -- and who notices -------------------------------------------------------------------------------------------------
def freezes(open_toy, injection):
    for count in range(1, 6):
        races.test_a_frozen_conductor_that_thaws_writes_nothing_and_its_commands_are_refused(open_toy, COMMITS, count)


def verb_while_it_runs(open_toy, injection):
    waits.test_a_verb_that_comes_while_the_last_step_of_the_run_parks_is_not_lost(open_toy, injection)


def report_while_it_parks(open_toy, injection):
    waits.test_a_report_between_the_look_and_the_parking_commit(open_toy)


def death_in_the_irreversible_step(open_toy, injection):
    cases.test_past_the_point_of_no_return_abort_is_refused(open_toy, 'after')


def abort_after_a_reset(open_toy, injection):
    cases.test_abort_undoes_a_step_that_was_reset_and_is_not_ready(open_toy)


@pytest.mark.parametrize(
    ('mutate', 'case'),
    [
        (no_fence, freezes),
        (no_requests_at_rest, verb_while_it_runs),
        (no_wake_guard, report_while_it_parks),
        (no_recorded_start, death_in_the_irreversible_step),
        (no_attempt_rule, abort_after_a_reset),
    ],
)
def test_a_case_notices(open_toy, injection, monkeypatch, mutate, case):
    case(open_toy, injection)  # unharmed, it passes
    injection.began.clear()
    injection.watches.clear()
    mutate(monkeypatch)
    with pytest.raises((AssertionError, pytest.fail.Exception)):
        case(open_toy, injection)


@pytest.mark.parametrize('mutate', [no_fence, no_requests_at_rest])
def test_the_random_attack_notices(disk, monkeypatch, mutate):
    quiet()
    mutate(monkeypatch)
    with pytest.raises(chaos.Violation):
        for seed in range(200):
            chaos.attack(disk, seed)
