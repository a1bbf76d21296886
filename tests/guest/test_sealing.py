"""Sealed messages: what opens, what is refused and why."""

import os

import pytest

from guestagent.contract import verifiers
from guestagent.contract.wire import sealing

KEY = os.urandom(32)


@pytest.fixture
def seal() -> sealing.Seal:
    return sealing.Seal('i-1', KEY)


def refusal(seal: sealing.Seal, envelope: object, **options: object) -> str:
    with pytest.raises(sealing.Refused) as caught:
        seal.open(sealing.TO_GUEST, envelope, **options)  # type: ignore[arg-type]
    return caught.value.reason


def test_what_was_closed_opens_and_shows_nothing(seal: sealing.Seal) -> None:
    envelope = seal.close(sealing.TO_GUEST, {'verifier': '*ABCDEF'})
    assert seal.open(sealing.TO_GUEST, envelope) == {'verifier': '*ABCDEF'}
    assert 'ABCDEF' not in str(envelope) and set(envelope) == {'instance', 'nonce', 'sealed'}


@pytest.mark.parametrize(
    'rubbish', [None, 7, 'text', [], {}, {'instance': 'i-1'}, {'instance': 'i-1', 'nonce': '?', 'sealed': 'x'}]
)
def test_unsealed(seal: sealing.Seal, rubbish: object) -> None:
    assert refusal(seal, rubbish) == sealing.UNSEALED


def test_foreign_key_instance_direction_and_changed_bytes(seal: sealing.Seal) -> None:
    other_key = sealing.Seal('i-1', os.urandom(32)).close(sealing.TO_GUEST, 1)
    other_instance = sealing.Seal('i-2', KEY).close(sealing.TO_GUEST, 1)
    reflected = seal.close(sealing.FROM_GUEST, 1)
    renamed = {**other_instance, 'instance': 'i-1'}
    for envelope in (other_key, other_instance, reflected, renamed):
        assert refusal(seal, envelope) == sealing.FOREIGN
    good = seal.close(sealing.TO_GUEST, 1)
    assert refusal(seal, {**good, 'nonce': other_key['nonce']}) == sealing.FOREIGN


def test_a_message_opens_once(seal: sealing.Seal) -> None:
    seen, envelope = sealing.Seen(), seal.close(sealing.TO_GUEST, 1)
    assert seal.open(sealing.TO_GUEST, envelope, seen=seen) == 1
    assert refusal(seal, envelope, seen=seen) == sealing.REPLAYED


def test_a_message_from_long_ago_is_refused_and_its_nonce_forgotten() -> None:
    now = [1000.0]
    seal, seen = sealing.Seal('i-1', KEY, lambda: now[0]), sealing.Seen(lambda: now[0])
    old = seal.close(sealing.TO_GUEST, 1)
    seal.open(sealing.TO_GUEST, old, seen=seen)
    now[0] += 3 * sealing.WINDOW
    seal.open(sealing.TO_GUEST, seal.close(sealing.TO_GUEST, 2), seen=seen)
    assert refusal(seal, old, seen=seen) == sealing.LATE
    assert len(seen._nonces) == 1


def test_an_answer_serves_only_its_question(seal: sealing.Seal) -> None:
    answer = seal.close(sealing.ANSWER, 'yes', about='question-1')
    assert seal.open(sealing.ANSWER, answer, about='question-1') == 'yes'
    with pytest.raises(sealing.Refused):
        seal.open(sealing.ANSWER, answer, about='question-2')


def test_mysql_native_verifier() -> None:
    assert verifiers.verifier('mariadb', 'password') == '*2470C0C06DEE42FD1618BB99005ADCA2EC9D1E19'
