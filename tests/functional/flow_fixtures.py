"""Fixtures of a simulated deployment and of `dbaas-flow` on it: a pytest plugin."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.functional.flow_program import FlowProgram
from tests.functional.simulated_deployment import SimulatedDeployment


@pytest.fixture
def simulated(tmp_path: Any) -> Iterator[SimulatedDeployment]:
    """API, conductor and simulated world, running."""
    made = SimulatedDeployment(str(tmp_path))
    with made.working(), made.serving():
        yield made


@pytest.fixture
def flow(simulated: SimulatedDeployment) -> FlowProgram:
    return FlowProgram(simulated)
