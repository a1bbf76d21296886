"""A minute of the random attack on a fleet; `make chaos` gives it more."""

import os
import pathlib

import pytest

from tests.functional.fleet import Fleet
from tests.functional.havoc import Havoc

SEED = int(os.environ.get('SEED', '0'))
MINUTES = float(os.environ.get('MINUTES', '1'))


@pytest.mark.slow
@pytest.mark.xdist_group('fleet')
def test_nothing_is_violated(tmp_path: pathlib.Path) -> None:
    fleet = Fleet(tmp_path)
    try:
        fleet.up()
        havoc = Havoc(fleet, SEED)
        havoc.rage(60 * MINUTES)
        violations = havoc.rest()
    finally:
        fleet.close()
    print(havoc.story())
    assert not violations, f'seed {SEED}: {violations}'
