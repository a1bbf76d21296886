"""Receiving what simulated guests say: long polls of a dbaas-simulator, each letter acknowledged once it is handled."""

import logging
import threading
from typing import Any
from urllib.parse import urlencode

from dbaas.cloud.simulated.mail import OnHeartbeat, OnReport
from dbaas.cloud.simulated.wire import Wire
from dbaas.exceptions import CloudUnavailable, DatabaseUnavailable
from guestagent.contract.commands import Outcome

LOG = logging.getLogger(__name__)
POLL = 20.0  # seconds that a poll may wait there
MOST = 10  # letters at once
PAUSE = 0.25  # seconds between tries of a simulator that is away
JOIN = 0.05


class Receiver:
    """start() and stop(), as dbaas.guest.reports.ReportServer; any number of them share the letters.

    A handler that raises leaves its letter unacknowledged: it comes again, here or elsewhere.
    """

    def __init__(self, url: str, on_report: OnReport, on_heartbeat: OnHeartbeat, workers: int = 4):
        self._wire = Wire(url)
        self._on_report, self._on_heartbeat = on_report, on_heartbeat
        self._stopping = threading.Event()
        self._threads = [threading.Thread(target=self._loop, name=f'reports-{n}', daemon=True) for n in range(workers)]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Letters in work are finished and acknowledged."""
        self._stopping.set()
        for thread in self._threads:
            while thread.is_alive():
                self._wire.cut()
                thread.join(JOIN)

    def _loop(self) -> None:
        done: list[str] = []
        while not self._stopping.is_set():
            try:
                letters = self._poll(done, POLL)
            except CloudUnavailable as error:
                LOG.log(logging.DEBUG if self._stopping.is_set() else logging.WARNING, '%s', error)
                self._stopping.wait(PAUSE)
                continue
            done = [letter['id'] for letter in letters if self._handled(letter)]
            if len(done) < len(letters):
                self._stopping.wait(PAUSE)

    def _poll(self, done: list[str], seconds: float) -> list[dict[str, Any]]:
        query = urlencode({'acknowledge': done, 'wait': seconds, 'most': MOST}, doseq=True)
        letters: list[dict[str, Any]] = self._wire.get(f'/reports?{query}', timeout=seconds + 5)
        return letters

    def _handled(self, letter: dict[str, Any]) -> bool:
        try:
            if 'outcome' in letter:
                self._on_report(letter['instance'], Outcome.from_dict(letter['outcome']))
            else:
                self._on_heartbeat(letter['instance'], letter['heartbeat'])
        except DatabaseUnavailable as error:
            LOG.warning('A report of instance %s is not stored, it comes again: %s', letter['instance'], error.reason)
            return False
        except Exception:
            LOG.exception('A report of instance %s is not stored; it comes again', letter['instance'])
            return False
        return True
