"""The nodes of a ZooKeeper board: `<job>`, and `<job>.lock` while it is claimed. What a listing says."""

from collections.abc import Collection

from conductor.board.shelf import Shelf
from dbaas.db.operations import Job

LOCK = '.lock'


def job_of(name: str) -> Job | None:
    """None: a lock, or somebody else's node."""
    try:
        return None if name.endswith(LOCK) else Job.named(name)
    except ValueError:
        return None


def locked(children: Collection[str]) -> set[str]:
    """Names of the jobs that have a lock."""
    return {name.removesuffix(LOCK) for name in children if name.endswith(LOCK)}


def change(shelf: Shelf, name: str, created: bool) -> bool:
    """A node has come or gone. -> False: one of a claim of ours, about which only a listing says what is so now."""
    entry = shelf.get(name.removesuffix(LOCK))
    if name.endswith(LOCK):
        if entry is not None and entry.version is None:
            entry.claimed = created
        return created or entry is None or entry.version is None
    if created:
        job = job_of(name)
        if job is not None:
            shelf.put(job)
        return True
    if entry is not None and entry.version is None:
        shelf.drop(name)
    return entry is None or entry.version is None


def compare(shelf: Shelf, children: Collection[str]) -> list[str]:
    """Shelf and board are the same afterwards. -> operations whose claim here has vanished."""
    lost, locks = [], locked(children)
    there = set(children)
    for name in shelf.names() - there:
        entry = shelf.drop(name)
        if entry is not None and entry.version is not None:
            lost.append(entry.job.operation_id)
    new = [job for name in there if name not in shelf and (job := job_of(name)) is not None]
    for job in sorted(new, key=lambda job: job.operation_id):  # any order that prefers nobody
        shelf.put(job)
    for entry in shelf:
        entry.claimed = entry.job.name in locks
        if entry.version is not None and not entry.claimed:
            entry.version = None
            lost.append(entry.job.operation_id)
    return lost
