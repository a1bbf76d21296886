"""The nodes of a ZooKeeper board: `<job>` with its type, `<job>.lock` while it is claimed. What a listing says."""

import json
from collections.abc import Collection

from conductor.board.shelf import Shelf
from dbaas.db.operations import Job

LOCK = '.lock'


def content(job: Job) -> bytes:
    """A node's data: what a conductor must know before it claims, nothing else."""
    return json.dumps({'type': job.type, 'version': job.version}).encode()


def job_of(name: str, data: bytes) -> Job:
    """What is not understood is a job of no type: nobody runs it, everybody leaves it alone."""
    try:
        said = json.loads(data)
        return Job.named(name, str(said['type']), int(said['version']))
    except (ValueError, KeyError, TypeError):
        return nameless(name)


def nameless(name: str) -> Job:
    """The job of that name, its type unknown. Raises ValueError when it is not the name of a job."""
    return Job.named(name, '', 0)


def is_job(name: str) -> bool:
    """Neither a lock nor somebody else's node."""
    if name.endswith(LOCK):
        return False
    try:
        nameless(name)
    except ValueError:
        return False
    return True


def locked(children: Collection[str]) -> set[str]:
    """Names of the jobs that have a lock."""
    return {name.removesuffix(LOCK) for name in children if name.endswith(LOCK)}


def compare(shelf: Shelf, children: Collection[str]) -> list[str]:
    """Shelf and board are the same afterwards. -> operations whose claim here has vanished."""
    lost, locks = [], locked(children)
    names = {name for name in children if name in shelf or is_job(name)}
    for name in shelf.names() - names:
        entry = shelf.drop(name)
        if entry is not None and entry.version is not None:
            lost.append(nameless(name).operation_id)
    for name in sorted(names):
        entry = shelf.get(name) or shelf.put(nameless(name), known=False)
        entry.claimed = name in locks
        if entry.version is not None and not entry.claimed:
            entry.version = None
            lost.append(nameless(name).operation_id)
    return lost
