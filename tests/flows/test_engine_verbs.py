"""Directed cases: skip and undo, and what a stranger may read and an old run may write."""

import pytest
from taskflow.persistence import backends

from dbaas import exceptions
from dbaas.db.logbook.session import Session
from tests.flows.moments import during
from tests.flows.toy import NOTHING, TWO


# -- skip --------------------------------------------------------------------------------------------------------------
def test_skip_counts_a_failed_step_as_done_by_attestation(open_toy, injection):
    house = open_toy([['make', 'a'], ['make', 'b'], ['make', 'c']])
    injection.fail('b')
    house.run()
    house.verb('skip', step='b', output={'id': 'made by hand'}, reason='done by hand')
    assert house.run() == 'SUCCEEDED'
    atom = house.atoms(house.id)['b']
    assert atom.results == {'id': 'made by hand'} and atom.meta['attested'] == 'operator'
    assert sorted(house.remains()[0]) == ['a', 'c']


def test_skip_of_the_last_step_ends_the_operation(open_toy, injection):
    house = open_toy([['make', 'a'], ['make', 'b']])
    injection.fail('b')
    house.run()
    house.verb('skip', step='b')
    assert house.run() == 'SUCCEEDED' and house.kinds(house.id, 'done') == ['a']


def test_abort_after_the_last_step_was_skipped_undoes_everything(open_toy, injection):
    """Nothing is left to do, nothing has failed: without a planted failure TaskFlow would have nothing to undo."""
    house = open_toy([['make', 'a'], ['unordered', [['make', 'b'], ['make', 'c']]]])
    injection.fail('b', when='after')
    injection.fail('c', when='after')
    for _ in range(2):
        assert house.run() == 'HELD'
        failed = [name for name, state in house.found().items() if state == 'FAILURE']
        house.verb('skip', step=failed[0])
    assert set(house.found().values()) == {'SUCCESS'} and house.state(house.id) == 'QUEUED'
    house.verb('abort')
    assert house.run() == 'ABORTED' and house.remains() == NOTHING


@pytest.mark.parametrize('step', ['a', 'c', 'nobody', None])
def test_skip_of_a_step_that_did_not_fail_is_refused(open_toy, injection, step):
    house = open_toy([['make', 'a'], ['make', 'b'], ['make', 'c']])
    injection.fail('b')
    house.run()
    before = house.rows()
    with pytest.raises(exceptions.Conflict):
        house.verb('skip', step=step)
    assert house.rows() == before


def test_a_skipped_step_is_undone_like_any_other(open_toy, injection):
    house = open_toy([['make', 'a'], ['make', 'b'], ['make', 'c']])
    injection.fail('b', when='after')
    injection.fail('c', when='after')
    house.run()
    house.verb('skip', step='b')
    assert house.run() == 'HELD'
    house.verb('abort')
    assert house.run() == 'ABORTED' and house.remains() == NOTHING


# -- undo ------------------------------------------------------------------------------------------------------------
def test_an_undo_parks_too_and_a_failed_one_is_resumed(open_toy):
    house = open_toy([['make', 'a'], ['slow', 's'], ['wait', 'w', ['s']]])
    house.run()
    house.verb('abort')
    assert house.run() == 'WAITING' and house.operation(house.id).undo
    assert house.finish(s='failed') == 'ABORT_HELD'
    house.verb('resume')
    assert house.run() == 'WAITING'
    house.verb('pause')
    assert house.state(house.id) == 'PAUSED'
    house.verb('resume')  # goes on undoing, not forward
    assert house.run() == 'WAITING' and house.finish() == 'ABORTED'
    assert house.remains() == NOTHING


def test_pause_in_the_middle_of_an_undo(open_toy, injection):
    """A called-off undo that stays REVERTING makes TaskFlow end REVERTED with the rest still there."""
    house = open_toy([['make', 'a'], ['make', 'b'], ['make', 'c']])
    injection.fail('c', when='after')
    house.run()
    during(injection, 'c', lambda: house.request(house.id, 'pause'), 'undo')
    house.verb('abort')
    assert house.run() == 'PAUSED' and house.found() == {'a': 'SUCCESS', 'b': 'SUCCESS', 'c': 'REVERTED'}
    house.verb('resume')
    assert house.run() == 'ABORTED' and house.remains() == NOTHING


def test_unmodified_taskflow_reads_our_logbook(open_toy, disk):
    house = open_toy(TWO)
    house.run()
    stock = backends.fetch({'connection': disk.url})
    book = stock.get_connection().get_logbook(house.id)
    atoms = {atom.name: atom for atom in next(iter(book))}
    stock.close()
    assert {n: a.state for n, a in atoms.items()} == {'a': 'SUCCESS', 's1': 'SUCCESS', 's2': 'SUCCESS', 'w': 'FAILURE'}
    assert atoms['a'].results == {'id': 'volume-1'} and atoms['w'].failure.exception_str


def test_nothing_of_a_run_can_write_after_its_resting_commit(open_toy, injection, monkeypatch):
    """A timer of the old run fires between an operator's resume and the next claim."""
    sessions, real = [], Session.__init__

    def remember(self, *args):
        real(self, *args)
        sessions.append(self)

    monkeypatch.setattr(Session, '__init__', remember)
    house = open_toy([['make', 'a'], ['make', 'b']])
    injection.fail('b')
    assert house.run() == 'HELD'
    house.verb('resume')
    sessions[0].closed = False  # the timer looked at the flag before the resting commit
    with pytest.raises(exceptions.ClaimLost):
        sessions[0].commit()
    assert house.run() == 'SUCCEEDED'
