"""What guests tell us by themselves: outcomes of commands and heartbeats. Anybody may send, the key decides."""

import logging
from collections.abc import Callable
from typing import Any

from dbaas import exceptions
from dbaas.guest.api import Keys
from guestagent.contract.commands import Outcome
from guestagent.contract.wire import sealing

LOG = logging.getLogger(__name__)

OnReport = Callable[[str, Outcome], None]
OnHeartbeat = Callable[[str, dict[str, Any]], None]  # {'state', 'details', 'at': when the guest said so, in seconds}


class ReportServer:
    """`refused` counts messages that were unsealed, foreign, replayed or late.

    A message is acknowledged before its handler runs: one that raises, or a process that dies in it, loses nothing
    for good: heartbeats come again, and outcomes are asked for. Each process knows the nonces that it has seen: one
    replayed to another finds its outcome known, or its heartbeat no newer than the one before.
    """

    def __init__(
        self,
        transport: Any,
        keys: Keys,
        on_report: OnReport,
        on_heartbeat: OnHeartbeat,
        workers: int = 4,
        name: str = 'reports',
    ) -> None:
        self._transport, self._workers, self._name = transport, workers, name
        self._endpoint = Receiver(keys, on_report, on_heartbeat)
        self._server: Any = None

    @property
    def refused(self) -> dict[str, int]:
        return self._endpoint.refusals.counts()

    def start(self) -> None:
        """Without a broker: raises oslo_messaging.MessagingServerError when another process receives under this name.

        With one: returns at once, and receives as soon as it is there.
        """
        from guestagent.contract.wire import bus

        self._server = bus.serve(self._transport, bus.reports_target(self._name), self._endpoint, self._workers)

    def stop(self) -> None:
        """Reports in work are finished."""
        if self._server is not None:
            self._server.stop()
            self._server.wait()
            self._server = None


class Receiver:
    """The endpoint: `deliver` is what oslo.messaging's @expose makes callable."""

    def __init__(self, keys: Keys, on_report: OnReport, on_heartbeat: OnHeartbeat) -> None:
        self._keys, self._on_report, self._on_heartbeat = keys, on_report, on_heartbeat
        self._seen, self.refusals = sealing.Seen(), sealing.Refusals()

    def deliver(self, ctxt: dict[str, Any], envelope: Any = None) -> None:
        try:
            instance, body = self._open(envelope)
        except sealing.Refused as error:
            self.refusals.add(error.reason)
            LOG.warning('A report is refused: %s', error)
            return
        if body['kind'] == 'outcome':
            self._on_report(instance, Outcome.from_dict(body['outcome']))
        elif body['kind'] == 'heartbeat':
            self._on_heartbeat(instance, body['heartbeat'])

    deliver.exposed = True  # type: ignore[attr-defined]  # @expose, without importing oslo.messaging

    def _open(self, envelope: Any) -> tuple[str, dict[str, Any]]:
        instance = sealing.claimed_instance(envelope)
        try:
            key = self._keys(instance)
        except (LookupError, exceptions.NotFound):
            raise sealing.Refused(sealing.FOREIGN) from None
        return instance, sealing.Seal(instance, key).open(sealing.FROM_GUEST, envelope, seen=self._seen)
