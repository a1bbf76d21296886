"""What a board is: it holds what can run now. It may be lost; SQL fills it again."""

from collections.abc import Collection, Iterable
from typing import Protocol

from dbaas.db.operations import Job


class Board(Protocol):
    def post(self, jobs: Iterable[Job]) -> None:
        """Put jobs up; one that is there already, free or claimed, is left alone."""

    def claim(self, known: Collection[tuple[str, int]], timeout: float) -> Job | None:
        """The best free job among the (type, version) pairs of `known`; None after `timeout` seconds without one."""

    def consume(self, job: Job) -> None:
        """It has run as far as it goes."""

    def abandon(self, job: Job, delay: float) -> None:
        """Give it back; offered again after `delay` seconds."""

    def names(self) -> set[str]:
        """Names of all jobs on the board, free or claimed."""

    def close(self) -> None:
        """Wake up and turn away whoever waits in `claim`."""
