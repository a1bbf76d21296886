"""A minute of the random attack on a fleet; `make chaos` gives it more."""

import os
import pathlib

import pytest

from tests.functional.havoc import attack

SEED = int(os.environ.get('SEED', '0'))
MINUTES = float(os.environ.get('MINUTES', '1'))


@pytest.mark.slow
@pytest.mark.xdist_group('fleet')
def test_nothing_is_violated(tmp_path: pathlib.Path) -> None:
    violations = attack(tmp_path, SEED, MINUTES)
    assert not violations, f'seed {SEED}: {violations}'
