"""The tests' RabbitMQ: real, private, and one for all of a run."""

import os
import shutil
import signal
import tempfile
from collections.abc import Iterator

import pytest

from dbaas.cli.cluster.rabbitmq import SCRIPT, RabbitMQ


@pytest.fixture(scope='session')
def broker() -> Iterator[RabbitMQ]:
    """One RabbitMQ for all tests of this run, started by the first that asks; below a deep folder."""
    if not os.access(SCRIPT, os.X_OK):
        pytest.skip('rabbitmq-server is not installed')
    folder = tempfile.mkdtemp(prefix='dbaas-broker-')
    made = RabbitMQ(os.path.join(folder, *['deep' * 10] * 4))
    try:
        made.start()
        yield made
    finally:
        made.stop(signal.SIGKILL)
        shutil.rmtree(folder)
