"""The API's composition root: create_app for whoever serves it, main for `dbaas-api`."""

import logging
import sys
from typing import TYPE_CHECKING, Any

from oslo_config import cfg

import conf as options
from conf import logs, messaging
from dbaas.exceptions import DbaasError

if TYPE_CHECKING:
    import flask

LOG = logging.getLogger(__name__)


def create_app(conf: cfg.ConfigOpts, **parts: Any) -> 'flask.Flask':
    """dbaas.api.assembly.create_app; imported late, because conf.messaging.prepare() comes before TaskFlow."""
    messaging.prepare()
    from dbaas.api import assembly

    return assembly.create_app(conf, **parts)


def main() -> int:
    """`dbaas-api`: the API alone; conductors find its operations in the database."""
    messaging.prepare()
    from dbaas import deployment
    from dbaas.api import serving
    from dbaas.db import migrate

    try:
        conf = options.load(sys.argv[1:], program='dbaas-api')
        logs.setup(conf)
        parts = deployment.open(conf)
        migrated = migrate.current(parts.db) == migrate.head()
        app = create_app(
            conf,
            db=parts.db,
            post=lambda jobs: None,  # no board in reach: a conductor's reconciler posts what it finds runnable
            cloud=parts.cloud,
            operations=parts.operations,
            secrets=parts.secrets,
            guest=parts.guest,
            ready=lambda: migrated or migrate.current(parts.db) == migrate.head(),
        )
        server = serving.Server(app, conf)
    except (cfg.Error, DbaasError, OSError) as error:
        print(f'dbaas-api: {error}', file=sys.stderr)
        return 1
    LOG.info('listening on http://%s:%d', conf.api.bind_host, conf.api.bind_port)
    server.run()
    return 0
