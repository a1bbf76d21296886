"""dbaas up: the control plane in one foreground process. Options, first start, and how it ends."""

import functools
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, NoReturn

import click

from dbaas.cli import kind, output, starting
from guestagent.contract import signals

if TYPE_CHECKING:
    from oslo_config import cfg

    from dbaas.cli.embedded.process import Process

STOP_WITHIN = 1.0  # seconds; what is not finished then is found again from SQL


@click.command()
@click.option('--demo', is_flag=True, help='Create an instance `demo` with a database and a user, once.')
@click.option('--state', envvar='DBAAS_STATE', metavar='DIR', help='Where everything is kept.  [default: ./var]')
@click.option(
    '--port', envvar='DBAAS_PORT', type=click.IntRange(1, 65535), metavar='N', help='Of the API.  [default: 8779]'
)
@click.option('--detach', is_flag=True, help='Return when it is ready, and leave it running.')
@click.option(
    '--config-file', 'config_files', multiple=True, type=click.Path(dir_okay=False), metavar='FILE',
    help='More options (oslo.config); may be given several times.',
)  # fmt: skip
def up(demo: bool, state: str | None, port: int | None, detach: bool, config_files: tuple[str, ...]) -> int | None:
    """Start API, conductor and the agents of all instances; databases that run are taken over.

    Ctrl-C ends the control plane only. `dbaas down` stops the databases, too.
    """
    from dbaas.cli.embedded.detach import detached

    with starting.explained():
        conf = _configuration(state, port, config_files)
    if detach:
        return detached(lambda ready: run(conf, demo, ready))
    run(conf, demo, lambda: output.write('Ctrl-C stops the control plane; databases go on.'))
    return None


def run(conf: 'cfg.ConfigOpts', demo: bool, ready: Callable[[], None]) -> None:
    """Until a signal ends it; ready() is called once, when there is nothing more to wait for."""
    for number in (signal.SIGINT, signal.SIGTERM):  # also where a shell had them ignored
        signal.signal(number, _interrupt)
    from dbaas.cli.embedded import hold

    with starting.explained(), hold.taken(conf.state_dir):
        process = _prepare(conf)
        try:
            _start(conf, process)
            _serve(conf, demo, ready)
        except KeyboardInterrupt:
            _end(conf, process)


def _interrupt(*_: object) -> NoReturn:
    raise KeyboardInterrupt


def _configuration(state: str | None, port: int | None, config_files: tuple[str, ...]) -> 'cfg.ConfigOpts':
    conf = starting.configuration(state, port, config_files, kind.EMBEDDED)
    if not conf.log_file:
        conf.set_override('log_file', os.path.join(conf.state_dir, 'dbaas.log'))
    for name in (conf.log_file, os.path.join(conf.state_dir, 'dbaas.sqlite')):
        os.close(os.open(name, os.O_WRONLY | os.O_CREAT, 0o600))  # SQLite's other files take the same mode
    return conf


def _prepare(conf: 'cfg.ConfigOpts') -> 'Process':
    from conf import logs
    from dbaas.cli.embedded import identities, process

    starting.check_space(conf.state_dir)
    starting.check_port(conf)
    logs.setup(conf)
    sys.excepthook = functools.partial(_unexpected, conf.log_file, sys.excepthook)
    identities.first_start(conf.identity.token_file)
    identities.write_environment(conf.state_dir, identities.admin(conf.identity.token_file), starting.url_of(conf))
    return process.Process(conf)


def _start(conf: 'cfg.ConfigOpts', process: 'Process') -> None:
    process.start()
    output.write(f'dbaas is up: {starting.url_of(conf)}, state in {conf.state_dir}')
    for line in process.remarks():
        output.write(f'note: {line}')


def _serve(conf: 'cfg.ConfigOpts', demo: bool, ready: Callable[[], None]) -> None:
    from dbaas.cli.embedded import progress

    told = False
    demonstration = progress.bring_up(conf.state_dir, conf.identity.token_file, starting.url_of(conf))
    for _ in demonstration if demo else [None]:
        if not told:
            ready()
            told = True
    signals.Signals().next()  # for ever: our handler raises


def _end(conf: 'cfg.ConfigOpts', process: 'Process') -> NoReturn:
    """Stop within a second, whatever still works: it is found again, as after a kill -9."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    stopping = threading.Thread(target=process.stop, daemon=True)
    stopping.start()
    stopping.join(STOP_WITHIN)
    running = process.databases()
    if running:
        how_many = 'one database still runs' if running == 1 else f'{running} databases still run'
        output.say(f'stopped; {how_many}: `make down` (dbaas down --state {conf.state_dir}) ends that, too')
    else:
        output.say('stopped')
    logging.shutdown()
    sys.stdout.flush()
    os._exit(0)  # an ordinary exit would wait for steps in work


def _unexpected(log: str, write: Callable[..., None], kind: type, error: BaseException, trace: object) -> None:
    """oslo.log writes a traceback into the log, and nothing for whoever sits here."""
    output.say(f'dbaas: a defect of this program: {kind.__name__}: {error}; see {log}')
    write(kind, error, trace)
