"""dbaas-conductor: runs flows and receives what guests report. Composition root."""

import argparse
import signal
import sys
import threading
from collections.abc import Sequence

ROLES = {'all': ('worker', 'reports'), 'worker': ('worker',), 'reports': ('reports',)}


def main(argv: Sequence[str] | None = None) -> int:
    """Exit codes: 0 stopped by a signal, 1 it could not start (one line says why)."""
    from conf import messaging

    messaging.prepare()  # before anything imports oslo.messaging or TaskFlow: both would load eventlet
    from dbaas.exceptions import DbaasError

    options = _arguments(argv)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    try:
        _serve(options, stop)
    except (DbaasError, OSError) as error:
        print(f'dbaas-conductor: {error}', file=sys.stderr)
        return 1
    return 0


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser('dbaas-conductor', description=__doc__)
    parser.add_argument('--config-file', action='append', default=[], help='options; may be given several times')
    parser.add_argument('--state', help='state directory; default: [DEFAULT] state_dir')
    parser.add_argument('--role', choices=sorted(ROLES), default='all', help='what this process does')
    return parser.parse_args(argv)


def _serve(options: argparse.Namespace, stop: threading.Event) -> None:
    import conf as configuration
    from conductor import service
    from conductor.board.embedded import EmbeddedBoard
    from conf import logs
    from dbaas import deployment

    conf = configuration.load(config_files=options.config_file, program='dbaas-conductor')
    if options.state:
        conf.set_override('state_dir', options.state)
    logs.setup(conf)
    parts = deployment.open(conf)
    roles = ROLES[options.role]
    board = EmbeddedBoard()
    services: list[service.Service] = []
    if 'reports' in roles:
        services.append(service.reception(parts, board))
    if 'worker' in roles:
        services.append(service.build(conf, **parts.for_conductor(), board=board))
    for one in services:
        one.start()
    stop.wait()
    for one in reversed(services):
        one.stop()
