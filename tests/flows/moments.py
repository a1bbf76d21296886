"""Doing something at one exact moment of a run, and dying there."""

from collections.abc import Callable

import pytest

from dbaas.db import operations
from tests.flows.frozen import Frozen
from tests.flows.harness import House, Killed
from tests.flows.injection import DO, Injection
from tests.flows.toy import ToyHouse


def die_at(house: ToyHouse, point: str, count: int) -> None:
    """Work, die at the `count`th such point of a commit, and start again from SQL."""
    left = [count]

    def hook(here: str) -> None:
        left[0] -= here == point
        if here == point and left[0] == 0:
            raise Killed

    house.hook = hook
    with pytest.raises(Killed):
        house.run()
    house.restart()


def at_begin(house: House, number: int, what: Callable[[], object]) -> None:
    """Do `what` when the `number`th transaction from now is about to begin: between the last one and its fence."""
    seen = [0]

    def hook(point: str) -> None:
        seen[0] += point == 'begin'
        if point == 'begin' and seen[0] == number:
            what()

    house.hook = hook


def during(injection: Injection, step: str, what: Callable[[], object], way: str = DO) -> None:
    """Do `what` when `step` begins, once."""
    done: list[str] = []

    def watch(_run: object, name: str, now: str) -> None:
        if (name, now) == (step, way) and not done:
            done.append(name)
            what()

    injection.watches.append(watch)


def finish_elsewhere(house: House) -> None:
    """All commands end and their reports come in through another process."""
    mine, house.reports._db = house.reports._db, house.disk.other
    try:
        for instance_id, command_id in house.world.guests.running():
            house.world.guests.finish(instance_id, command_id)
        house.world.settle()
    finally:
        house.reports._db = mine


def take_over(house: House) -> None:
    """The session of whoever has claimed is over: the job is free again, as the reconciler finds it."""
    for name in house.board.names():
        house.board.consume(next(job for job in house.posted if job.name == name))
    with house.db.read() as c:
        house.post(operations.lost_jobs(c, None))


def thaw_and_see(house: ToyHouse, frozen: Frozen) -> None:
    """A stale one changes no row and no guest; what its late cloud call made is the reconciler's to remove."""
    stale, before, effects = frozen.stale(), house.rows(), house.remains()[1:]
    executed = house.world.executed()
    frozen.thaw()
    if stale:
        assert house.rows() == before, 'a stale conductor wrote'
        assert house.remains()[1:] == effects and house.world.executed() == executed
