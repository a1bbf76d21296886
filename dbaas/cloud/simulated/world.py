"""The simulated world put together: a cloud, the guests in it, their mail, and time."""

import contextlib
import threading
import time
from collections.abc import Callable, Mapping

from dbaas.cloud.simulated.cloud import SimulatedCloud
from dbaas.cloud.simulated.faults import Faults
from dbaas.cloud.simulated.guests import DEAD, SimulatedGuests
from dbaas.cloud.simulated.mail import Mail, OnHeartbeat, OnReport, Post
from dbaas.cloud.simulated.state import Document, State
from dbaas.cloud.simulated.things import Latency
from dbaas.cloud.simulated.verbs import VERBS, Verb
from guestagent.contract import states

IDLE = 0.25  # seconds; longest time without a look, for heartbeats and for stop()


class World:
    """One per deployment. `path`: where it is kept, so that it survives a killed process; None: in memory.

    `tick` makes everything happen whose time has come: tests with a clock of their own call it, `start` makes
    a thread do so. `heartbeat`: seconds after which a guest says again that it lives; None: it does so once.
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
        heartbeat: float | None = None,
    ):
        self.state = State(path, clock)
        self.faults = Faults(sleep)
        self.cloud = SimulatedCloud(self.state, self.faults, latency)
        self.guests = SimulatedGuests(self.state, self.faults, verbs, duration)
        self.heartbeat = heartbeat
        self.mail: Post = Mail(on_report, on_heartbeat)
        self._looked = 0.0  # when all guests were last looked at for heartbeats
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
            self._rest()
            return happened + self.mail.deliver(self.state.clock())

    def settle(self) -> None:
        """Tick until nothing happens any more at this time."""
        while self.tick():
            pass

    def _announce(self) -> int:
        """A guest heartbeats when it is up; where heartbeats are repeated, also with each change of its state."""
        with self.state.change() as document:
            now = self.state.clock()
            beats = {}
            for instance_id in self._may_beat(now):
                guest = document['guests'].get(instance_id)
                if guest is not None and self._beats(guest, now) and self.guests.up(instance_id):
                    guest['beat'] = [state_of(guest), now]
                    beats[instance_id] = {'state': state_of(guest), 'details': {}}
        for instance_id, beat in beats.items():
            self.mail.on_heartbeat(instance_id, beat)
        return len(beats)

    def _may_beat(self, now: float) -> list[str]:
        if self.heartbeat is None or now - self._looked < self.heartbeat / 20:
            return sorted(self.state.restless)
        self._looked = now
        return sorted(self.state.document['guests'])

    def _beats(self, guest: Document, now: float) -> bool:
        if guest['beat'] is None or self.heartbeat is None:
            return guest['beat'] is None
        said, at = guest['beat']
        return said != state_of(guest) or now - at >= self.heartbeat

    def _finish_due(self) -> int:
        due = self.guests.due()
        for instance_id, command_id in due:
            with contextlib.suppress(KeyError):  # its guest went away meanwhile
                self.guests.finish(instance_id, command_id)
        return len(due)

    def _report(self) -> int:
        """Every ended command is reported, once as far as the guest is concerned."""
        with self.state.change() as document:
            untold = []
            for instance_id in sorted(self.state.restless):
                guest = document['guests'].get(instance_id)
                untold += [(instance_id, *entry) for entry in _untold(guest)]
            for instance_id, command_id, row in untold:
                row['told'] = True
                self.state.touch('guests', instance_id)
                self.mail.send(instance_id, self.guests.outcome(command_id, row), self.state.clock())
        return len(untold)

    def _rest(self) -> None:
        """Guests in which nothing happens need no look until something changes."""
        with self.state.look() as document:
            now = self.state.clock()
            for instance_id in list(self.state.restless):
                guest = document['guests'].get(instance_id)
                if guest is None or not (_busy(guest) or self._beats(guest, now)):
                    self.state.restless.discard(instance_id)

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
            seen = self.state.changes
            self.settle()
            if self.state.restless or self.mail.late:
                self._stopped.wait(interval)
                continue
            with self.state.changed:
                self.state.changed.wait_for(lambda: self.state.changes != seen, IDLE)  # noqa: B023 - called at once

    def stop(self) -> None:
        self._stopped.set()
        self.state.wake()
        if self._thread is not None:
            self._thread.join()
            self._thread = None


def state_of(guest: Document) -> str:
    database = guest['inside'].get('database')
    return states.HEALTHY if database and database['running'] else states.BUILD


def _untold(guest: Document | None) -> list[tuple[str, Document]]:
    if guest is None or guest['mood'][0] == DEAD:
        return []
    return [(i, row) for i, row in guest['ledger'].items() if row['state'] in states.FINISHED and not row['told']]


def _busy(guest: Document) -> bool:
    """A dead one's commands go on when it lives again, and that is a change."""
    return guest['mood'][0] != DEAD and any(not row['told'] for row in guest['ledger'].values())
