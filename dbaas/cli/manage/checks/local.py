"""What the local cloud needs of this machine: addresses, cgroups, mounts. What is made to try is removed again."""

import os
import tempfile
from collections.abc import Iterator

from dbaas.cli.manage.deployment import Deployment
from dbaas.cli.manage.findings import Finding, failed, ok, warning
from dbaas.exceptions import CloudError

PORT = 3306


def addresses(deployment: Deployment) -> Iterator[Finding]:
    """The machine-wide folder can be used, and an address is free."""
    from dbaas.cloud.local.addresses import Addresses

    options = deployment.conf.local
    pool = Addresses(options.address_dir, options.network)
    try:
        with pool.locked():
            free = pool.choose('dbaas-manage check', PORT)
    except (CloudError, OSError, ValueError) as error:
        what, _, remedy = str(error).partition('; ')
        yield failed('addresses', what, remedy or 'mend [local] address_dir or network')
    else:
        yield ok('addresses', f'{options.address_dir}, {free} is free')


def limits(deployment: Deployment) -> Iterator[Finding]:
    """Memory and CPU of instances can be confined."""
    from dbaas.cloud.local.limits import Limits

    if not deployment.conf.local.limits:
        yield ok('limits', 'off by [local] limits')
        return
    tried = Limits(f'dbaas-check-{os.getpid()}')
    tried.close()
    if tried.refused:
        yield warning(
            'limits',
            f'memory and CPU of instances are not confined: {tried.refused}',
            'run as root where cgroups can be written, or set [local] limits = false',
        )
    else:
        yield ok('limits', 'cgroups confine memory and CPU')


def volumes(deployment: Deployment) -> Iterator[Finding]:
    """Volumes can be images whose size the kernel enforces."""
    from dbaas.cloud.local import volumes as images

    above = deployment.state if os.path.isdir(deployment.state) else None
    try:
        with tempfile.TemporaryDirectory(prefix='check-', dir=above) as folder:
            refused = images.refusal(os.path.join(folder, 'volume'))
    except OSError as error:
        refused = f'{error.filename}: {error.strerror}'
    if refused:
        yield warning(
            'volumes',
            f'sizes are watched by the agents, not enforced: {refused}',
            'run as root where loop devices can be mounted, with xfsprogs installed',
        )
    else:
        yield ok('volumes', 'XFS images on loop devices')
