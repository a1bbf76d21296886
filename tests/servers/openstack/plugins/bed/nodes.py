"""The hosts of the cloud and the ids of their nodes: the same after each restart, or Nova refuses to start."""

import pathlib
import uuid

HOSTS = ('compute-1', 'compute-2', 'compute-3')
_SPACE = uuid.UUID('a7cbaf0c-5ad5-5d0c-a4a5-5a2f9b0c1d3e')


def identity(host: str) -> str:
    return str(uuid.uuid5(_SPACE, host))


def write(folder: str) -> None:
    """What Nova looks for where it keeps its state. All hosts are one process, so one of them is enough."""
    pathlib.Path(folder, 'compute_id').write_text(identity(HOSTS[0]))
