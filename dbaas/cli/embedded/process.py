"""API, conductor and receiver of guest reports in one process, on the embedded board: the composition root of `up`."""

import logging
import os
import subprocess
import sys
import threading

from oslo_config import cfg

from conductor import service
from dbaas import app, deployment, metrics
from dbaas.api import serving
from dbaas.cli import remarks
from dbaas.cli.embedded import schema
from dbaas.cli.embedded.schema import DATASTORE
from dbaas.cloud.local.cloud import LocalCloud
from dbaas.db.gauges import Gauges

LOG = logging.getLogger(__name__)


class Process:
    """start() returns when requests are served and operations run; stop() lets go of everything."""

    def __init__(self, conf: cfg.ConfigOpts):
        parts = deployment.open(conf)
        self.cloud = parts.cloud
        self._conf = conf
        schema.prepare(parts.db)
        self._board = board = parts.board
        self._reports = service.reception(parts, board)
        self._conductor = service.build(conf, **parts.for_conductor(), board=board)
        self._clock = parts.db.clock
        self._reports_since: float | None = None
        self._running = False
        application = app.create_app(
            conf, **parts.for_api(), post=board.post,
            ready=lambda: self._running, reports_since=lambda: self._reports_since,
        )  # fmt: skip
        self._server = serving.Server(application, conf)
        metrics.serve(conf, Gauges(parts.db))

    def start(self) -> None:
        """Agents come first: they take a moment, and whoever serves now can hear them. Raises CloudError."""
        self._reports.start()
        self._reports_since = self._clock()
        if isinstance(self.cloud, LocalCloud):
            started = self.cloud.recover()
            LOG.info('agents started: %s', ', '.join(started) or 'none')
            threading.Thread(target=self._warm, name='template', daemon=True).start()
        self._conductor.start()
        threading.Thread(target=self._server.run, name='api', daemon=True).start()
        self._running = True

    def _warm(self) -> None:
        """The first create would wait for the template of its data directory. What goes wrong, that create says."""
        command = [sys.executable, '-P', '-m', 'guestagent.warm', '--datastore', DATASTORE]
        command += ['--templates', os.path.join(self._conf.state_dir, 'templates')]
        told = {'DBAAS_SERVER_BINARY': 'server_binary', 'DBAAS_INSTALL_BINARY': 'install_binary'}
        wanted = {name: self._conf.mariadb[option] for name, option in told.items() if self._conf.mariadb[option]}
        subprocess.run(  # not as arguments: only database servers have the program's name in their command lines
            command, cwd='/', env={**os.environ, **wanted}, stdin=subprocess.DEVNULL, capture_output=True,
            start_new_session=True,
        )  # fmt: skip

    def remarks(self) -> list[str]:
        """What is missing or not permitted here, a line each."""
        return remarks.of(self._conf, self.cloud)

    def databases(self) -> int:
        """How many database servers run and will go on without us."""
        return len(self.cloud.databases()) if isinstance(self.cloud, LocalCloud) else 0

    def stop(self) -> None:
        self._running = False
        self._server.close()
        self._conductor.stop()
        self._reports.stop()
        self._board.close()
