"""The ledger: first results, fences, and what a kill leaves."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from guestagent.contract import states
from guestagent.contract.commands import Command, Outcome
from guestagent.ledger import Ledger, StaleEpoch

KEY = b'k' * 32
VERIFIER = '*2470C0C06DEE42FD1618BB99005ADCA2EC9D1E19'


def command(step: str = 'start', attempt: int = 1, epoch: int = 1, operation: str = 'op') -> Command:
    args = {'users': [{'name': 'u', 'verifier': VERIFIER}]}
    return Command(f'{operation}:{step}:do:{attempt}', 'start', operation, step, attempt, epoch, args)


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger(str(tmp_path), KEY)


def test_a_repeated_command_gets_its_first_result(ledger: Ledger) -> None:
    assert ledger.accept(command(), {}) is None
    assert ledger.accept(command(), {}) == Outcome('op:start:do:1', states.RUNNING)
    first = Outcome('op:start:do:1', states.SUCCEEDED, {'version': '10.11.19'})
    ledger.finish(first)
    assert ledger.accept(command(), {}) == first == ledger.ask(first.command)
    assert ledger.accept(command(attempt=2), {}) is None
    assert ledger.ask('never:seen') == Outcome('never:seen', states.UNKNOWN)


def test_a_stale_epoch_is_refused_for_known_and_new_commands(tmp_path: Path, ledger: Ledger) -> None:
    ledger.accept(command(epoch=4), {})
    ledger.accept(command(epoch=7), {})  # the same command from a newer claim raises the fence too
    for again in (ledger, Ledger(str(tmp_path), KEY)):
        for stale in (command(epoch=6), command('stop', epoch=6)):
            with pytest.raises(StaleEpoch, match='epoch 6 of operation op is stale: 7'):
                again.accept(stale, {})
    assert ledger.accept(command(epoch=1, operation='another'), {}) is None


def test_no_argument_is_written_only_a_keyed_digest(tmp_path: Path, ledger: Ledger) -> None:
    ledger.accept(command(), {'instance': 'i', 'nonce': 'n', 'sealed': 's'})
    written = b''.join(p.read_bytes() for p in tmp_path.rglob('*') if p.is_file())
    assert b'digest' in written and VERIFIER.encode() not in written
    assert all(p.stat().st_mode & 0o077 == 0 for p in tmp_path.rglob('*') if p.is_file())
    ledger.finish(Outcome('op:start:do:1', states.FAILED, None, 'why'))
    assert not list((tmp_path / 'orders').iterdir())


def test_a_torn_last_line_is_skipped_and_later_ones_are_read(tmp_path: Path, ledger: Ledger) -> None:
    ledger.accept(command(), {'sealed': 1})
    with open(tmp_path / 'journal', 'a') as journal:
        journal.write('{"id": "op:start:do:1", "state": "succ')
    second = Ledger(str(tmp_path), KEY)
    assert second.unfinished() == [('op:start:do:1', {'sealed': 1})]
    second.finish(Outcome('op:start:do:1', states.SUCCEEDED))
    assert Ledger(str(tmp_path), KEY).ask('op:start:do:1').state == states.SUCCEEDED


def test_an_order_that_is_lost_is_known_to_be(tmp_path: Path, ledger: Ledger) -> None:
    ledger.accept(command(), {})
    for order in (tmp_path / 'orders').iterdir():
        order.write_text('{')
    assert Ledger(str(tmp_path), KEY).unfinished() == [('op:start:do:1', None)]


def test_the_journal_stays_bounded_and_keeps_the_newest(
    tmp_path: Path, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr('guestagent.ledger.KEEP', 5)
    for number in range(20):
        ledger.accept(command(attempt=number, epoch=number), {})
        ledger.finish(Outcome(command(attempt=number).id, states.SUCCEEDED))
    again = Ledger(str(tmp_path), KEY)
    assert len((tmp_path / 'journal').read_text().splitlines()) <= 6
    assert again.ask('op:start:do:19').state == states.SUCCEEDED
    assert again.ask('op:start:do:0').state == states.UNKNOWN
    with pytest.raises(StaleEpoch):
        again.accept(command('x', epoch=18), {})


CRASH = """
import os, signal, sys
from guestagent.contract.commands import Command, Outcome
from guestagent.ledger import Ledger
ledger = Ledger(sys.argv[1], b'k' * 32)
ledger.accept(Command('op:a:do:1', 'start', 'op', 'a', 1, 3), {})
ledger.finish(Outcome('op:a:do:1', 'succeeded', {'n': 1}))
ledger.accept(Command('op:b:do:1', 'start', 'op', 'b', 1, 3), {'sealed': 'b'})
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_it_survives_kill_9(tmp_path: Path) -> None:
    root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    env = {**os.environ, 'PYTHONPATH': root}
    assert subprocess.run([sys.executable, '-c', CRASH, str(tmp_path)], env=env, check=False).returncode == -9
    ledger = Ledger(str(tmp_path), KEY)
    assert ledger.ask('op:a:do:1') == Outcome('op:a:do:1', 'succeeded', {'n': 1})
    assert ledger.unfinished() == [('op:b:do:1', {'sealed': 'b'})]
    with pytest.raises(StaleEpoch):
        ledger.accept(command(epoch=2), {})
