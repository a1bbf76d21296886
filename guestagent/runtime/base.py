"""What a datastore asks of that which runs its programs: one server that is found again, and helpers that end."""

import subprocess
from collections.abc import Mapping, Sequence
from typing import Protocol


class Runtime(Protocol):
    """Of one instance. All verbs bear repeating; failures are CommandError with the remedy."""

    def find(self, program: str, given: str | None, *, package: str, option: str) -> str:
        """What `start` and `run` take for `program`, or for the one `given` instead.

        package: what brings it; option: what names another, such as '[mariadb] server_binary'.
        """

    def facts(self, program: str) -> str:
        """Differs for every program that could make another data directory: another file, another image."""

    def run(
        self, command: Sequence[str], *, timeout: float, env: Mapping[str, str] | None = None,
        writes: Sequence[str] = (), holding: Sequence[int] = (),
    ) -> subprocess.CompletedProcess[str]:  # fmt: skip
        """A helper, as the agent's own user, to its end. timeout: seconds.

        writes: folders that it may write to; holding: locks that last as long as it, where the runtime can do that.
        """

    @property
    def ended_with(self) -> int | None:
        """Return code of the server that ended last; None: nobody saw it end."""

    def open(self) -> int | None:
        """A pidfd of the running server, the caller's to close; None: it does not run."""

    def running(self) -> bool: ...

    def adopt(self) -> bool:
        """Whether a server runs, one that no pid file names included."""

    def start(self, command: Sequence[str]) -> None:
        """`command` with the instance's mark added, as the server's own user, its output in the error log."""

    def stop(self, timeout: float) -> None:
        """Ask it to end; kill it after `timeout` seconds. Nothing of it is left but its files."""
