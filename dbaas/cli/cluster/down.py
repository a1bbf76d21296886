"""dbaas cluster down: ends every process of a cluster, newest kind first; data stays."""

import contextlib
import os
import signal
import time
from collections.abc import Iterator

import click

from dbaas.cli import kind, output
from dbaas.cli.cluster.process import Process
from dbaas.cli.embedded import hold
from dbaas.exceptions import DbaasError
from guestagent.contract import processes

_PROGRAMS = ('dbaas-api', 'dbaas-conductor', 'dbaas-simulator')
_SERVERS = ('java', 'mariadbd', 'beam.smp', 'erl', 'erlexec', 'rabbitmq-server')
_PATIENCE = 10  # seconds


@click.command()
@click.option(
    '--state', envvar='DBAAS_STATE', default='./var', show_default=True, metavar='DIR', help='State directory.'
)
def down(state: str) -> None:
    """Stop everything of a cluster, agents and databases too, and keep the data. Repeatable.

    The next `dbaas cluster up` starts all of it, every instance on its old address.
    """
    try:
        if kind.of(os.path.abspath(state)) != kind.CLUSTER:
            output.write(f'nothing to stop: {os.path.abspath(state)} is no state directory of `dbaas cluster up`')
            return
        say(os.path.abspath(state), end(os.path.abspath(state)))
    except DbaasError as error:
        raise click.ClickException(str(error)) from error


def say(state: str, stopped: int) -> None:
    output.write(f'stopped, {stopped} instance{"" if stopped == 1 else "s"}; data stays in {state}')


def end(state: str) -> int:
    """-> how many instances there are."""
    from dbaas.cli.cluster.mariadb import MariaDB
    from dbaas.cli.cluster.rabbitmq import RabbitMQ
    from dbaas.cli.cluster.zookeeper import ZooKeeper
    from dbaas.cloud.local import cloud, places

    hold.end(state)  # a `cluster up` that is under way
    with hold.taken(state):
        _end_programs(state)
        _end_strays(state, _PROGRAMS)  # they would bring agents back
        found = places.find(state)
        instances = cloud.LocalCloud(found).down() if found is not None else []
        if os.path.isdir(os.path.join(state, 'rabbitmq')):  # there is none beside simulated guests
            RabbitMQ(state).stop()
        ZooKeeper(state, 0).stop()
        MariaDB(state, 0).stop()
        _end_strays(state, _SERVERS)
        _forget_numbers(state)
    return len(instances)


def _end_programs(state: str) -> None:
    """The API first: what it accepts now nobody would run. Then conductors, all that there are, side by side."""
    Process(state, 'api').stop(timeout=5)
    conductors = [Process(state, name) for name in kind.numbers(state) if name.startswith('conductor')]
    for one in conductors:
        if one.pid is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(one.pid, signal.SIGTERM)
    for one in conductors:
        one.stop(timeout=5)


def _end_strays(state: str, programs: tuple[str, ...]) -> None:
    """Whatever a killed `cluster up` had started without writing it down, or somebody beside it."""
    for pid in _strays(state, programs):
        _end(pid)


def _strays(state: str, programs: tuple[str, ...]) -> Iterator[int]:
    for name in filter(str.isdigit, os.listdir('/proc')):
        with contextlib.suppress(OSError):
            with open(f'/proc/{name}/cmdline', 'rb') as text:
                words = text.read().decode(errors='replace').split('\0')
            if os.stat(f'/proc/{name}').st_uid == os.geteuid() and _ours(words, state, programs):
                yield int(name)


def _ours(words: list[str], state: str, programs: tuple[str, ...]) -> bool:
    """Not a client or an editor that only names a file of the state directory."""
    known = any(os.path.basename(word) in programs for word in words[:2])
    return known and any(f'{state}/' in word for word in words)


def _end(pid: int) -> None:
    """SIGTERM, then SIGKILL."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGTERM)
        give_up = time.monotonic() + _PATIENCE
        while processes.start_time(pid) is not None and time.monotonic() < give_up:
            time.sleep(0.05)
        os.kill(pid, signal.SIGKILL)


def _forget_numbers(state: str) -> None:
    for name in kind.numbers(state):
        with contextlib.suppress(FileNotFoundError):
            os.unlink(os.path.join(state, 'run', f'{name}.pid'))
