"""The agent's eye on its server: what should run runs, its state is known, its volume does not overflow."""

import contextlib
import logging
import math
import os
import select
import threading
import time
from collections.abc import Callable
from typing import Any

from guestagent.contract import states, version
from guestagent.datastores.base import Datastore
from guestagent.desired import Desired
from guestagent.failure import CommandError, scrub
from guestagent.place import Place
from guestagent.system import device, disk

LOG = logging.getLogger(__name__)
FULL, ROOMY = 0.90, 0.85  # of the volume: read-only from the first on, writable again below the second
TICK = 1.0  # seconds between looks at a volume that could fill up
PAUSES = (0.0, 1.0, 2.0, 5.0, 10.0, 30.0)  # seconds before each next start of a server that keeps ending
STEADY = 60.0  # seconds up after which an end counts as the first

Tell = Callable[[str, dict[str, Any]], None]  # state, details


class Watch:
    """`hands` is held by whoever works on the server, so nobody starts what another is stopping."""

    def __init__(self, place: Place, datastore: Datastore, desired: Desired, hands: threading.Lock, tell: Tell) -> None:
        self._place, self._service, self._desired = place, datastore.service, desired
        self._hands, self._tell = hands, tell
        self._growth = _growth(place)
        self._starts, self._started_at, self._retry_at = 0, -math.inf, math.inf  # monotonic
        self._trouble = ''
        self._state, self._volume, self._look_due = states.BUILD, {'total': 0, 'used': 0}, 0.0
        self._bell, self._ending = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK), False
        self._thread = threading.Thread(target=self._run, name='watch', daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._ending = True
        self.wake()
        self._thread.join(5)

    def wake(self) -> None:
        """Look again now: something was done to the server."""
        self._look_due = 0.0
        os.eventfd_write(self._bell, 1)

    def look(self) -> None:
        """Make it run if it should, and tell how it is."""
        with self._hands:
            self._keep_running()
            self._weigh()
            self._state = self._judge()
            self._look_due = time.monotonic() + self._place.heartbeat_interval
        self._tell(self._state, self._details())

    def facts(self) -> dict[str, Any]:
        """For a ping: the last look's findings."""
        return {'state': self._state, **self._details()}

    def _run(self) -> None:
        while not self._ending:
            try:
                self._once()
            except Exception as error:  # noqa: BLE001 - a full or broken disk, say: it must not end the watch
                self._troubled(error)

    def _once(self) -> None:
        ended = self._sleep()
        if self._hands.locked() or self._ending:
            return  # a command is at work; its end rings the bell
        if ended or self._due():
            self.look()
        else:
            self._glance()

    def _troubled(self, error: Exception) -> None:
        LOG.exception('The watch failed; it goes on')
        self._state = states.ERROR
        self._look_due = self._retry_at = time.monotonic() + self._place.heartbeat_interval
        self._tell(self._state, {'trouble': scrub(f'{type(error).__name__}: {error}')})
        poll = select.poll()
        poll.register(self._bell, select.POLLIN)
        poll.poll(min(self._place.heartbeat_interval, PAUSES[-1]) * 1000)  # it would fail again at once
        with contextlib.suppress(BlockingIOError):
            os.eventfd_read(self._bell)

    def _due(self) -> bool:
        return time.monotonic() >= min(self._look_due, self._retry_at)

    def _sleep(self) -> bool:
        """Until the bell, the end of the server (True), or the next look."""
        pidfd = None if self._hands.locked() else self._service.pidfd()
        poll = select.poll()
        poll.register(self._bell, select.POLLIN)
        if pidfd is not None:
            poll.register(pidfd, select.POLLIN)
        try:
            ready = [fd for fd, _event in poll.poll(self._nap() * 1000)]
        finally:
            if pidfd is not None:
                os.close(pidfd)
        with contextlib.suppress(BlockingIOError):
            os.eventfd_read(self._bell)
        return pidfd in ready

    def _nap(self) -> float:
        if self._hands.locked():
            return TICK
        left = max(min(self._look_due, self._retry_at) - time.monotonic(), 0.01)
        crowded = self._volume['used'] > self._volume['total'] / 2
        cheap = self._place.mount is not None  # a statvfs; a folder is walked
        return min(left, TICK) if self._desired.running and (cheap or crowded) else left

    def _glance(self) -> None:
        """Between two looks: only the volume, which can fill up in seconds."""
        with self._hands:
            before = self._desired.full
            self._weigh()
        if self._desired.full != before:
            self._tell(self._state, self._details())

    def _keep_running(self) -> None:
        self._retry_at = math.inf
        if not self._desired.running:
            self._starts, self._trouble = 0, ''
        elif self._service.adopt():
            if time.monotonic() - self._started_at > STEADY:
                self._starts = 0
            self._trouble = ''
        elif time.monotonic() >= self._next_start():
            self._revive()
        else:
            self._retry_at = self._next_start()

    def _next_start(self) -> float:
        return self._started_at + PAUSES[min(self._starts, len(PAUSES) - 1)]

    def _revive(self) -> None:
        LOG.warning('The database server should run and does not: starting it')
        self._starts, self._started_at = self._starts + 1, time.monotonic()
        self._state = states.ERROR
        self._tell(self._state, {**self._details(), 'error': self._trouble or 'the server ended; starting it'})
        try:
            self._service.start(self._desired.server_binary, [], [])
            self._trouble = ''
        except Exception as error:  # noqa: BLE001 - told in heartbeats, and tried again
            self._trouble = scrub(f'{error}')
            self._retry_at = self._next_start()
            LOG.error('The database server does not start: %s', self._trouble)

    def _judge(self) -> str:
        if not self._desired.running:
            return states.BUILD if self._desired.running is None else states.SHUTDOWN
        self._trouble = self._trouble or self._service.ill() or ''
        return states.ERROR if self._trouble else states.HEALTHY

    def _weigh(self) -> None:
        """A full volume kills the server: before that it takes no more writes."""
        self._fill_device()
        self._volume = disk.usage(self._place)
        if not self._desired.running or self._trouble:
            return
        share = self._volume['used'] / max(self._volume['total'], 1)
        full = share >= (ROOMY if self._desired.full else FULL)
        if not full and not self._desired.full:
            return
        try:
            self._service.set_read_only(full)  # again at each look: a restart forgets it
        except CommandError as error:
            LOG.warning('%s; trying again', error)
            return
        if full != self._desired.full:
            LOG.warning('The volume is %.0f %% full: the server is %s', 100 * share, _mode(full))
            self._desired.set(full=full)

    def _fill_device(self) -> None:
        try:
            if self._growth is not None:
                self._growth.look()
        except (CommandError, OSError) as error:  # the server goes on with what it has
            LOG.warning('The volume does not grow with its device: %s; trying again', error)

    def _details(self) -> dict[str, Any]:
        details: dict[str, Any] = {
            'volume': self._volume,
            'read_only': self._desired.full,
            'version': version.VERSION,
        }
        if self._trouble:
            details['error'] = self._trouble
        return details


def _growth(place: Place) -> device.Growth | None:
    """Of a volume that is a device; others are grown from outside."""
    if place.device is None or place.mount is None:
        return None
    return device.Growth(place.device, place.mount, place.heartbeat_interval)


def _mode(full: bool) -> str:
    return 'read-only' if full else 'writable again'
