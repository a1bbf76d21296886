"""The election of the conductor that has the duties of all, on a real ZooKeeper."""

import threading
from collections.abc import Callable
from typing import Any

import pytest

from conductor.board.zookeeper import ZooKeeperBoard
from tests.unit.conductor.conftest import expire
from tests.waiting import until


def campaign(*boards: ZooKeeperBoard) -> tuple[ZooKeeperBoard, ZooKeeperBoard]:
    """-> the elected one, the other."""
    for board in boards:
        board.campaign()
    until(lambda: sum(board.elected() for board in boards) == 1, 20, 'the election')
    one, two = sorted(boards, key=lambda board: not board.elected())
    return one, two


def moves_by(how: Callable[[ZooKeeperBoard], None]) -> Any:
    return pytest.param(how, id=how.__name__)


@pytest.mark.parametrize('how', [moves_by(expire), moves_by(ZooKeeperBoard.leave), moves_by(ZooKeeperBoard.close)])
def test_elections_move(pair: tuple[ZooKeeperBoard, ZooKeeperBoard], how: Callable[[ZooKeeperBoard], None]) -> None:
    elected, other = campaign(*pair)
    called = threading.Event()
    other.listen(lambda operation: None, called.set)
    how(elected)
    until(lambda: other.elected() or elected.elected(), 20, 'the next one')
    if how is not expire:  # then the old one may have been quicker
        until(other.elected, 20, 'the other one')
        assert called.wait(30)
    assert not (other.elected() and elected.elected())


def test_who_only_posts_is_never_elected(pair: tuple[ZooKeeperBoard, ZooKeeperBoard]) -> None:
    pair[0].campaign()
    until(pair[0].elected, 20, 'the election')
    pair[0].close()
    assert not pair[1].elected()
