"""What a board is: it holds what can run now. It may be lost; SQL fills it again."""

from collections.abc import Callable, Collection, Iterable
from typing import Protocol

from dbaas.db.operations import Job


class Board(Protocol):
    """shared: other processes claim here, too, and this one sees their claims."""

    shared: bool

    @property
    def connected(self) -> bool:
        """Whether jobs can be posted and claimed now."""

    def start(self) -> None:
        """Connect, in the background: what uses the board starts without it. Repeatable."""

    def post(self, jobs: Iterable[Job]) -> None:
        """Put jobs up; one that is there already, free or claimed, is left alone. Never waits, never raises."""

    def claim(self, known: Collection[tuple[str, int]], timeout: float) -> Job | None:
        """The best free job among the (type, version) pairs of `known`; None after `timeout` seconds without one.

        With 0 seconds the board is looked at anew.
        """

    def consume(self, job: Job) -> None:
        """It has run as far as it goes. If others have claimed it meanwhile, it stays theirs."""

    def abandon(self, job: Job, delay: float) -> None:
        """Give it back; offered here again after `delay` seconds."""

    def names(self) -> set[str]:
        """Names of all jobs on the board, free or claimed. Raises Unavailable when it cannot be asked."""

    def discard(self, names: Iterable[str]) -> None:
        """Remove those of these jobs that nobody has claimed."""

    def campaign(self) -> None:
        """Stand for election: the duties that one conductor has for all can be this process's from now on."""

    def elected(self) -> bool:
        """Whether they are this process's."""

    def listen(self, lost: Callable[[str], None], back: Callable[[], None]) -> None:
        """lost(operation id): this process's claim is gone, others may have it.

        back(): connected again, or elected: look now what is missing. Both are called from a thread of the board's and
        must return at once.
        """

    def turn_away(self) -> None:
        """Whoever waits in `claim` or comes later gets nothing."""

    def leave(self) -> None:
        """Turned away; claims that are left and the elected duties are others' at once. Posting goes on."""

    def close(self) -> None:
        """Left, and posting ends."""
