"""What should be so on this instance, kept on disk: a new agent makes it so again."""

import contextlib
import json
import os
from typing import Any

from guestagent.contract import processes


class Desired:
    """`prepared`: the arguments of prepare (no secrets). `running`: the server should run; None: never did.

    `server_binary`: the one it was started with; `full`: we made it read-only because its volume is full.
    """

    def __init__(self, record: str) -> None:
        self._path = os.path.join(record, 'desired.json')
        self.prepared: dict[str, Any] | None = None
        self.running: bool | None = None
        self.server_binary: str | None = None
        self.full = False
        with contextlib.suppress(FileNotFoundError), open(self._path) as text:
            self._take(json.load(text))

    def set(self, **changes: Any) -> None:
        """Change and store; nothing is written when nothing changes."""
        wanted = {**self._all(), **changes}
        if wanted != self._all():
            processes.replace(self._path, json.dumps(wanted))
            self._take(wanted)

    def _take(self, values: dict[str, Any]) -> None:
        self.prepared, self.running = values['prepared'], values['running']
        self.server_binary, self.full = values['server_binary'], values['full']

    def _all(self) -> dict[str, Any]:
        return {
            'prepared': self.prepared,
            'running': self.running,
            'server_binary': self.server_binary,
            'full': self.full,
        }
