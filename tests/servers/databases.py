"""The databases that tests of the control plane run on: a server of each kind per test process, started when asked."""

import itertools
import pathlib
import subprocess

import sqlalchemy as sa

from dbaas.cli.cluster.mariadb import MariaDB
from dbaas.db import migrate
from dbaas.db.session import Database
from dbaas.db.tables import METADATA
from tests.servers.ports import lasting_port
from tests.servers.postgresql import PostgreSQL

KINDS = ('sqlite', 'mariadb', 'postgresql')
TABLES = [table.name for table in METADATA.sorted_tables]
Server = MariaDB | PostgreSQL


class Databases:
    """folder: for everything. `close` ends the servers; what is opened here need not be closed."""

    def __init__(self, folder: pathlib.Path):
        self._folder = folder
        self._servers: dict[str, Server] = {}
        self._ready: dict[str, str] = {}  # kind -> URL of a migrated database
        self._numbers = itertools.count(1)
        self._mourners: list[subprocess.Popen] = []

    def server(self, kind: str) -> Server:
        """mariadb or postgresql, running."""
        if kind not in self._servers:
            made = _server(kind, str(self._folder / kind))
            self._servers[kind] = made  # before its start: it is ended even if that fails halfway
            self._mourners.append(_mourner(made.process.pid_file))
            made.start()
        return self._servers[kind]

    def empty(self, kind: str) -> str:
        """The URL of a database of its own without any table."""
        name = f'dbaas_{next(self._numbers)}'
        if kind == 'sqlite':
            return f'sqlite:///{self._folder}/{name}.sqlite'
        return self.server(kind).create(name)

    def migrated(self, kind: str) -> str:
        """The URL of the one migrated database of this kind; whoever uses it wipes it before."""
        if kind not in self._ready:
            db = Database(self.empty(kind), durable=False)
            migrate.upgrade(db)
            db.close()
            self._ready[kind] = db.url
        return self._ready[kind]

    def close(self) -> None:
        for server in self._servers.values():
            server.stop()
        for mourner in self._mourners:
            mourner.communicate()


def _server(kind: str, state: str) -> Server:
    return MariaDB(state, lasting_port(), durable=False) if kind == 'mariadb' else PostgreSQL(state, lasting_port())


def _mourner(pid_file: str) -> subprocess.Popen:
    """Ends the server of this pid file when this process is gone, however it died."""
    script = 'cat > /dev/null; test ! -e "$0" || kill -KILL "$(cat "$0")"'
    return subprocess.Popen(['sh', '-c', script, pid_file], stdin=subprocess.PIPE, start_new_session=True)


def wipe(db: Database) -> None:
    """No row is left in any table. The server may have been restarted since the last use."""

    def work(c: sa.Connection) -> None:
        for name in TABLES:
            c.exec_driver_sql(f'DELETE FROM {name}')

    db.run(work)
