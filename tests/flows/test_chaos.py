"""The random attack on the real engine. CHAOS_SEEDS sets how many seeds (`make chaos-engine`: thousands)."""

import os

import pytest

from tests.flows import chaos
from tests.flows.harness import quiet

SEEDS = int(os.environ.get('CHAOS_SEEDS', '300'))
FIRST = int(os.environ.get('CHAOS_FIRST', '0'))
PARTS = 10


@pytest.mark.parametrize('part', range(PARTS))
def test_nothing_is_violated(disk, kind, part):
    """The engine is the same on all; what only a server can do wrong shows in fewer seeds."""
    quiet()
    seeds = SEEDS if kind == 'sqlite' else SEEDS // 5
    for seed in range(FIRST + part, FIRST + seeds, PARTS):
        chaos.attack(disk, seed)
