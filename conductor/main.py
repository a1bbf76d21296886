"""dbaas-conductor: runs flows and receives what guests report. Composition root."""

import argparse
import sys
from collections.abc import Sequence

ROLES = {'all': ('worker', 'reports'), 'worker': ('worker',), 'reports': ('reports',)}


def main(argv: Sequence[str] | None = None) -> int:
    """Exit codes: 0 stopped by a signal, 1 it could not start (one line says why)."""
    from dbaas import service

    life = service.Life()
    from conf import messaging

    messaging.prepare()  # before anything imports oslo.messaging or TaskFlow: both would load eventlet
    from oslo_config import cfg

    from dbaas.exceptions import DbaasError

    try:
        conductor = Conductor(_arguments(argv))
        conductor.start()
    except (cfg.Error, DbaasError, OSError) as error:
        print(f'dbaas-conductor: {error}', file=sys.stderr)
        return 1
    life.until_told(conductor.stop, conductor.reread)


class Conductor:
    """The services of one process, by its role."""

    def __init__(self, arguments: argparse.Namespace):
        """Raises cfg.Error, DbaasError or OSError when it cannot be."""
        import conf as configuration
        from conductor import service
        from conf import logs
        from dbaas import deployment, metrics
        from dbaas.db.gauges import Gauges

        self._conf = conf = configuration.load(config_files=arguments.config_file, program='dbaas-conductor')
        if arguments.state:
            conf.set_override('state_dir', arguments.state)
        if arguments.name:
            conf.set_override('name', arguments.name, group='conductor')
        logs.setup(conf)
        self._parts = parts = deployment.open(conf)
        roles, self._board = ROLES[arguments.role], parts.board
        if 'worker' not in roles and not parts.board.shared:
            parts.board.turn_away()  # nobody claims here: the reconciler of another process finds what is runnable
        self._services: list[service.Service] = []
        metrics.serve(conf, Gauges(parts.db))
        if 'reports' in roles:
            self._services.append(service.reception(parts, parts.board))
        if 'worker' in roles:
            self._services.append(service.build(conf, **parts.for_conductor(), board=parts.board))

    def start(self) -> None:
        self._board.start()
        for one in self._services:
            one.start()

    def stop(self) -> None:
        """No new claims first; guests that report meanwhile are heard until the end."""
        for one in reversed(self._services):
            one.stop()
        self._board.close()

    def reread(self) -> None:
        from dbaas import service

        service.reread(self._conf, self._parts.secrets.reread_keys)


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser('dbaas-conductor', description=__doc__)
    parser.add_argument('--config-file', action='append', default=[], help='options; may be given several times')
    parser.add_argument('--state', help='state directory; default: [DEFAULT] state_dir')
    parser.add_argument('--role', choices=sorted(ROLES), default='all', help='what this process does')
    parser.add_argument('--name', help='its name in operations; default: [conductor] name')
    return parser.parse_args(argv)
