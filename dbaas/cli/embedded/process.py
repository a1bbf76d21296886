"""API, conductor and receiver of guest reports in one process, on the embedded board: the composition root of `up`."""

import logging
import threading

from oslo_config import cfg

from conductor import main as conductor
from conductor.board.embedded import EmbeddedBoard
from conductor.reports import Reports
from dbaas import app, deployment
from dbaas.cloud.local.cloud import LocalCloud
from dbaas.db import migrate
from dbaas.guest.reports import ReportServer
from dbaas.services import datastores

LOG = logging.getLogger(__name__)
DATASTORE, VERSIONS = 'mariadb', ['10.11']


class Process:
    """start() returns when requests are served and operations run; stop() lets go of everything."""

    def __init__(self, conf: cfg.ConfigOpts):
        parts = deployment.open(conf)
        self.cloud = parts.cloud
        migrate.upgrade(parts.db)
        parts.db.run(lambda c: datastores.register(c, DATASTORE, DATASTORE, VERSIONS, default=VERSIONS[0]))
        board = EmbeddedBoard()
        reports = Reports(parts.db, board)
        self._reports = ReportServer(
            parts.transport, lambda instance: deployment.key_of(parts.db, parts.secrets, instance),
            reports.on_report, reports.on_heartbeat, conf.messaging.workers,
        )  # fmt: skip
        self._conductor = conductor.build(
            conf, db=parts.db, board=board, cloud=parts.cloud, guest=parts.guest, secrets=parts.secrets
        )
        self._clock, self._reports_since = parts.db.clock, None
        self._running = False
        application = app.create_app(
            conf, db=parts.db, post=board.post, cloud=parts.cloud, operations=parts.operations,
            secrets=parts.secrets, guest=parts.guest,
            ready=lambda: self._running, reports_since=lambda: self._reports_since,
        )  # fmt: skip
        self._server = app.make_server(application, conf)

    def start(self) -> None:
        """Agents come first: they take a moment, and whoever serves now can hear them. Raises CloudError."""
        self._reports.start()
        self._reports_since = self._clock()
        if isinstance(self.cloud, LocalCloud):
            started = self.cloud.recover()
            LOG.info('agents started: %s', ', '.join(started) or 'none')
        self._conductor.start()
        threading.Thread(target=self._server.run, name='api', daemon=True).start()
        self._running = True

    def stop(self) -> None:
        self._running = False
        self._server.close()
        self._conductor.stop()
        self._reports.stop()
