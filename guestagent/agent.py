"""The agent of one instance, put together: bus, ledger, orders, watch."""

import logging
import os
import threading
from typing import Any

import oslo_messaging

from guestagent.contract.commands import Command
from guestagent.contract.wire import bus, sealing, servers
from guestagent.datastores import loader
from guestagent.desired import Desired
from guestagent.endpoint import Endpoint
from guestagent.ledger import Ledger
from guestagent.orders import Orders
from guestagent.place import Place
from guestagent.reporter import Reporter
from guestagent.verbs import VERBS
from guestagent.watch import Watch

LOG = logging.getLogger(__name__)
WORKERS = 4  # requests answered side by side; commands run one after another
SEND_WITHIN = 5.0  # seconds


class Agent:
    """Raises oslo_messaging.MessagingServerError when another process serves this instance."""

    def __init__(self, place: Place, conf: Any) -> None:
        self._place = place
        self._hands = threading.Lock()
        self._seal = sealing.Seal(place.instance, place.key)
        self._transport = bus.connect(conf, place.transport_url)
        reports = bus.client(self._transport, bus.reports_target(), SEND_WITHIN, retry=0)
        self._reporter = Reporter(
            self._seal,
            lambda envelope: reports.cast({}, 'deliver', envelope=envelope),
            place.heartbeat_interval,
            (oslo_messaging.MessagingException,),
        )
        self._ledger = Ledger(os.path.join(place.record, 'ledger'), place.key)
        self._orders = Orders(self._ledger, self._seal, self._execute, self._reporter.outcome)
        self._endpoint = Endpoint(self._seal, self._orders, self._ping)
        self._desired = Desired(place.record)
        self._watch: Watch | None = None
        self._server: servers.Server | None = None

    def start(self) -> None:
        """Reachable first, then the datastore's code is loaded: commands that come meanwhile are queued."""
        target = bus.guest_target(self._place.instance)
        self._server = bus.serve(self._transport, target, self._endpoint, WORKERS)
        self._reporter.start()
        self._datastore = loader.load(self._place)
        self._watch = Watch(self._place, self._datastore, self._desired, self._hands, self._reporter.state)
        self._watch.look()  # after a boot: mounted and started before the first command
        self._orders.start()
        self._watch.start()

    def stop(self) -> None:
        """The database goes on. A command that runs is finished by the next agent."""
        if self._server is not None:
            self._server.stop()
            self._server.wait()
        if self._watch is not None:
            self._watch.stop()
        self._reporter.stop()
        self._transport.cleanup()

    def _execute(self, command: Command) -> dict[str, Any]:
        try:
            with self._hands:
                return VERBS[command.verb](self._datastore, self._desired, command.args)
        finally:
            if self._watch is not None:
                self._watch.wake()

    def _ping(self) -> dict[str, Any]:
        facts = self._watch.facts() if self._watch is not None else {}
        return {'pid': os.getpid(), 'instance': self._place.instance, **facts}
