"""One idempotent order to a guest, and what became of it. Standard library only.

Arguments by verb (all but those marked ? are needed; unknown ones are ignored) and results:

prepare           datastore, version ('10.11' fits any 10.11.x), flavor {ram: MiB, …}?, volume_size (GiB)?,
                  server_binary?, install_binary? (None: found on PATH and in /usr/sbin), address?, port?
                  (flavor to port default to what the agent was started with),
                  runtime? ({kind: 'process'}, the default, or {kind: 'container', image: reference, archive?: file
                  it is brought from when the daemon has it not, archives?: folder of a relative archive,
                  socket?: the daemon's}) -> {version: '10.11.19'}.
                  Repeated: an existing data directory stays, the configuration is written anew.
start             server_binary?, runtime? (as above; left out: prepare's),
                  databases?, users? (as below; there before anybody can connect)
                  -> {version}. On a running server: only databases and users.
stop              timeout? (seconds, then it is killed; 120) -> {}. It stays stopped, also for the next agent.
create-databases  databases [{name, character_set?, collate?}] -> {}
create-users      users [{name, host? ('%'), verifier, databases? [names]}] -> {}. A user that is there gets the
                  verifier, and the grants in addition to its own.
wipe              -> {}. Nothing is left on the volume, which is detached.
"""

import dataclasses
from typing import Any

from guestagent.contract import states
from guestagent.contract.version import VERSION

# verb -> what it does; the agent dispatches by a literal table of the same keys
VERBS = {
    'prepare': 'make the data directory on the volume (from a template) and write the configuration',
    'start': 'start the database server and wait until a query answers',
    'stop': 'stop the database server cleanly',
    'create-databases': 'make the databases that are not there',
    'create-users': 'make the users with their verifiers and grants',
    'wipe': 'stop the server and remove its data: the instance is deleted',
}


def command_id(operation: str, step: str, attempt: int, undo: bool = False) -> str:
    """Deterministic: a repeated send has the same id and the ledger answers it with its first result."""
    return f'{operation}:{step}:{"undo" if undo else "do"}:{attempt}'


@dataclasses.dataclass(frozen=True)
class Command:
    """What travels, sealed. `args` is small JSON and may hold verifiers, never plain passwords."""

    id: str
    verb: str
    operation: str
    step: str
    attempt: int
    epoch: int
    args: dict[str, Any] = dataclasses.field(default_factory=dict)
    version: str = VERSION

    def to_dict(self) -> dict[str, Any]:
        return dataclasses.asdict(self)

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> 'Command':
        return cls(**{f.name: data[f.name] for f in dataclasses.fields(cls)})


@dataclasses.dataclass(frozen=True)
class Outcome:
    """What the ledger knows of a command. `error` is for the person who reads it, without secrets."""

    command: str
    state: str = states.UNKNOWN
    result: dict[str, Any] | None = None
    error: str | None = None

    def to_dict(self) -> dict[str, Any]:
        return dataclasses.asdict(self)

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> 'Outcome':
        return cls(**{f.name: data.get(f.name) for f in dataclasses.fields(cls)})  # type: ignore[arg-type]
