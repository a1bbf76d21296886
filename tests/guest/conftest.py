"""Fixtures of the guest's tests: real agents, real servers."""

import os
import tempfile
from collections.abc import Iterator
from typing import Any

import pytest

from tests.guest.plane import AgentProcess, Plane
from tests.guest.wires import RabbitWire, UnixWire


@pytest.fixture(scope='session')
def templates() -> Iterator[str]:
    """One template for all tests of this run."""
    with tempfile.TemporaryDirectory(prefix='dbaas-templates-') as folder:
        yield folder


@pytest.fixture
def transport(request: pytest.FixtureRequest) -> str:
    """'unix' unless a module's tests run on both."""
    return getattr(request, 'param', 'unix')


@pytest.fixture
def wire(transport: str, request: pytest.FixtureRequest) -> Iterator[UnixWire | RabbitWire]:
    made: UnixWire | RabbitWire
    if transport == 'rabbit':
        made = RabbitWire(request.getfixturevalue('broker'))
    else:
        made = UnixWire(request.getfixturevalue('rpc_folder'))
    yield made
    made.close()


@pytest.fixture
def runtime(request: pytest.FixtureRequest) -> Iterator[dict[str, Any] | None]:
    """What runs the servers: a process unless a test runs on both (tests.guest.runtimes)."""
    if getattr(request, 'param', 'process') == 'process':
        yield None
        return
    if os.geteuid():
        pytest.skip('only root starts a dockerd')
    dockerd = request.getfixturevalue('dockerd')
    yield dockerd.choice()
    dockerd.clear()


@pytest.fixture
def plane(templates: str, wire: UnixWire | RabbitWire, runtime: dict[str, Any] | None) -> Iterator[Plane]:
    made = Plane(templates, wire, runtime)
    yield made
    made.close()


@pytest.fixture
def agent(plane: Plane) -> AgentProcess:
    return plane.agent()


@pytest.fixture
def database(agent: AgentProcess) -> AgentProcess:
    """An agent whose server runs, with nothing in it."""
    agent.prepare()
    agent.do('start', server_binary=None)
    return agent


@pytest.fixture
def rpc_folder() -> Iterator[str]:
    with tempfile.TemporaryDirectory(prefix='dbaas-', dir='/run' if os.geteuid() == 0 else None) as folder:
        yield folder + '/rpc'
