"""What others may call of an agent: one method, sealed both ways."""

import logging
from collections.abc import Callable
from typing import Any

from oslo_messaging.rpc import server

from guestagent.contract import version
from guestagent.contract.commands import Command
from guestagent.contract.wire import sealing
from guestagent.orders import CommandRefused, Orders

LOG = logging.getLogger(__name__)


class Endpoint:
    """Requests: {'kind': 'submit', 'command': …} | {'kind': 'ask', 'id': …} | {'kind': 'ping'}.

    Answers, sealed: {'outcome': …} | {'ping': …} | {'refused': why}. A message that cannot be opened is
    counted and answered {'refused': why} in clear: there is no key for the answer.
    """

    def __init__(self, seal: sealing.Seal, orders: Orders, ping: Callable[[], dict[str, Any]]) -> None:
        self._seal, self._orders, self._ping = seal, orders, ping
        self._seen, self.refusals = sealing.Seen(), sealing.Refusals()
        self._kinds: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
            'submit': self._submit,
            'ask': self._ask,
            'ping': self._pong,
        }

    @server.expose
    def deliver(self, ctxt: dict[str, Any], envelope: Any = None) -> dict[str, Any]:
        try:
            request = self._seal.open(sealing.TO_GUEST, envelope, seen=self._seen)
        except sealing.Refused as error:
            self.refusals.add(error.reason)
            LOG.warning('%s', error)
            return {'refused': str(error)}
        return self._seal.close(sealing.ANSWER, self._answer(request), about=envelope['nonce'])

    def _answer(self, request: dict[str, Any]) -> dict[str, Any]:
        kind = self._kinds.get(request.get('kind', ''))
        if kind is None:
            return {'refused': f'unknown request {request.get("kind")!r}'}
        try:
            return kind(request)
        except CommandRefused as error:
            return {'refused': str(error)}
        except (KeyError, TypeError) as error:
            return {'refused': f'malformed request: {error}'}

    def _submit(self, request: dict[str, Any]) -> dict[str, Any]:
        return {'outcome': self._orders.submit(Command.from_dict(request['command'])).to_dict()}

    def _ask(self, request: dict[str, Any]) -> dict[str, Any]:
        return {'outcome': self._orders.ask(request['id']).to_dict()}

    def _pong(self, request: dict[str, Any]) -> dict[str, Any]:
        return {'ping': {'version': version.VERSION, 'refused': self.refusals.counts(), **self._ping()}}
