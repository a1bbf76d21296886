"""The asking end: calls that end in bounded time and failures that have the same names on every transport."""

import contextlib
import time
from collections.abc import Iterator
from typing import Any

from oslo_messaging import exceptions

from guestagent.contract.wire.failures import BrokerAway, NobodyListens


class Client:
    """What we use of oslo.messaging's RPCClient. bus: guestagent.contract.wire.bus.Bus.

    Raises MessagingTimeout (it may have run), NobodyListens, PeerLost or BrokerAway, which are MessagingTimeouts too.
    """

    def __init__(self, bus: Any, context: Any) -> None:
        self._bus, self._context = bus, context

    def prepare(self, **options: Any) -> 'Client':
        """The same with another timeout, retry or server."""
        return Client(self._bus, self._context.prepare(**options))

    def call(self, ctxt: dict[str, Any], method: str, **args: Any) -> Any:
        """The answer, within the timeout, whatever is away."""
        deadline = time.monotonic() + self._context.timeout
        if not self._bus.await_answers(self._context.timeout):
            raise BrokerAway('the message broker is away, or refuses us')
        left = max(deadline - time.monotonic(), 0.001)
        with self._named():
            context = self._context.prepare(timeout=left)
            if self._bus.brokered:
                return self._bus.within(left, lambda: context.call(ctxt, method, **args))
            return context.call(ctxt, method, **args)

    def cast(self, ctxt: dict[str, Any], method: str, **args: Any) -> None:
        """Returns when the transport has taken it; it may come late, twice, or after a later one."""
        with self._named():
            self._context.cast(ctxt, method, **args)

    @contextlib.contextmanager
    def _named(self) -> Iterator[None]:
        try:
            yield
        except exceptions.MessageUndeliverable as error:
            raise NobodyListens(f'Nobody listens on {self._context.target}') from error
        except self._bus.broken_line as error:
            raise BrokerAway(f'the message broker is away, or refuses us: {error}') from error
        except exceptions.MessageDeliveryFailure as error:
            if not self._bus.brokered or isinstance(error, exceptions.MessagingTimeout):
                raise
            raise BrokerAway(str(error)) from error
