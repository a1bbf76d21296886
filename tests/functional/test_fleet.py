"""Conductors that come, go, freeze and die, on real servers and a simulated cloud with faults: work is done once."""

from collections.abc import Iterator

import pytest

from tests.functional import verdict
from tests.functional.fleet import Fleet

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group('fleet')]


@pytest.fixture(scope='module')
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    made = Fleet(tmp_path_factory.mktemp('fleet'))
    try:
        made.up()
        yield made
    finally:
        made.close()


def ended(fleet: Fleet, operations: list[str]) -> None:
    """They have succeeded, and nothing that must hold does not."""
    states = fleet.settled()
    assert {states[one] for one in operations} == {'SUCCEEDED'}, verdict.held(fleet)
    assert verdict.violations(fleet) == []


def faults(fleet: Fleet) -> None:
    """The cloud is slow, busy, broken, and hangs up after it has done what was asked."""
    control = fleet.control
    for seed, (effect, when) in enumerate([('503', 'before'), ('429', 'before'), ('500', 'after'), ('drop', 'after')]):
        control.fault('cloud.*', effect, when=when, probability=0.05, seed=seed)
    control.fault('cloud.*', 'latency', probability=0.3, seconds=(0.001, 0.02))


def test_many_creates_while_a_conductor_dies_and_one_comes(fleet: Fleet) -> None:
    faults(fleet)
    created = fleet.create(30, 'dying')
    fleet.kill('conductor-1')
    another = fleet.add_conductor()
    ended(fleet, [operation for _, operation in created])
    fleet.remove_conductor(another)
    fleet.begin('conductor-1')


def test_a_frozen_conductor_leaves_nothing_when_it_thaws(fleet: Fleet) -> None:
    created = fleet.create(10, 'frozen')
    fleet.freeze('conductor-2')
    states = fleet.settled()
    fleet.thaw('conductor-2')
    assert {states[operation] for _, operation in created} == {'SUCCEEDED'}
    ended(fleet, [operation for _, operation in created])


@pytest.mark.parametrize('server', ['simulator', 'zookeeper', 'sql'])
def test_a_server_goes_and_comes_while_instances_are_made_and_removed(fleet: Fleet, server: str) -> None:
    created = fleet.create(6, server)
    fleet.kill(server)
    fleet.restart(server)
    ended(fleet, [operation for _, operation in created])
    ended(fleet, [fleet.delete(instance) for instance, _ in created])
