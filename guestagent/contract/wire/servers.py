"""The answering end: a server that listens as soon as that is possible, and whose end nothing holds up."""

import logging
import threading
from typing import Any

import oslo_messaging
from oslo_messaging.rpc import dispatcher, server

from guestagent.contract.wire.workers import Workers

LOG = logging.getLogger(__name__)
AGAIN = 1.0  # seconds until a broker that refused us is tried again; one that is away is waited for by the driver
PATIENCE = 0.5  # seconds that the end waits for messages in work where a broker might keep it for ever


class QuietServer(server.RPCServer):
    """oslo.messaging's, on threads of ours."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._executor_cls = Workers
        self.target = self._target  # 18.3 reads it when listen() fails: AttributeError without


class Server:
    """Without a broker start() raises MessagingServerError when it cannot listen; with one it returns at once, and
    the listening begins, and begins again, when the broker is there.
    """

    def __init__(self, bus: Any, target: Any, endpoint: Any, workers: int) -> None:
        self._bus, self._target, self._endpoint, self._workers = bus, target, endpoint, workers
        self._serving: QuietServer | None = None
        self._ending, self._lock = threading.Event(), threading.Lock()
        self._end: threading.Thread | None = None
        self.listening = threading.Event()

    def start(self) -> None:
        if self._bus.brokered:
            threading.Thread(target=self._listen_when_possible, name='listen', daemon=True).start()
        else:
            self._listen()

    def stop(self) -> None:
        """Takes no more. Repeatable."""
        self._ending.set()
        with self._lock:
            serving, self._serving = self._serving, None
        if serving is None:
            return
        if not self._bus.brokered:
            serving.stop()
        self._end = threading.Thread(target=_finish, args=(serving,), name='end', daemon=True)
        self._end.start()

    def wait(self) -> None:
        """What is in work is finished; with a broker, for PATIENCE seconds at most: it gives the rest to others."""
        if self._end is not None:
            self._end.join(PATIENCE if self._bus.brokered else None)

    def _listen_when_possible(self) -> None:
        while not self._ending.is_set():
            try:
                return self._listen()
            except Exception as error:  # noqa: BLE001 - a login that is not there yet, a queue that moves
                LOG.warning('Cannot listen on %s yet: %s', self._target.topic, error)
                self._ending.wait(AGAIN)

    def _listen(self) -> None:
        """One try; oslo.messaging's server can be started once only."""
        policy = dispatcher.ExplicitRPCAccessPolicy
        made = oslo_messaging.get_rpc_server(
            self._bus.transport, self._target, [self._endpoint], server_cls=QuietServer, access_policy=policy
        )
        made.start(override_pool_size=self._workers)
        with self._lock:
            self._serving = made
        self.listening.set()
        if self._ending.is_set():  # stopped while the broker was away
            self.stop()


def _finish(serving: QuietServer) -> None:
    serving.stop()
    serving.wait()
