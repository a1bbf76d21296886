"""The life of a server process: what signals mean to it, what systemd is told, and an end within a second.

SIGTERM and SIGINT hand over: `stop` has STOP_WITHIN seconds, then the process ends, whatever still hangs; everything is
found again as after a kill -9. SIGHUP rereads. Before the process is ready, SIGTERM ends it at once.
"""

import logging
import os
import signal
import sys
import threading
from collections.abc import Callable
from typing import NoReturn

from oslo_config import cfg

import conf as options
from dbaas.exceptions import DbaasError
from guestagent.contract import signals, systemd

LOG = logging.getLogger(__name__)
STOP_WITHIN = 0.9  # seconds; with the rest of the end that makes less than one
_DIED = 0  # no signal has this number


class Life:
    """Make it in the main thread, before anything slow: from then on signals are heard."""

    def __init__(self) -> None:
        self._ready = False
        self._signals = signals.Signals(signal.SIGTERM, signal.SIGINT, signal.SIGHUP, wanted=self._hear)

    def _hear(self, number: int) -> bool:
        if not self._ready and number != signal.SIGHUP:
            os._exit(0)
        return self._ready

    def run(self, name: str, work: Callable[[], None]) -> None:
        """`work` on a thread of that name, for as long as the process lives: its end is the end of the process."""

        def guarded() -> None:
            try:
                work()
            except Exception:
                LOG.exception('%s failed', name)
            self._signals.put(_DIED)

        threading.Thread(target=guarded, name=name, daemon=True).start()

    def until_told(self, stop: Callable[[], None], reread: Callable[[], None]) -> NoReturn:
        """Be ready until a signal ends the process: exit code 0; 1 when its own work ended first."""
        self._ready = True
        systemd.notify(systemd.READY)
        while (number := self._next()) == signal.SIGHUP:
            _reload(reread)
        systemd.notify(systemd.STOPPING)
        LOG.info('stopping: %s', signal.Signals(number).name if number else 'its own work has ended')
        ending = threading.Thread(target=stop, name='stop', daemon=True)
        ending.start()
        ending.join(STOP_WITHIN)
        LOG.info('stopped%s', ', not waiting for what still runs' if ending.is_alive() else '')
        _flush()
        os._exit(0 if number else 1)  # an ordinary exit would wait for steps in work

    def _next(self) -> int:
        interval = systemd.watchdog()
        while (number := self._signals.next(interval)) is None:
            systemd.notify(systemd.WATCHDOG)
        return number


def reread(conf: cfg.ConfigOpts, *more: Callable[[], None]) -> None:
    """Read again what can be: the mutable options, and whatever `more` rereads. What is unusable changes nothing."""
    for work in (lambda: options.reread(conf), *more):
        try:
            work()
        except (cfg.Error, DbaasError, OSError) as error:
            LOG.error('not read again: %s', error)


def _reload(work: Callable[[], None]) -> None:
    systemd.notify(systemd.reloading())
    LOG.info('SIGHUP: reading again')
    try:
        work()
    except Exception:
        LOG.exception('reading again failed')
    systemd.notify(systemd.READY)


def _flush() -> None:
    """A full disk or a reader that is gone must not keep us."""

    def flush() -> None:
        logging.shutdown()
        sys.stdout.flush()

    flushing = threading.Thread(target=flush, daemon=True)
    flushing.start()
    flushing.join(0.1)
