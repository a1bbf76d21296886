"""A server of a cluster that is away for a while."""

import contextlib
import signal
import time
from collections.abc import Iterator

from tests.functional.cluster import Cluster
from tests.waiting import until


@contextlib.contextmanager
def outage(cluster: Cluster, name: str, seconds: float, how: int = signal.SIGKILL) -> Iterator[None]:
    """It is killed before the block, and back after it; away for so long at least."""
    cluster.kill(name, how)
    back = time.monotonic() + seconds
    yield
    until(lambda: time.monotonic() > back, 2 * seconds, 'the outage is over')
    cluster.up()
