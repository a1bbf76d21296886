"""Following an operation: nothing shown twice, patience with a restarting API, an end for every state."""

from typing import Any

import pytest

from dbaas.cli.flow import errors
from dbaas.cli.flow.watch import Seen, follow


class Clock:
    """Time that passes only in sleep."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def _follow(looks: list[Any], timeout: float | None = None, patience: float = 5) -> list[Seen]:
    clock, answers = Clock(), iter(looks)

    def look() -> Seen:
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        state, *seqs = answer
        return {'state': state}, [{'seq': seq} for seq in seqs]

    seen = follow(look, interval=1, timeout=timeout, patience=patience, clock=clock, sleep=clock.sleep)
    return list(seen)


@pytest.mark.parametrize('state', errors.OF_STATE)
def test_it_ends_where_the_operation_rests(state: str) -> None:
    seen = _follow([('RUNNING', 1), ('PAUSED', 1, 2), (state, 1, 2, 3)])
    assert [operation['state'] for operation, _ in seen] == ['RUNNING', 'PAUSED', state]
    assert [[event['seq'] for event in events] for _, events in seen] == [[1], [2], [3]]


def test_a_restarting_api_is_waited_for() -> None:
    down = errors.Unreachable('down')
    assert [o['state'] for o, _ in _follow([('RUNNING',), down, down, ('SUCCEEDED',)])] == ['RUNNING', 'SUCCEEDED']


def test_patience_ends() -> None:
    with pytest.raises(errors.Unreachable):
        _follow([('RUNNING',), *[errors.Unreachable('down')] * 10], patience=3)


def test_an_api_that_never_answered_is_not_waited_for() -> None:
    with pytest.raises(errors.Unreachable):
        _follow([errors.Unreachable('down'), ('SUCCEEDED',)])


def test_timeout() -> None:
    assert [o['state'] for o, _ in _follow([('RUNNING',)] * 10, timeout=3)] == ['RUNNING'] * 4
