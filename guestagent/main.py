"""dbaas-guestagent: the agent of one instance, a process of its own that outlives the control plane.

SIGTERM and SIGINT end it within a second; its database goes on, a command that runs is finished by the next agent.
SIGHUP changes nothing: what is in agent.json is read at the start.

Exit codes: 0 ended by a signal, 1 cannot start, 2 wrong arguments, 3 another agent has this instance.
"""

import argparse
import logging
import os
import signal
import sys
import threading
from collections.abc import Sequence

from guestagent import machine
from guestagent import place as places
from guestagent.contract import processes, signals, systemd
from guestagent.failure import CommandError

STOP_WITHIN = 0.8  # seconds
LOG = logging.getLogger(__name__)
FORMAT = '%(asctime)s %(levelname)s %(name)s: %(message)s'


def main(argv: Sequence[str] | None = None) -> int:
    given = _arguments(argv)
    logging.basicConfig(level=logging.INFO, format=FORMAT, stream=sys.stderr)
    logging.getLogger('oslo').setLevel(logging.WARNING)
    place = _place(given)
    if place is None:
        return 1
    lock = processes.take_lock(os.path.join(place.record, 'agent.lock'))
    if lock is None:
        LOG.error('Another agent has instance %s', place.instance)
        return 3
    processes.write_pid(os.path.join(place.record, 'agent.pid'), os.getpid())
    processes.write_number(processes.number_file(place.state, f'agent-{place.instance}'), os.getpid())
    return _serve(place)


def _place(given: argparse.Namespace) -> places.Place | None:
    """None: it was said why there is none."""
    try:
        return machine.settle(given.machine) if given.machine else places.read(given.config)
    except CommandError as error:
        LOG.error('%s', error)
    except (OSError, ValueError, KeyError) as error:
        LOG.error('Cannot read %s: %s %s', given.machine or given.config, type(error).__name__, error)
    return None


def _serve(place: places.Place) -> int:
    """Imports come late: an agent that cannot begin says so at once."""
    from conf import messaging

    told = signals.Signals(signal.SIGTERM, signal.SIGINT)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    conf = messaging.bare_conf()
    messaging.register(conf, place.transport_url, small=True)
    from guestagent.agent import Agent

    agent = Agent(place, conf)
    try:
        agent.start()
    except CommandError as error:
        LOG.error('%s', error)
        return 1
    LOG.info('The agent of %s is ready', place.instance)
    systemd.notify(systemd.READY)
    told.next()
    systemd.notify(systemd.STOPPING)
    ending = threading.Thread(target=agent.stop, daemon=True)
    ending.start()
    ending.join(STOP_WITHIN)
    LOG.info('The agent of %s ends; its database goes on', place.instance)
    logging.shutdown()
    os._exit(0)  # an ordinary exit would wait for a command in work


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog='dbaas-guestagent', description='The agent of one instance.')
    parser.add_argument('--state', metavar='DIR', help='state directory of the deployment')
    parser.add_argument('--config', metavar='FILE', help="this instance's agent.json")
    parser.add_argument('--machine', metavar='FILE', help='instead of both: the facts of a machine of its own')
    given = parser.parse_args(argv)
    if bool(given.machine) == bool(given.state and given.config):
        parser.error('give --machine, or --state and --config')
    return given


if __name__ == '__main__':
    sys.exit(main())
