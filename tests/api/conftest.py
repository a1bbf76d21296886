"""An API on a real SQLite database with the simulated cloud; jobs are recorded, nobody runs them."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.api import logins
from tests.api.house import House


@pytest.fixture
def house(template: str, tmp_path: Any) -> Iterator[House]:
    made = House(template, str(tmp_path))
    yield made
    made.db.close()


@pytest.fixture(scope='module')
def shared(template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    made = House(template, str(tmp_path_factory.mktemp('shared')), quota_instances=-1, quota_volumes=-1)
    yield made
    made.db.close()


@pytest.fixture
def steady(shared: House) -> House:
    """One house for a whole file: what is refused changes nothing, and each test makes sure of that."""
    shared.posted.clear()
    return shared


@pytest.fixture
def people(house: House) -> House:
    """Some of them have passwords."""
    return logins.with_passwords(house)
