"""Both ends of the bus: transport, targets, servers and clients as we want them of oslo.messaging.

conf.messaging.prepare() comes before the import of this module, register(conf) before its calls.
"""

import contextlib
import logging
import queue
import threading
from collections.abc import Callable
from typing import Any

import oslo_messaging
from oslo_messaging import exceptions

from guestagent.contract.wire.clients import Client
from guestagent.contract.wire.servers import Server
from guestagent.contract.wire.workers import Workers

LOG = logging.getLogger(__name__)
REPORTS = 'reports'
SHARED = 'amq.topic'  # an exchange that every user may write to without a right to configure
AGAIN = 1.0  # seconds
CLEANUP_WITHIN = 0.2  # seconds
CALLERS = 64  # calls in flight with a broker
GRACE = 0.1  # seconds by which the driver's own timeout comes first


class Bus:
    """A transport. brokered: between us and the peer is a broker, which may be away while the peer is there.

    broken_line: exceptions of the driver that escape oslo.messaging when the broker is away or refuses us.
    """

    def __init__(self, transport: Any, brokered: bool) -> None:
        self.transport, self.brokered = transport, brokered
        self.broken_line = _broken_line() if brokered else ()
        self._answers, self._closing, self._lock = threading.Event(), threading.Event(), threading.Lock()
        self._opener: threading.Thread | None = None
        self._callers = Workers(CALLERS)
        if not brokered:
            self._answers.set()

    def await_answers(self, timeout: float) -> bool:
        """Whether calls can be answered, within `timeout` seconds.

        The driver makes the queue of answers at the first call and waits for its broker for ever, so one thread of
        ours makes that call.
        """
        if not self._answers.is_set():
            with self._lock:
                if self._opener is None:
                    self._opener = threading.Thread(target=self._open, name='answers', daemon=True)
                    self._opener.start()
        return self._answers.wait(timeout)

    def within(self, seconds: float, call: Callable[[], Any]) -> Any:
        """What `call` returns or raises; MessagingTimeout when it takes longer: it is left to end by itself.

        The driver applies a call's timeout to each of its exchanges with the broker, and tries twice.
        """
        box: queue.SimpleQueue[tuple[Any, Exception | None]] = queue.SimpleQueue()

        def work() -> None:
            try:
                box.put((call(), None))
            except Exception as error:  # noqa: BLE001 - raised where it was called
                box.put((None, error))

        self._callers.submit(work)
        try:
            result, error = box.get(timeout=seconds + GRACE)
        except queue.Empty:
            raise exceptions.MessagingTimeout(f'no answer within {seconds:g} s') from None
        if error is not None:
            raise error
        return result

    def cleanup(self) -> None:
        """Closes it; a broker that is away does not hold the end."""
        self._closing.set()
        self._callers.shutdown(wait=False)
        if not self.brokered:
            self.transport.cleanup()
            return
        closing = threading.Thread(target=self.transport.cleanup, name='cleanup', daemon=True)
        closing.start()
        closing.join(CLEANUP_WITHIN)

    def _open(self) -> None:
        target = oslo_messaging.Target(exchange=SHARED, topic='nobody')
        nobody = oslo_messaging.get_rpc_client(
            self.transport, target, timeout=AGAIN, retry=0, transport_options=_delivered()
        )
        while not self._closing.is_set():
            try:
                with contextlib.suppress(exceptions.MessageUndeliverable, exceptions.MessagingTimeout):
                    nobody.call({}, 'nothing')
                self._answers.set()
                return
            except Exception as error:  # noqa: BLE001 - away, or a login that is not there yet
                LOG.warning('No line to the message broker yet: %s', error)
                self._closing.wait(AGAIN)


def connect(conf: Any, url: str) -> Bus:
    """Nothing is sent yet: a broker may be away."""
    return Bus(oslo_messaging.get_rpc_transport(conf, url), brokered=url.startswith('rabbit'))


def guest_target(instance: str) -> Any:
    """An exchange of its own: on a shared one a guest's rights would reach every other guest."""
    name = f'guest.{instance}'
    return oslo_messaging.Target(exchange=name, topic=name, server=instance)


def reports_target(receiver: str | None = None) -> Any:
    """amq.topic needs no right to configure; it is used for reports and nothing else."""
    return oslo_messaging.Target(exchange=SHARED, topic=REPORTS, server=receiver)


def serve(bus: Bus, target: Any, endpoint: Any, workers: int) -> Server:
    """A started server whose `endpoint` answers its exposed methods, `workers` of them side by side."""
    made = Server(bus, target, endpoint, workers)
    made.start()
    return made


def client(bus: Bus, target: Any, timeout: float, retry: int = 1) -> Client:
    """`retry` is always given: oslo's default waits for ever. A kept line to a broker needs one to be made anew."""
    made = oslo_messaging.get_rpc_client(
        bus.transport, target, timeout=timeout, retry=1 if bus.brokered else retry, transport_options=_delivered()
    )
    return Client(bus, made)


def _delivered() -> Any:
    """Into some queue, or an error: not silently dropped."""
    return oslo_messaging.TransportOptions(at_least_once=True)


def _broken_line() -> tuple[type[BaseException], ...]:
    """Imported for a broker only."""
    import amqp
    import kombu.exceptions

    return kombu.exceptions.KombuError, amqp.AMQPError, OSError
