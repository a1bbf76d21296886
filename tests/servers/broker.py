"""The tests' RabbitMQ: real, private, and one for all of a run."""

import os
import pathlib
import shutil
import signal
import tempfile
from collections.abc import Iterator

import pytest

from dbaas.cli.cluster.rabbitmq import SCRIPT, RabbitMQ
from dbaas.exceptions import Unavailable
from tests.servers.authority import Authority


@pytest.fixture(scope='session')
def broker() -> Iterator[RabbitMQ]:
    """One RabbitMQ for all tests of this run, started by the first that asks; below a deep folder, also with TLS."""
    if not os.access(SCRIPT, os.X_OK):
        pytest.fail('rabbitmq-server is missing: install the package rabbitmq-server')
    folder = tempfile.mkdtemp(prefix='dbaas-broker-')
    proof = Authority(pathlib.Path(folder), 'ours').issue('broker')
    files = {'ca': f'{folder}/ours.pem', 'cert': str(proof), 'key': str(proof.with_suffix('.key'))}
    made = RabbitMQ(os.path.join(folder, *['deep' * 10] * 4), tls=files)
    try:
        made.start()
        yield made
    except Unavailable:
        print(made.log())
        raise
    finally:
        made.stop(signal.SIGKILL)
        shutil.rmtree(folder)
