"""A deployment of a test's own, where the module shares none."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.functional.deployment import Deployment


@pytest.fixture
def deployment(tmp_path: Path) -> Iterator[Deployment]:
    made = Deployment(tmp_path)
    yield made
    made.close()
