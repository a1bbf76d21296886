"""What the agent asks of a datastore: an object per concern. A datastore is a folder that composes them."""

import dataclasses
from typing import Any, Protocol

from guestagent.runtime.runtimes import Runtimes


class Service(Protocol):
    """The server itself. All verbs bear repeating; failures are CommandError."""

    def warm(self, server_binary: str | None, install_binary: str | None) -> None:
        """Make beforehand what the first prepare on a host would have to make."""

    def prepare(self, args: dict[str, Any]) -> dict[str, Any]:
        """The volume attached, the data directory made, the configuration written -> {'version'}.

        args['used']: a server ran on it before, so nothing that is there is made anew.
        """

    def start(
        self, server_binary: str | None, databases: list[dict[str, Any]], users: list[dict[str, Any]]
    ) -> dict[str, Any]:
        """The server answers a query, and has these databases and users -> {'version'}."""

    def stop(self, timeout: float) -> None: ...

    def wipe(self) -> None:
        """Nothing of it is left on the volume, which is detached."""

    def adopt(self) -> bool:
        """Whether the server runs; one that an earlier agent started is ours now."""

    def pidfd(self) -> int | None:
        """A descriptor of the running server, the caller's to close."""

    def ill(self) -> str | None:
        """Why a real query is not answered; None: it is."""

    def set_read_only(self, on: bool) -> None:
        """Raises CommandError when it is not to be had now."""


class Databases(Protocol):
    def create(self, databases: list[dict[str, Any]]) -> None:
        """[{name, character_set?, collate?}]"""


class Users(Protocol):
    def create(self, users: list[dict[str, Any]]) -> None:
        """[{name, host?, verifier, databases?: [names]}]"""


@dataclasses.dataclass(frozen=True)
class Datastore:
    name: str
    service: Service
    databases: Databases
    users: Users
    runtimes: Runtimes
