"""The ZooKeeper board: a node per job, a sibling ephemeral `<job>.lock` per claim; any number of processes.

One `get_children` tells jobs and claims, a watch what has changed since. What is next, we decide.
"""

import contextlib
import logging
import threading
import time
from collections.abc import Callable, Collection, Iterable, Iterator
from typing import Any

from kazoo import exceptions
from oslo_config import cfg

from conductor.board.changes import Changes
from conductor.board.connection import AWAY, Connection
from conductor.board.election import Election
from conductor.board.endings import Endings
from conductor.board.nodes import LOCK, change, compare, job_of
from conductor.board.posting import Posting
from conductor.board.shelf import Entry, Shelf
from dbaas.db.operations import Job
from dbaas.exceptions import Unavailable

LOG = logging.getLogger(__name__)


class ZooKeeperBoard:
    """options: the group [board]; name: this process's, told to whoever looks at its claims."""

    shared = True

    def __init__(self, options: cfg.ConfigOpts, name: str):
        self._name = name.encode()
        self._resync = options.resync_interval
        self._shelf = Shelf()
        self._changed = threading.Condition()  # guards everything below
        self._turn = threading.Lock()  # one thread looks and claims at a time
        self._stale, self._turned_away = True, False  # stale: the whole board is to be looked at
        self._looked = 0.0
        self._since: list[tuple[str, bool]] | None = None  # what has changed since the look began that is under way
        self._lost: list[Callable[[str], None]] = []
        self._back: list[Callable[[], None]] = []
        self._connection = Connection(options, self._on_lost, self._on_connected)
        root = self._connection.root.rstrip('/')
        self._folder = f'{root}/jobs'
        self._changes = Changes(self._connection, self._folder, self._on_change)
        self._posting = Posting(self._connection, self._folder)
        self._endings = Endings(self._connection)
        self._election = Election(self._connection, f'{root}/elected', name, self._call_back)

    # -- posting -------------------------------------------------------------------------------------------------------
    def start(self) -> None:
        self._connection.start()

    @property
    def connected(self) -> bool:
        return self._connection.connected

    def post(self, jobs: Iterable[Job]) -> None:
        self._posting.post(jobs)

    # -- claiming ------------------------------------------------------------------------------------------------------
    def claim(self, known: Collection[tuple[str, int]], timeout: float) -> Job | None:
        deadline = time.monotonic() + timeout
        if timeout <= 0:
            self._mark_stale()
        while not self._turned_away:
            with self._turn:
                job = self._next(known)
            if job is not None:
                return job
            if not self._wait(known, deadline):
                return None
        return None

    def _wait(self, known: Collection[tuple[str, int]], deadline: float) -> bool:
        """Until there may be something new. -> False: the time is over."""
        with self._changed:
            now = time.monotonic()
            if now >= deadline or self._turned_away:
                return False
            if not self.connected:
                self._changed.wait(deadline - now)
            elif not self._stale and self._shelf.best(known, now) is None:
                wake = min([deadline, self._looked + self._resync, *self._shelf.embargoes(now)])
                self._changed.wait(max(wake - now, 0))
            return True

    def _next(self, known: Collection[tuple[str, int]]) -> Job | None:
        if not self.connected:
            self._connection.complain()
            return None
        try:
            return self._first_claimed(known)
        except AWAY:
            self._mark_stale()
        except exceptions.KazooException as error:  # not permitted, say; looked at again by the resync
            LOG.warning('the board %s cannot be used: %r', self._folder, error)
            self._looked = time.monotonic()
        return None

    def _first_claimed(self, known: Collection[tuple[str, int]]) -> Job | None:
        looked = False
        while not self._turned_away:
            now = time.monotonic()
            with self._changed:
                look = self._stale or now - self._looked >= self._resync
                entry = self._shelf.best(known, now)
            if look and not looked:
                self._look()
                looked = True
            elif entry is None:
                return None
            elif self._take(entry):
                return entry.job
        return None

    @contextlib.contextmanager
    def _recorded(self) -> Iterator[list[tuple[str, bool]]]:
        """What changes meanwhile: an answer that we wait for may be older."""
        with self._changed:
            since: list[tuple[str, bool]] = []
            self._since = since
        try:
            yield since
        finally:
            with self._changed:
                self._since = None

    def _look(self) -> None:
        with self._changed:
            self._stale = False
        with self._recorded() as since:
            try:
                children = self._listed()
            except exceptions.NoNodeError:  # a new, empty ensemble
                self._connection.answer(self._connection.make(self._folder))
                children = self._listed()
                self._call_back()
            with self._changed:
                lost = compare(self._shelf, children)
                for name, created in since:  # some are in the listing, some came after it: the last word counts
                    change(self._shelf, name, created)
                self._looked = time.monotonic()
        for operation_id in lost:
            self._tell_lost(operation_id)
        self._endings.dispel(self._folder, children)

    def _listed(self) -> list[str]:
        """Watched from before on."""
        watched = self._changes.watch()
        children = self._children()
        self._connection.answer(watched)
        return children

    def _children(self) -> list[str]:
        return self._connection.answer(self._connection.ask('get_children', self._folder))

    def _take(self, entry: Entry) -> bool:
        """Claim it, one transaction: the job is there, its version moves on, the lock is ours."""
        name = entry.job.name
        path = f'{self._folder}/{name}'
        with self._recorded() as since:
            steps = ('set_data', path, b''), ('create', f'{path}{LOCK}', self._name, None, True)
            claim = self._connection.commit('claim', *steps)
            try:
                stat, lock = self._connection.answer(claim)
            except AWAY:
                self._endings.doubt(name)
                raise
            with self._changed:
                return self._taken(entry, stat, lock, [one for one in since if one[0].removesuffix(LOCK) == name])

    def _taken(self, entry: Entry, stat: Any, lock: Any, since: list[tuple[str, bool]]) -> bool:
        """What the answers to a claim mean; since: what was told of the job meanwhile."""
        name = entry.job.name
        if not isinstance(stat, Exception) and not isinstance(lock, Exception):
            entry.claimed, entry.version = True, stat.version
            self._endings.sure(name)
            self._stale |= any(not created for _, created in since)
            return True
        if isinstance(stat, exceptions.NoNodeError):
            self._shelf.drop(name)
        elif isinstance(lock, exceptions.NodeExistsError):
            entry.claimed = True
        else:
            LOG.warning('job %s cannot be claimed: %r, %r', name, stat, lock)
            entry.not_before = time.monotonic() + self._resync
        for one in since:
            change(self._shelf, *one)
        return False

    # -- ends of claims ------------------------------------------------------------------------------------------------
    def consume(self, job: Job) -> None:
        with self._changed:
            entry = self._shelf.get(job.name)
            version = None if entry is None else entry.version
            if version is not None:
                self._shelf.drop(job.name)
        if version is not None:  # else the claim is lost: the job is whoever's has it now
            self._endings.consume(f'{self._folder}/{job.name}', version)

    def abandon(self, job: Job, delay: float) -> None:
        with self._changed:
            entry = self._shelf.get(job.name)
            if entry is None or entry.version is None:
                return
            version, entry.version = entry.version, None
            entry.claimed, entry.not_before = False, time.monotonic() + delay
            self._endings.doubt(job.name)  # should it not be heard, the lock is looked for
            self._changed.notify_all()
        self._endings.abandon(f'{self._folder}/{job.name}', version)

    # -- the whole board -----------------------------------------------------------------------------------------------
    def names(self) -> set[str]:
        if self.connected:
            with contextlib.suppress(*AWAY):
                with contextlib.suppress(exceptions.NoNodeError):
                    return {name for name in self._children() if not name.endswith(LOCK)}
                return set()
        self._connection.complain()
        raise Unavailable(f'ZooKeeper ({self._connection.hosts}) is away')

    def discard(self, names: Iterable[str]) -> None:
        wanted = {name for name in names if job_of(name) is not None}
        with contextlib.suppress(exceptions.KazooException):
            children = set(self._children()) if wanted else set()
            for name in wanted & children:
                if f'{name}{LOCK}' not in children:
                    self._connection.ask('delete', f'{self._folder}/{name}')

    def campaign(self) -> None:
        self._election.stand()

    def elected(self) -> bool:
        return self._election.mine

    # -- what happens --------------------------------------------------------------------------------------------------
    def listen(self, lost: Callable[[str], None], back: Callable[[], None]) -> None:
        self._lost.append(lost)
        self._back.append(back)

    def _mark_stale(self) -> None:
        with self._changed:
            self._stale = True
            self._changed.notify_all()

    def _on_change(self, name: str, created: bool) -> None:
        with self._changed:
            if self._since is not None:
                self._since.append((name, created))
            self._stale = not change(self._shelf, name, created) or self._stale
            if self._stale or created != name.endswith(LOCK):  # a job has come, or come free
                self._changed.notify_all()

    def _on_connected(self) -> None:
        self._posting.again()
        self._endings.again()
        self._election.again()
        self._mark_stale()
        self._call_back()

    def _on_lost(self) -> None:
        """The session is over and our locks with it."""
        self._election.lost()
        self._endings.forget()
        with self._changed:
            mine = [entry for entry in self._shelf if entry.version is not None]
            for entry in mine:
                entry.version = None
        for entry in mine:
            self._tell_lost(entry.job.operation_id)

    def _tell_lost(self, operation_id: str) -> None:
        for tell in self._lost:
            tell(operation_id)

    def _call_back(self) -> None:
        for call in self._back:
            call()

    # -- the end -------------------------------------------------------------------------------------------------------
    def turn_away(self) -> None:
        with self._changed:
            self._turned_away = True
            self._changed.notify_all()

    def leave(self) -> None:
        self.turn_away()
        with self._changed:
            mine = [entry.job for entry in self._shelf if entry.version is not None]
        for job in mine:
            self.abandon(job, 0)
        self._election.close()

    def close(self) -> None:
        self.leave()
        self._connection.close()
