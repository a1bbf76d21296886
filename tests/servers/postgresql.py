"""A private PostgreSQL for tests: the shape of dbaas.cli.cluster.mariadb, never durable.

It refuses to run as root: then it runs as nobody, who may pass the private folders above its own (an ambient
capability), because test folders are readable by their owner only.
"""

import contextlib
import os
import secrets
import shutil
import subprocess

import psycopg

from dbaas.cli.cluster.process import Process
from dbaas.exceptions import Unavailable

NAME = 'postgresql'
USER = 'dbaas'
HOST = '127.0.0.1'
OPTIONS = {
    'listen_addresses': HOST, 'unix_socket_directories': '', 'fsync': 'off', 'synchronous_commit': 'off',
    'full_page_writes': 'off', 'max_connections': '300', 'shared_buffers': '64MB', 'max_locks_per_transaction': '256',
}  # fmt: skip


class PostgreSQL:
    """folder: absolute path; all it writes is below `<folder>/postgresql`, but pid file and log."""

    def __init__(self, folder: str, port: int):
        self.port = port
        self.folder = os.path.join(os.path.abspath(folder), NAME)
        self._data = os.path.join(self.folder, 'data')
        self.process = Process(os.path.abspath(folder), NAME, self._data)

    @property
    def pid(self) -> int | None:
        return self.process.pid

    def url(self, database: str = USER) -> str:
        """SQLAlchemy's; only `dbaas` is there from the start, see `create`."""
        return f'postgresql+psycopg://{USER}:{self._password()}@{HOST}:{self.port}/{database}'

    def start(self) -> None:
        """Returns when it answers. Repeatable; after a stop it goes on with its data."""
        if not os.path.isdir(self._data):
            self._install()
        options = [word for name, value in OPTIONS.items() for word in ('-c', f'{name}={value}')]
        command = [_program('postgres'), '-D', self._data, '-p', str(self.port), *options]
        self.process.start([*_as_nobody(), *command])
        self.process.await_(self._answers, 60, f'postgres on port {self.port}')
        self.create(USER)

    def stop(self) -> None:
        """Cleanly, and without waiting for clients. Repeatable."""
        self.process.stop(how=2)

    def create(self, database: str, template: str = 'template0') -> str:
        """Make a database unless it exists. -> its URL."""
        with contextlib.closing(self._connect()) as c:
            if not c.execute('SELECT 1 FROM pg_database WHERE datname = %s', (database,)).fetchone():
                c.execute(f'CREATE DATABASE "{database}" TEMPLATE "{template}"')
        return self.url(database)

    def _connect(self) -> psycopg.Connection:
        return psycopg.connect(
            host=HOST, port=self.port, user=USER, password=self._password(), dbname='postgres', autocommit=True,
            connect_timeout=5,
        )  # fmt: skip

    def _answers(self) -> bool:
        with contextlib.suppress(psycopg.OperationalError):
            self._connect().close()
            return True
        return False

    def _password(self) -> str:
        with open(os.path.join(self.folder, 'password')) as text:
            return text.read()

    def _install(self) -> None:
        os.makedirs(self.folder, 0o700, exist_ok=True)
        path = os.path.join(self.folder, 'password')
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), 'w') as out:
            out.write(secrets.token_urlsafe(24))
        if os.geteuid() == 0:
            shutil.chown(path, 'nobody')
            shutil.chown(self.folder, 'nobody')
        new = self._data + '.new'
        command = [_program('initdb'), '-D', new, '-U', USER, '--pwfile', path, '--auth=scram-sha-256', '--no-sync',
                   '--locale=C', '--encoding=UTF8']  # fmt: skip
        ran = subprocess.run([*_as_nobody(), *command], cwd='/', stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        if ran.returncode:
            raise Unavailable(f'initdb failed in {new}: {ran.stdout.decode(errors="replace").strip()}')
        os.rename(new, self._data)


def _as_nobody() -> list[str]:
    if os.geteuid() != 0:
        return []
    right = '+dac_override'
    return ['setpriv', '--reuid=nobody', '--regid=nogroup', '--clear-groups', f'--inh-caps={right}',
            f'--ambient-caps={right}']  # fmt: skip


def _program(name: str) -> str:
    found = shutil.which(name, path='/usr/lib/postgresql/15/bin')
    if found is None:
        raise Unavailable(f'{name} is not installed: package postgresql-15')
    return found
