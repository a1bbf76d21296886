"""Real deployments in temporary directories, gone after the test."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.servers.deployment import Deployment


@pytest.fixture
def deployment() -> Iterator[Deployment]:
    with tempfile.TemporaryDirectory(prefix='dbaas-test-') as folder:
        made = Deployment(Path(folder) / 'state')
        yield made
        made.run('down')
        if made.up is not None:
            made.up.wait(10)
        shutil.rmtree(made.state, ignore_errors=True)
