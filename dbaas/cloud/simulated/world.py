"""The simulated world put together: a cloud, the guests in it, their mail, and time."""

import contextlib
import threading
import time
from collections.abc import Callable, Mapping

from dbaas.cloud.simulated.cloud import Latency, SimulatedCloud
from dbaas.cloud.simulated.faults import Faults
from dbaas.cloud.simulated.guests import SimulatedGuests
from dbaas.cloud.simulated.mail import Mail, OnHeartbeat, OnReport
from dbaas.cloud.simulated.state import Document, State
from dbaas.cloud.simulated.verbs import VERBS, Verb
from guestagent.contract import states


class World:
    """One per deployment. `path`: where it is kept, so that it survives a killed process; None: in memory.

    `tick` makes everything happen whose time has come: tests with a clock of their own call it, `start` makes
    a thread do so.
    """

    def __init__(
        self,
        on_report: OnReport = lambda instance_id, outcome: None,
        on_heartbeat: OnHeartbeat = lambda instance_id, beat: None,
        *,
        path: str | None = None,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
        latency: Latency | None = None,
        duration: float | None = 0.0,
        verbs: Mapping[str, Verb] = VERBS,
    ):
        self.state = State(path, clock)
        self.faults = Faults(sleep)
        self.cloud = SimulatedCloud(self.state, self.faults, latency)
        self.guests = SimulatedGuests(self.state, self.faults, verbs, duration)
        self.mail = Mail(on_report, on_heartbeat)
        self._ticking = threading.Lock()
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None

    def snapshot(self) -> Document:
        return self.state.snapshot()

    def executed(self) -> dict[str, int]:
        """command id -> how often it really ran, whatever became of its guest."""
        with self.state.look() as document:
            return dict(document['executed'])

    def refused(self) -> int:
        with self.state.look() as document:
            return document['refused']

    # -- time
    def tick(self) -> int:
        """-> how many things happened."""
        with self._ticking:
            happened = self._announce() + self._finish_due() + self._report()
            return happened + self.mail.deliver(self.state.clock())

    def settle(self) -> None:
        """Tick until nothing happens any more at this time."""
        while self.tick():
            pass

    def _announce(self) -> int:
        """A guest heartbeats once when it is up."""
        with self.state.change() as document:
            up = [i for i, g in document['guests'].items() if not g['announced'] and self.guests.up(i)]
            for instance_id in up:
                document['guests'][instance_id]['announced'] = True
        for instance_id in up:
            self.mail.on_heartbeat(instance_id, self._beat(instance_id))
        return len(up)

    def _beat(self, instance_id: str) -> dict[str, object]:
        with self.state.look() as document:
            guest = document['guests'].get(instance_id)
            database = guest and guest['inside'].get('database')
            running = bool(database and database['running'])
        return {'state': states.HEALTHY if running else states.BUILD, 'details': {}}

    def _finish_due(self) -> int:
        due = self.guests.due()
        for instance_id, command_id in due:
            with contextlib.suppress(KeyError):  # its guest went away meanwhile
                self.guests.finish(instance_id, command_id)
        return len(due)

    def _report(self) -> int:
        """Every ended command is reported, once as far as the guest is concerned."""
        untold = []
        with self.state.change() as document:
            for instance_id, guest in document['guests'].items():
                for command_id, row in guest['ledger'].items():
                    if row['state'] in states.FINISHED and not row['told']:
                        row['told'] = True
                        untold.append((instance_id, self.guests.outcome(command_id, row)))
        for instance_id, outcome in untold:
            self.mail.send(instance_id, outcome, self.state.clock())
        return len(untold)

    # -- a world of its own
    def receive(self, on_report: OnReport, on_heartbeat: OnHeartbeat) -> 'World':
        """From now on these are told what guests say, once `start` lets time pass."""
        self.mail = Mail(on_report, on_heartbeat)
        return self

    def start(self, interval: float = 0.005) -> None:
        """Let time pass by itself, until `stop`: a thread that looks when something changed or is due."""
        self._stopped.clear()
        self._thread = threading.Thread(target=self._live, args=(interval,), name='simulated-world', daemon=True)
        self._thread.start()

    def _live(self, interval: float) -> None:
        while not self._stopped.is_set():
            self.settle()
            self._stopped.wait(interval)

    def stop(self) -> None:
        self._stopped.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
