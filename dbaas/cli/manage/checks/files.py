"""The state directory, who may read its secret files, and the token file."""

import os
import stat
from collections.abc import Iterator

from dbaas.cli.manage.deployment import Deployment
from dbaas.cli.manage.findings import Finding, failed, ok, warning

SCARCE = 1 << 30
SECRET = ('token', 'openrc', 'clouds.yaml', 'password', 'demo.cnf')


def state(deployment: Deployment) -> Iterator[Finding]:
    """There, ours to write, with room."""
    folder = deployment.state
    if not os.path.isdir(folder):
        yield warning('state directory', f'{folder} is not there yet', '`dbaas up` makes it; or give --state')
    elif not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        yield failed('state directory', f'{folder} cannot be written', 'run as the user who started `dbaas up`')
    else:
        free = os.statvfs(folder)
        left = free.f_bavail * free.f_frsize
        text = f'{folder}, {left / (1 << 30):.1f} GiB free'
        if left < SCARCE:
            yield failed('state directory', text, 'make room: databases stop before their disk is full')
        else:
            yield ok('state directory', text)


def modes(deployment: Deployment) -> Iterator[Finding]:
    """Nobody else may read what lets one in."""
    own = [deployment.token_file, deployment.key_file, *map(deployment.within, SECRET)]
    conf = deployment.conf
    logins = deployment.config_files if conf.database.connection or conf.messaging.transport_url else ()
    given = [*logins, conf.openstack.clouds_file or '']  # an operator's, which a group may read
    for path, mask in [*((path, 0o077) for path in own), *((path, 0o007) for path in given)]:
        try:
            mode = stat.S_IMODE(os.stat(path).st_mode)
        except OSError:
            continue  # other checks say what is missing
        if mode & mask:
            said = f'{path} has mode {mode:04o}: others can read it'
            yield failed(os.path.basename(path), said, f'chmod {mode & ~mask:o} {path}')
        else:
            yield ok(os.path.basename(path), f'mode {mode:04o}')


def identities(deployment: Deployment) -> Iterator[Finding]:
    """Whether the API could use the file."""
    from dbaas.services import identity_file

    path = deployment.token_file
    if not os.path.exists(path):
        yield warning('identities', f'{path} is not there yet', '`dbaas up` makes it at its first start')
        return
    try:
        found = identity_file.read(path)
    except (OSError, ValueError) as error:
        yield failed('identities', f'{path}: {error}', 'mend the entry; `dbaas-manage identity` writes whole ones')
    else:
        yield ok('identities', f'{path}: {len(found)}')
