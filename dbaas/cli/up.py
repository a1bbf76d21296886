"""dbaas up: the control plane in one foreground process. Options, first start, and how it ends."""

import contextlib
import errno
import functools
import logging
import os
import shutil
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, NoReturn

import click

from dbaas.cli import output
from dbaas.exceptions import DbaasError, Unavailable

if TYPE_CHECKING:
    from oslo_config import cfg

    from dbaas.cli.embedded.process import Process

STOP_WITHIN = 1.0  # seconds; what is not finished then is found again from SQL
LEAST_SPACE = 100 << 20  # bytes: below this the first database would not even start


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

    with explained():
        conf = _configuration(state, port, config_files)
    if detach:
        return detached(lambda ready: run(conf, demo, ready))
    run(conf, demo, lambda: output.write('Ctrl-C stops the control plane; databases go on.'))
    return None


@contextlib.contextmanager
def explained() -> Iterator[None]:
    """Whatever prevents a start is one line with its remedy."""
    from oslo_config import cfg

    try:
        yield
    except (DbaasError, cfg.Error) as error:
        raise click.ClickException(str(error)) from error
    except OSError as error:
        remedy = '; free some space' if error.errno in (errno.ENOSPC, errno.EDQUOT) else ''
        place = f'{error.filename}: ' if error.filename else ''
        raise click.ClickException(f'{place}{error.strerror or error}{remedy}') from error


def run(conf: 'cfg.ConfigOpts', demo: bool, ready: Callable[[], None]) -> None:
    """Until a signal ends it; ready() is called once, when there is nothing more to wait for."""
    for number in (signal.SIGINT, signal.SIGTERM):  # also where a shell had them ignored
        signal.signal(number, _interrupt)
    from dbaas.cli.embedded import hold

    with explained(), hold.taken(conf.state_dir):
        process = _prepare(conf)
        try:
            _start(conf, process)
            _serve(conf, demo, ready)
        except KeyboardInterrupt:
            _end(conf, process)


def _interrupt(*_: object) -> NoReturn:
    raise KeyboardInterrupt


def _configuration(state: str | None, port: int | None, config_files: tuple[str, ...]) -> 'cfg.ConfigOpts':
    """All options, those that follow from others filled in. The state directory is made."""
    import conf as options
    from conf import messaging
    from dbaas.cloud.local import places

    messaging.prepare()
    conf = options.load(config_files=config_files)
    conf.set_override('state_dir', os.path.abspath(state or conf.state_dir))
    if port:
        conf.set_override('bind_port', port, group='api')
    if not conf.identity.token_file:
        conf.set_override('token_file', os.path.join(conf.state_dir, 'identity.yaml'), group='identity')
    if not conf.log_file:
        conf.set_override('log_file', os.path.join(conf.state_dir, 'dbaas.log'))
    places.settle(conf.state_dir, conf.local.runtime_dir)
    for name in (conf.log_file, os.path.join(conf.state_dir, 'dbaas.sqlite')):
        os.close(os.open(name, os.O_WRONLY | os.O_CREAT, 0o600))  # SQLite's other files take the same mode
    return conf


def _prepare(conf: 'cfg.ConfigOpts') -> 'Process':
    from conf import logs
    from dbaas.cli.embedded import identities, process

    _check_space(conf.state_dir)
    _check_port(conf)
    logs.setup(conf)
    sys.excepthook = functools.partial(_unexpected, conf.log_file, sys.excepthook)
    identities.first_start(conf.identity.token_file)
    identities.write_environment(conf.state_dir, identities.admin(conf.identity.token_file), _url(conf))
    return process.Process(conf)


def _start(conf: 'cfg.ConfigOpts', process: 'Process') -> None:
    process.start()
    output.write(f'dbaas is up: {_url(conf)}, state in {conf.state_dir}')
    for line in process.remarks():
        output.write(f'note: {line}')


def _serve(conf: 'cfg.ConfigOpts', demo: bool, ready: Callable[[], None]) -> None:
    told = False
    for _ in _demo(conf) if demo else [None]:
        if not told:
            ready()
            told = True
    threading.Event().wait()


def _demo(conf: 'cfg.ConfigOpts') -> Iterator[None]:
    """A demo that cannot be is no reason to stop what others use."""
    from dbaas.cli.embedded import identities, progress
    from dbaas.cli.embedded.demo import Demo
    from dbaas.cli.flow.api import Api
    from dbaas.cli.flow.auth import Access

    person = identities.admin(conf.identity.token_file)
    api = Api(Access(f'{_url(conf)}/v1.0/{person["project_id"]}', person['token']), timeout=30)
    try:
        yield from progress.follow(Demo(conf.state_dir, api), api, conf.state_dir)
    except (click.ClickException, DbaasError) as error:
        output.say(f'the demo cannot be had: {error}')
        yield


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


def _check_space(state: str) -> None:
    free = shutil.disk_usage(state).free
    if free < LEAST_SPACE:
        raise Unavailable(
            f'the disk of {state} is full ({free >> 20} MiB left): free some space, or give another --state'
        )


def _check_port(conf: 'cfg.ConfigOpts') -> None:
    """Before anything is started; who comes in between is found by the server itself."""
    address = (conf.api.bind_host, conf.api.bind_port)
    family = socket.AF_INET6 if ':' in conf.api.bind_host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(address)
        except OSError as error:
            raise Unavailable(
                f'cannot listen on {address[0]}:{address[1]}: {error.strerror};'
                f' give another port with --port or DBAAS_PORT'
            ) from error


def _url(conf: 'cfg.ConfigOpts') -> str:
    host = conf.api.bind_host
    return f'http://{f"[{host}]" if ":" in host else host}:{conf.api.bind_port}'
