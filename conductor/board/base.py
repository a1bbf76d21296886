"""What a board is: it holds what can run now. It may be lost; SQL fills it again."""

from collections.abc import Callable, Collection, Iterable
from typing import Protocol

from dbaas.db.operations import Job


class Board(Protocol):
    def start(self) -> None:
        """Connect, in the background: whoever uses the board can start without it. Repeatable."""

    def post(self, jobs: Iterable[Job]) -> None:
        """Put jobs up; one that is there already, free or claimed, is left alone. Never waits, never raises."""

    def claim(self, known: Collection[tuple[str, int]], timeout: float) -> Job | None:
        """The best free job among the (type, version) pairs of `known`; None after `timeout` seconds without one."""

    def consume(self, job: Job) -> None:
        """It has run as far as it goes. What others have claimed since stays theirs."""

    def abandon(self, job: Job, delay: float) -> None:
        """Give it back; offered again after `delay` seconds."""

    def names(self) -> set[str]:
        """Names of all jobs on the board, free or claimed. Raises Unavailable when it cannot be asked."""

    def discard(self, names: Iterable[str]) -> None:
        """Remove jobs that nobody has claimed and nobody can run any more."""

    def elected(self) -> bool:
        """Whether the duties that only one conductor has are this one's."""

    def listen(self, lost: Callable[[str], None], back: Callable[[], None]) -> None:
        """lost(operation id): this process's claim is gone, others may have it. back(): look what is missing now.

        Both are called from a thread of the board's and must return at once.
        """

    def close(self) -> None:
        """Turn away whoever waits in `claim`; claims that are left are given back at once. Posting goes on nowhere."""
