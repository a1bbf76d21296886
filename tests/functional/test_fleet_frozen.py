"""A conductor that is frozen in mid-step for longer than its session, and thaws: it writes nothing, and what its late
calls have made goes."""

from collections.abc import Iterator

import pytest

from dbaas.cloud.simulated.control import twice
from tests.functional import overtaken, verdict
from tests.functional.commits import HeldCommits
from tests.functional.fleet import PATIENCE, Fleet
from tests.waiting import until

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group('fleet-frozen')]

FIRST, SECOND = 'conductor-1', 'conductor-2'


@pytest.fixture(scope='module')
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    with overtaken.served(tmp_path_factory.mktemp('frozen')) as made:
        yield made


def test_late_calls_of_a_frozen_conductor(fleet: Fleet) -> None:
    """Each has looked, then slept; another conductor has made the thing before this one goes on and makes it again."""
    created = overtaken.hold_in_calls(fleet, FIRST)
    fleet.begin(SECOND)
    fleet.freeze(FIRST)
    overtaken.finished_by(fleet, SECOND, created)
    fleet.control.clear()
    until(lambda: len(twice(fleet.control.effects())) == len(overtaken.THINGS), PATIENCE, 'the late calls')
    overtaken.swept(fleet, created)
    fleet.thaw(FIRST)
    overtaken.given_up(fleet, FIRST, created)
    assert fleet.control.refused() == 1, 'the late command'
    assert verdict.violations(fleet, late=True) == []
    overtaken.works_alone(fleet, FIRST, SECOND)


def test_frozen_in_the_midst_of_a_transaction(fleet: Fleet) -> None:
    """It keeps its rows locked; the database ends what it began."""
    fleet.end(FIRST)
    fleet.end(SECOND)
    created = fleet.create(1, 'locked')
    commits = HeldCommits(fleet)
    try:
        commits.hold(created[0][1], 'create-volume')
        fleet.begin(FIRST)
        until(lambda: commits.waiting(), PATIENCE, 'the commit')
        fleet.begin(SECOND)
        fleet.freeze(FIRST)
        commits.release(created[0][1])
        overtaken.finished_by(fleet, SECOND, created)
    finally:
        commits.close()
    fleet.thaw(FIRST)
    overtaken.works_alone(fleet, FIRST, SECOND)
    assert verdict.violations(fleet, late=True) == []
