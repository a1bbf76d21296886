"""ZooKeeper: each server of the ensemble, a node written and removed below [board] root, and who is elected."""

import re
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

from dbaas.cli.manage.deployment import Deployment
from dbaas.cli.manage.findings import Finding, failed, ok, warning
from dbaas.exceptions import DbaasError

TRY = 5.0  # seconds for a connection
LEAST = (3, 6)
NAME = 'ZooKeeper'
VERSION = re.compile(r'version: (\d+\.\d+(?:\.\d+)*)')


def zookeeper(deployment: Deployment) -> Iterator[Finding]:
    """A server that is away is a warning for as long as the ensemble answers."""
    servers, slash, chroot = deployment.conf.board.hosts.partition('/')
    away = []
    for host in servers.split(','):
        try:
            version = _asked(deployment, f'{host}{slash}{chroot}', _version)
        except (DbaasError, OSError) as error:
            away.append(f'{host}: {error}')
            continue
        yield _judged(host, version)
    for text in away:
        all_of_them = len(away) == len(servers.split(','))
        yield (failed if all_of_them else warning)(NAME, text, 'start it, or mend [board] hosts')
    if len(away) < len(servers.split(',')):
        yield from _board(deployment)


def _judged(host: str, version: str) -> Finding:
    if not version:
        return ok(NAME, f'{host}, its version is kept from us: srvr is not in 4lw.commands.whitelist')
    if tuple(map(int, version.split('.')[:2])) < LEAST:
        return failed(NAME, f'{host}, version {version}', 'install ZooKeeper 3.6 or newer')
    return ok(NAME, f'{host}, version {version}')


def _board(deployment: Deployment) -> Iterator[Finding]:
    """Whether our nodes can be made there, and whether a conductor is at work."""
    root = deployment.conf.board.root
    try:
        elected = _asked(deployment, deployment.conf.board.hosts, _written)
    except (DbaasError, OSError) as error:
        remedy = 'mend [board] username and password, or the ACL of the nodes below [board] root'
        yield failed('board', f'{root} cannot be written: {error}', remedy)
        return
    yield ok('board', f'{root} can be written')
    if elected is None:
        yield failed('conductors', 'none is elected: nothing that is accepted runs', 'start dbaas-conductor')
    else:
        yield ok('conductors', f'{elected} is elected')


def _asked(deployment: Deployment, hosts: str, question: Any) -> Any:
    """question(connection), on a session of its own. Raises Unavailable or OSError, with the reason."""
    from kazoo.exceptions import KazooException

    from conductor.board.connection import Connection
    from dbaas.exceptions import Unavailable

    options: Any = SimpleNamespace(**{**dict(deployment.conf.board), 'hosts': hosts})
    connection = Connection(options, lambda: None, lambda: None)
    client = connection.client
    try:
        client.start(TRY)
        return question(connection)
    except client.handler.timeout_exception:
        raise Unavailable('no answer') from None
    except KazooException as error:
        raise Unavailable(type(error).__name__) from None
    finally:
        connection.close()


def _version(connection: Any) -> str:
    """Empty where the server does not tell."""
    found = VERSION.search(connection.client.command(b'srvr'))
    return found[1] if found else ''


def _written(connection: Any) -> str | None:
    """The name of the elected conductor."""
    from kazoo.exceptions import NoNodeError

    client, root = connection.client, connection.root.rstrip('/')
    made = client.create(f'{root}/check-', ephemeral=True, sequence=True, makepath=True)
    client.delete(made)
    try:
        return str(client.get(f'{root}/elected')[0].decode())
    except NoNodeError:
        return None
