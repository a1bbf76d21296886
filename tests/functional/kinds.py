"""Both kinds of deployment: a test of what they have in common runs on each of them."""

import contextlib
import pathlib
from collections.abc import Iterator
from typing import Any

import pytest

from tests.functional.cluster import Cluster
from tests.functional.deployment import Deployment

# Marked by kind: they are shared out among workers.
KINDS = [
    pytest.param(Deployment, id='embedded', marks=pytest.mark.xdist_group('embedded')),
    pytest.param(Cluster, id='cluster', marks=pytest.mark.xdist_group('cluster')),
]


@contextlib.contextmanager
def running(kind: type[Deployment], folder: pathlib.Path, **options: dict[str, Any]) -> Iterator[Deployment]:
    """One that is up, with these options; nothing of it is left at the end."""
    made = kind(folder)
    made.configure(**options)
    try:
        made.up()
        yield made
    finally:
        made.close()
