"""The databases of the services, in one private MariaDB."""

import contextlib

import pymysql

from dbaas.cli.cluster.mariadb import MariaDB
from tests.servers.openstack import rendering

PREFIX = 'dbaas_'  # what that server's user may make


def prepare(server: MariaDB) -> str:
    """Make those that are missing. -> their URL with `{}` for the service's name.

    utf8mb3: some indexes of theirs are too long for anything wider.
    """
    for name in rendering.DATABASES:
        server.create(PREFIX + name)
        with contextlib.closing(connect(server)) as connection, connection.cursor() as cursor:
            cursor.execute(f'ALTER DATABASE {PREFIX}{name} CHARACTER SET utf8mb3 COLLATE utf8mb3_general_ci')
    return server.url(PREFIX + '{}') + '?charset=utf8mb4'


def connect(server: MariaDB, name: str | None = None) -> pymysql.Connection:
    return pymysql.connect(read_default_file=f'{server.folder}/client.cnf', database=name and PREFIX + name)
