"""Two releases side by side: an operation of a flow's version runs where that is known, and is left alone elsewhere."""

import pathlib
import shlex
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from tests.functional import other_version, verdict
from tests.functional.fleet import PATIENCE, Fleet
from tests.functional.overtaken import claimed_by
from tests.waiting import until

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group('fleet-versions')]

OLD, NEW = 'conductor-1', 'conductor-2'


def of_another_release(folder: pathlib.Path, program: str) -> str:
    """The path of an executable that takes the same options."""
    path = folder / program
    words = [sys.executable, other_version.__file__, program]
    path.write_text(f'#!/bin/sh\nexec {shlex.join(words)} "$@"\n')
    path.chmod(0o755)
    return str(path)


@pytest.fixture(scope='module')
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    folder = tmp_path_factory.mktemp('versions')
    made = Fleet(folder, conductors=1)
    try:
        made.up()
        assert made.add_conductor(of_another_release(folder, 'dbaas-conductor')) == NEW
        yield made
    finally:
        made.close()


def why(fleet: Fleet, operation: str) -> Any:
    return fleet.call('GET', f'/operations/{operation}/why').json()['why']


def reached(fleet: Fleet, operation: str, state: str) -> None:
    until(lambda: fleet.states()[operation] == state, PATIENCE, f'{operation} is {state}')


def worked_meanwhile(fleet: Fleet) -> None:
    """Whoever runs has looked at the whole board and done something of both releases."""
    done = fleet.call('POST', '/operations', {'type': 'demo.wait', 'inputs': {'seconds': 1}}).json()
    reached(fleet, done['operation']['id'], 'SUCCEEDED')


def test_each_runs_what_it_knows(fleet: Fleet, tmp_path: pathlib.Path) -> None:
    before = fleet.create(8, 'before')
    for _, operation in before:
        reached(fleet, operation, 'SUCCEEDED')
    assert {name for _, o in before for name in claimed_by(fleet, o)} == {OLD}

    # the one that knows version 1 goes: the other leaves it alone
    fleet.end(OLD)
    ((_, waiting),) = fleet.create(1, 'waiting')
    worked_meanwhile(fleet)
    worked_meanwhile(fleet)
    assert fleet.states()[waiting] == 'QUEUED' and claimed_by(fleet, waiting) == []

    # the API is upgraded; what it accepts now is of version 2
    fleet.replace_api(of_another_release(tmp_path, 'dbaas-api'))
    fleet.begin('api')
    said = why(fleet, waiting)
    assert 'needs flow instance.create version 1, which this program does not know' in said['summary']
    assert 'leaves it alone' in said['advice'][0]
    ((_, newer),) = fleet.create(1, 'newer')
    reached(fleet, newer, 'SUCCEEDED')
    assert set(claimed_by(fleet, newer)) == {NEW} and ('check-endpoint', 1) in fleet.done(newer)
    assert fleet.states()[waiting] == 'QUEUED' and claimed_by(fleet, waiting) == []

    # it is back and goes on with its own, and leaves the newer ones alone
    fleet.end(NEW)
    ((_, newest),) = fleet.create(1, 'newest')
    fleet.begin(OLD)
    reached(fleet, waiting, 'SUCCEEDED')
    assert set(claimed_by(fleet, waiting)) == {OLD} and ('check-endpoint', 1) not in fleet.done(waiting)
    worked_meanwhile(fleet)
    assert fleet.states()[newest] == 'QUEUED' and claimed_by(fleet, newest) == []
    fleet.begin(NEW)
    reached(fleet, newest, 'SUCCEEDED')
    assert set(claimed_by(fleet, newest)) == {NEW}
    assert verdict.violations(fleet) == []
