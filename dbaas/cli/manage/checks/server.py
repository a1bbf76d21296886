"""The database server: its version, how transactions are kept apart, its clock."""

import time
from collections.abc import Iterator

from dbaas.cli.manage.checks import clocks
from dbaas.cli.manage.deployment import Deployment, ManageError
from dbaas.cli.manage.findings import Finding, failed, ok, warning

LEAST = {'mariadb': (10, 6), 'postgresql': (13,), 'sqlite': (3, 38)}
TESTED = {'mariadb': '10.11', 'postgresql': '15', 'sqlite': '3.40'}
ISOLATION = ('READ COMMITTED', 'SERIALIZABLE')  # the latter: SQLite, which has one writer


def server(deployment: Deployment) -> Iterator[Finding]:
    """Nothing when it is not there: `database` has said so."""
    from dbaas.db import failures
    from dbaas.db import server as asked

    try:
        before = time.time()
        found = asked.facts(deployment.db)
    except (ManageError, *failures.ERRORS):
        return
    version = '.'.join(map(str, found.version))
    if found.version < LEAST[found.kind]:
        yield failed('database server', f'{found.kind} {version}', f'install {found.kind} {TESTED[found.kind]}')
    elif found.isolation not in ISOLATION:
        yield failed(
            'database server',
            f'{found.kind} {version} keeps transactions apart as {found.isolation}, not READ COMMITTED',
            'let what stands between (a proxy, an init_connect of the server) leave the isolation level alone',
        )
    else:
        yield ok('database server', f'{found.kind} {version}, {found.isolation}')
    if found.kind == 'sqlite':
        if deployment.conf.board.driver != 'embedded':
            yield warning('database server', 'SQLite has one writer, for one machine', 'use MariaDB or PostgreSQL')
    else:
        yield clocks.compared('the database server', found.now, before, time.time())
