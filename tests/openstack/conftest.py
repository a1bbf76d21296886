"""What the tests of the bed itself use, and the house on it for the tests of every flow."""

import contextlib
import functools
import pathlib
import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.flows import harness
from tests.flows.conftest import Place, numbers_in_parts
from tests.flows.injection import Injection
from tests.flows.scenarios import INSTANCE, SCENARIOS
from tests.openstack import selection
from tests.openstack.hollow import HollowWorld
from tests.openstack.servers import Servers
from tests.servers.databases import Databases
from tests.servers.openstack.cloud import Cloud


@pytest.fixture
def servers(cloud: Cloud) -> Iterator[Servers]:
    made = Servers(cloud)
    yield made
    cloud.faults.clear()
    made.clear()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if selection.ALL:
        numbers_in_parts(metafunc, selection.PARTS)
    elif 'numbers' in metafunc.fixturenames:
        metafunc.parametrize('numbers', [[selection.POINT]], ids=['point'])


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    here = pathlib.Path(__file__).parent
    mine = {item for item in items if item.path.parent == here and item.path.stem in selection.MODULES}
    left_out = {item for item in mine if not selection.selected(item.name)}
    config.hook.pytest_deselected(items=list(left_out))
    items[:] = [item for item in items if item not in left_out]


@pytest.fixture
def disk(databases: Databases, tmp_path: pathlib.Path) -> Iterator[harness.Disk]:
    copy = shutil.copy(databases.migrated('sqlite').removeprefix('sqlite:///'), tmp_path / 'dbaas.sqlite')
    with contextlib.closing(harness.Disk(f'sqlite:///{copy}')) as made:
        yield made


@pytest.fixture(scope='module')
def furniture(driver: Any, openstack_cloud: Cloud) -> set[str]:
    """Ids of what is there before an instance is; whatever comes beside it is a trace of somebody."""
    openstack_cloud.faults.clear()
    driver.forget(INSTANCE)
    return {id for ids in driver.snapshot().values() for id in ids}


@pytest.fixture
def open_place(
    disk: harness.Disk, driver: Any, hollow: str, openstack_cloud: Cloud, furniture: set[str]
) -> Iterator[Callable[..., Place]]:
    """open_place(name, policy=None) -> Place whose cloud is the real one; nothing of any is left there."""
    harness.quiet()
    injection, opened = Injection(), []
    world = functools.partial(HollowWorld, driver=driver, furniture=furniture)
    asked = {'image': hollow, 'zone': None, 'flavor': driver.flavors()[0].to_dict()}

    def make(name: str, **options: Any) -> Place:
        if opened:
            driver.forget(INSTANCE)
        house = harness.House(disk, world=world, asked=asked, **options)
        opened.append(house)
        SCENARIOS[name].before(house)
        injection.began.clear()
        house.posted.clear()
        return Place(house, injection, name, house.slate())

    with injection.installed():
        yield make
    openstack_cloud.faults.clear()
    driver.forget(INSTANCE)
