"""The API's composition root: create_app for whoever serves it, main for `dbaas-api`."""

import argparse
import logging
import sys
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from oslo_config import cfg

import conf as options
from conf import logs, messaging
from dbaas import metrics, service
from dbaas.exceptions import DbaasError

if TYPE_CHECKING:
    import flask

    from dbaas.deployment import Deployment

LOG = logging.getLogger(__name__)
FINISH_WITHIN = 0.6  # seconds for requests in work when the API is told to stop


def create_app(conf: cfg.ConfigOpts, **parts: Any) -> 'flask.Flask':
    """dbaas.api.assembly.create_app; imported late, because conf.messaging.prepare() comes before TaskFlow."""
    messaging.prepare()
    from dbaas.api import assembly

    return assembly.create_app(conf, **parts)


def assembled(conf: cfg.ConfigOpts) -> 'tuple[Deployment, flask.Flask]':
    """A deployment's parts, whose board has to be started, and the API on them. Raises DbaasError or OSError."""
    messaging.prepare()
    from dbaas import deployment
    from dbaas.db import migrate

    parts = deployment.open(conf)
    began = time.time()
    app = create_app(
        conf,
        **parts.for_api(),
        post=_post(parts),
        ready=_from_then_on(lambda: migrate.current(parts.db) == migrate.head()),
        reports_since=lambda: began,  # at least: conductors may have heard guests for longer
    )
    return parts, app


def main(argv: Sequence[str] | None = None) -> int:
    """`dbaas-api`: the API alone; conductors run what it accepts.

    Exit codes: 0 stopped by a signal, 1 it could not start (one line says why) or its server has ended.
    """
    life = service.Life()
    messaging.prepare()
    try:
        api = Api(_arguments(argv))
    except (cfg.Error, DbaasError, OSError) as error:
        print(f'dbaas-api: {error}', file=sys.stderr)
        return 1
    life.run('api', api.serve)
    life.until_told(api.stop, api.reread)


class Api:
    """Listens from the moment it is made. Raises cfg.Error, DbaasError or OSError when it cannot."""

    def __init__(self, arguments: argparse.Namespace):
        from dbaas.api import serving
        from dbaas.db.gauges import Gauges

        self._conf = conf = options.load(config_files=arguments.config_file, program='dbaas-api')
        if arguments.state:
            conf.set_override('state_dir', arguments.state)
        logs.setup(conf)
        self._parts, app = assembled(conf)
        self._server = serving.Server(app, conf)
        metrics.serve(conf, Gauges(self._parts.db))
        LOG.info('listening on http://%s:%d', conf.api.bind_host, self._server.port)

    def serve(self) -> None:
        self._parts.board.start()
        self._server.run()

    def stop(self) -> None:
        self._server.close(FINISH_WITHIN)
        self._parts.board.close()

    def reread(self) -> None:
        """Options and keys; identities and policy are read anew by themselves when their files change."""
        service.reread(self._conf, self._parts.secrets.reread_keys)


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser('dbaas-api', description=__doc__)
    parser.add_argument('--config-file', action='append', default=[], help='options; may be given several times')
    parser.add_argument('--state', help='state directory; default: [DEFAULT] state_dir')
    return parser.parse_args(argv)


def _post(parts: Any) -> Callable[[Any], None]:
    """A board of this process alone reaches nobody: a conductor's reconciler posts what it finds runnable."""
    return parts.board.post if parts.board.shared else lambda jobs: None


def _from_then_on(condition: Callable[[], bool]) -> Callable[[], bool]:
    """Once it was true it is not asked again."""
    seen = False

    def answer() -> bool:
        nonlocal seen
        seen = seen or condition()
        return seen

    return answer
