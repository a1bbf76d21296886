"""What the agent tells the control plane by itself: outcomes of commands at once, heartbeats by the clock.

One thread sends, so nothing else ever waits for the bus. What could not be sent is sent again; the control
plane asks for outcomes that never came.
"""

import collections
import logging
import threading
import time
from collections.abc import Callable
from typing import Any

from guestagent.contract.commands import Outcome
from guestagent.contract.states import BUILD
from guestagent.contract.wire import sealing

LOG = logging.getLogger(__name__)
AGAIN = 1.0  # seconds until a message that nobody took is tried again
KEEP = 1000  # unsent outcomes

Send = Callable[[sealing.Envelope], None]  # raises when it was not taken


class Reporter:
    """`details` is asked at each heartbeat; `state` is one of the contract's words."""

    def __init__(
        self, seal: sealing.Seal, send: Send, interval: float, errors: tuple[type[BaseException], ...]
    ) -> None:
        self._seal, self._send, self._interval, self._errors = seal, send, interval, errors
        self._outcomes: collections.deque[Outcome] = collections.deque(maxlen=KEEP)
        self._beat: dict[str, Any] = {'state': BUILD, 'details': {}}
        self._wake, self._ending = threading.Event(), False
        self._beat_due = 0.0  # monotonic
        self._silent = False
        self._thread = threading.Thread(target=self._run, name='reporter', daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._ending = True
        self._wake.set()
        self._thread.join(0.5)  # what it could not send, the control plane asks for

    def outcome(self, outcome: Outcome) -> None:
        self._outcomes.append(outcome)
        self._wake.set()

    def state(self, state: str, details: dict[str, Any]) -> None:
        """What heartbeats say from now on; a change of the state is told at once."""
        changed = state != self._beat['state']
        self._beat = {'state': state, 'details': details}
        if changed:
            self._beat_due = 0.0
            self._wake.set()

    def _run(self) -> None:
        while not self._ending:
            self._wake.clear()
            wait = AGAIN
            if self._flush():
                wait = max(self._beat_due - time.monotonic(), 0)
            self._wake.wait(min(wait, self._interval))

    def _flush(self) -> bool:
        """Whether all that is due was taken."""
        while self._outcomes:
            if not self._tell('outcome', self._outcomes[0].to_dict()):
                return False
            self._outcomes.popleft()
        if time.monotonic() >= self._beat_due:
            self._beat_due = time.monotonic() + self._interval
            if not self._tell('heartbeat', {**self._beat, 'at': time.time()}):
                self._beat_due = 0.0
                return False
        return True

    def _tell(self, kind: str, body: dict[str, Any]) -> bool:
        try:
            self._send(self._seal.close(sealing.FROM_GUEST, {'kind': kind, kind: body}))
        except self._errors as error:
            if not self._silent:
                LOG.warning('The control plane takes no reports: %s; trying again', error)
            self._silent = True
            return False
        self._silent = False
        return True
