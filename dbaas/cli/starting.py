"""What `dbaas up` and `dbaas cluster up` have in common: options, what may prevent a start, where the API will be."""

import contextlib
import errno
import os
import shutil
import socket
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import click

from dbaas.exceptions import DbaasError, Unavailable

if TYPE_CHECKING:
    from oslo_config import cfg

LEAST_SPACE = 100 << 20  # bytes: below this the first database would not even start


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


def configuration(state: str | None, port: int | None, config_files: Sequence[str], kind: str) -> 'cfg.ConfigOpts':
    """All options, those that follow from others filled in. The state directory is made, and becomes `kind`'s.

    Raises Unavailable, or oslo_config.cfg.Error.
    """
    import conf as options
    from conf import messaging
    from dbaas.cli import kind as kinds
    from dbaas.cloud.local import places

    messaging.prepare()
    conf = options.load(config_files=config_files)
    conf.set_override('state_dir', os.path.abspath(state or conf.state_dir))
    if port:
        conf.set_override('bind_port', port, group='api')
    if not conf.identity.token_file:
        conf.set_override('token_file', os.path.join(conf.state_dir, 'identity.yaml'), group='identity')
    if conf.identity.driver != 'file':
        raise Unavailable(
            'callers of `dbaas up` and `dbaas cluster up` are those of a token file: with [identity] driver = keystone'
            ' start dbaas-api and dbaas-conductor, see docs/deployment.md'
        )
    places.settle(conf.state_dir, conf.local.runtime_dir)
    kinds.settle(conf.state_dir, kind)
    return conf


def check_space(state: str) -> None:
    free = shutil.disk_usage(state).free
    if free < LEAST_SPACE:
        raise Unavailable(
            f'the disk of {state} is full ({free >> 20} MiB left): free some space, or give another --state'
        )


def check_port(conf: 'cfg.ConfigOpts') -> None:
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


def url_of(conf: 'cfg.ConfigOpts') -> str:
    host = conf.api.bind_host
    return f'http://{f"[{host}]" if ":" in host else host}:{conf.api.bind_port}'
