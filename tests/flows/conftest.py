"""Fixtures: a place = one deployment in which any registered flow can be started and disturbed."""

import contextlib
import dataclasses
import functools
import os
import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from flows import registry
from flows.graph import Graph
from tests.fixtures import every_kind
from tests.flows import harness, photograph, toy
from tests.flows.injection import Injection
from tests.flows.scenarios import SCENARIOS, Scenario
from tests.servers.databases import Databases


@dataclasses.dataclass
class Place:
    """One operation of one deployment, about to be started."""

    house: harness.House
    injection: Injection
    name: str
    before: dict[str, Any]  # the slate just before it was asked for

    @property
    def scenario(self) -> Scenario:
        return SCENARIOS[self.name]

    def start(self) -> str:
        return self.scenario.start(self.house)

    def succeeded(self, operation_id: str) -> None:
        """It has, with one result, and nothing of it is locked, waiting or unanswered."""
        assert self.house.state(operation_id) == 'SUCCEEDED', self.house.operation(operation_id).reason
        self.scenario.succeeded(self.house, operation_id)
        left = self.house.rows('operation_lock', 'operation_wait', 'command_report', 'operation_request')
        assert not [r for r in left.pop('operation_request') if r['state'] == 'new']
        assert not any(left.values()), left
        resources = self.house.world.snapshot()['resources']
        assert len(set(resources)) == len(resources), 'something was made twice'

    def clean(self) -> None:
        """Nothing is left of it but its own story, and for a create the ERROR instance."""
        now, before = self.house.slate(), dict(self.before)
        for table in self.scenario.told:
            del now[table], before[table]
        for table in self.scenario.leaves:
            left = [row for row in now.pop(table) if row not in before[table]]
            del before[table]
            assert [row['status'] for row in left] == ['ERROR'] and left[0]['fault']
            assert not left[0]['addresses'] and not left[0]['server_id'] and not left[0]['volume_id']
        assert now == before


kind = every_kind()

# What every flow must pass says something of flows, not of databases: on servers only with DBAAS_TEST_DATABASES=all.
OF_FLOWS = ('test_declarations', 'test_every_flow', 'test_every_flow_stops', 'test_every_flow_killed')


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if os.environ.get('DBAAS_TEST_DATABASES') == 'all':
        return
    left_out = {item for item in items if item.path.stem in OF_FLOWS and _kind_of(item) not in (None, 'sqlite')}
    config.hook.pytest_deselected(items=list(left_out))
    items[:] = [item for item in items if item not in left_out]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    numbers_in_parts(metafunc, 4)


def numbers_in_parts(metafunc: pytest.Metafunc, count: int) -> None:
    """`numbers` of the points of a run, from 1 to more than any has, split so that they can run side by side."""
    if 'numbers' in metafunc.fixturenames:
        parts = [range(1 + part, 1000, count) for part in range(count)]
        metafunc.parametrize('numbers', parts, ids=[f'part{part}' for part in range(count)])


def _kind_of(item: pytest.Item) -> str | None:
    call = getattr(item, 'callspec', None)
    return None if call is None else call.params.get('kind')


@pytest.fixture(scope='session')
def disks(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], harness.Disk]]:
    """disks(kind) -> the one of this session."""

    @functools.cache
    def of(kind: str) -> harness.Disk:
        url = databases.migrated(kind)
        if kind == 'sqlite':  # that one stays without rows: other suites copy it
            copy = tmp_path_factory.mktemp('disk') / 'dbaas.sqlite'
            url = f'sqlite:///{shutil.copy(url.removeprefix("sqlite:///"), copy)}'
        return made.enter_context(contextlib.closing(harness.Disk(url)))

    with contextlib.ExitStack() as made:
        yield of


@pytest.fixture
def disk(kind: str, disks: Callable[[str], harness.Disk]) -> harness.Disk:
    """Not of the session itself: pytest would keep it for a module that names its kinds directly."""
    return disks(kind)


@pytest.fixture(scope='session')
def photographs() -> dict[str, photograph.Photograph]:
    """Operation -> what exists before it is asked for; filled by the first test that needs one."""
    return {}


@pytest.fixture
def open_place(disk: harness.Disk, photographs: dict[str, photograph.Photograph]) -> Iterator[Callable[..., Place]]:
    """open_place(name, policy=None) -> Place on an empty disk, everything that must exist before in place."""
    harness.quiet()
    injection = Injection()

    def make(name: str, **options: Any) -> Place:
        house = harness.House(disk, **options)
        if name in photographs:
            photograph.put_back(house, photographs[name])
        else:
            SCENARIOS[name].before(house)
            photographs[name] = photograph.take(house)
        injection.began.clear()
        house.posted.clear()
        return Place(house, injection, name, house.slate())

    with injection.installed():
        yield make


@pytest.fixture
def injection() -> Iterator[Injection]:
    """Toys in the place of creates, open to failures, repetitions and watches."""
    harness.quiet()
    with toy.installed() as found:
        yield found


@pytest.fixture
def open_toy(disk: harness.Disk, injection: Injection) -> Callable[..., toy.ToyHouse]:
    """open_toy(spec, policy=None) -> a house in which this toy has been accepted."""
    return lambda spec, **options: toy.ToyHouse(disk, spec, **options)


def graph_of(name: str, version: int = 1) -> Graph:
    return Graph(registry.build(name, version))


def every_step() -> list[Any]:
    """(operation, step) of every registered flow, as pytest parameters."""
    pairs = [(name, step) for name, version in registry.OPERATIONS for step in graph_of(name, version).steps]
    return [pytest.param(name, step, id=f'{name}:{step}') for name, step in pairs]


def every_flow() -> list[str]:
    return [name for name, _ in registry.OPERATIONS]


def past_return(name: str, step: str) -> bool:
    """Whether no abort is possible once this step has begun."""
    graph = graph_of(name)
    return any(graph.steps[s].irreversible for s in {step} | graph.before[step])


def undoable() -> list[Any]:
    """(operation, step) of the flows that can be undone as a whole."""
    return [p for p in every_step() if not any(s.irreversible for s in graph_of(p.values[0]).steps.values())]
