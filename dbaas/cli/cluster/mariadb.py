"""A private mariadbd for the control plane: data, options and password below the state directory, TCP on loopback only.

It runs as the caller. There is no Unix socket (a state directory may be deep, a socket's path ends at 107 bytes) and
no password on a command line; `mariadb --defaults-file=<state>/sql/client.cnf` is a shell for people.
"""

import contextlib
import os
import secrets
import shutil
import subprocess

import pymysql

from dbaas.cli.cluster.process import Process
from dbaas.exceptions import Unavailable
from guestagent.contract import processes, verifiers

NAME = 'sql'
USER = 'dbaas'
HOST = '127.0.0.1'
START_WITHIN = 60.0  # seconds; a crash recovery is among it

_OPTIONS = """\
[mysqld]
datadir={data}
port={port}
bind-address={host}
socket=
pid-file={folder}/mariadbd.pid
tmpdir={data}
init-file={folder}/init.sql
skip-name-resolve
character-set-server=utf8mb4
collation-server=utf8mb4_bin
transaction-isolation=READ-COMMITTED
max-connections=300
innodb-buffer-pool-size=128M
"""
_FAST = """\
innodb-flush-log-at-trx-commit=0
innodb-flush-method=nosync
innodb-doublewrite=0
"""
# a binary log, where somebody wants one, has no use for it
_INIT = """\
SET sql_log_bin = 0;
CREATE DATABASE IF NOT EXISTS {user};
CREATE USER IF NOT EXISTS '{user}'@'{host}';
ALTER USER '{user}'@'{host}' IDENTIFIED BY PASSWORD '{verifier}';
GRANT ALL ON `{user}%`.* TO '{user}'@'{host}';
"""
_CLIENT = '[client]\nuser={user}\npassword={password}\nhost={host}\nport={port}\nprotocol=tcp\n'


class MariaDB:
    """state: absolute path. durable: every commit survives the machine's death; tests do without.

    `start` makes database and user `dbaas`; that user may make and use every database whose name begins so.
    """

    def __init__(self, state: str, port: int, durable: bool = True):
        self.port, self.durable = port, durable
        self.folder = os.path.join(os.path.abspath(state), NAME)
        self.options = os.path.join(self.folder, 'my.cnf')
        self.process = Process(os.path.abspath(state), NAME, self.options)
        self._data = os.path.join(self.folder, 'data')

    @property
    def pid(self) -> int | None:
        return self.process.pid

    def url(self, database: str = USER) -> str:
        """SQLAlchemy's; it holds the password. Only `dbaas` is there from the start, see `create`."""
        return f'mysql+pymysql://{USER}:{self._password()}@{HOST}:{self.port}/{database}'

    def start(self) -> None:
        """Returns when it answers queries. Repeatable; after a stop it goes on with its data.

        Raises Unavailable with the last line of its log.
        """
        if self.pid is None:
            os.makedirs(self.folder, 0o700, exist_ok=True)
            self._write_files()
            self._install()
        # as root a server wants to be told that this is meant
        self.process.start([_program('mariadbd'), f'--defaults-file={self.options}', *_as_root()])
        self.process.await_(self._answers, START_WITHIN, f'mariadbd on port {self.port}')

    def stop(self) -> None:
        """Cleanly. Repeatable."""
        self.process.stop()

    def create(self, database: str) -> str:
        """Make a database unless it exists; the name begins with `dbaas`. -> its URL."""
        with contextlib.closing(self._connect()) as connection, connection.cursor() as cursor:
            cursor.execute(f'CREATE DATABASE IF NOT EXISTS `{database}`')
        return self.url(database)

    def _connect(self) -> pymysql.Connection:
        return pymysql.connect(
            host=HOST, port=self.port, user=USER, password=self._password(), connect_timeout=5, read_timeout=30
        )

    def _answers(self) -> bool:
        with contextlib.suppress(pymysql.err.MySQLError):
            self._connect().close()
            return True
        return False

    def _password(self) -> str:
        """Made once; readable by the owner only."""
        path = os.path.join(self.folder, 'password')
        if not os.path.exists(path):
            os.makedirs(self.folder, 0o700, exist_ok=True)
            processes.replace(path, secrets.token_urlsafe(24))
        with open(path) as text:
            return text.read()

    def _write_files(self) -> None:
        facts = {
            'folder': self.folder, 'data': self._data, 'port': self.port, 'host': HOST, 'user': USER,
            'password': self._password(), 'verifier': verifiers.mysql_native(self._password()),
        }  # fmt: skip
        processes.replace(self.options, (_OPTIONS + ('' if self.durable else _FAST)).format(**facts))
        processes.replace(os.path.join(self.folder, 'init.sql'), _INIT.format(**facts))
        processes.replace(os.path.join(self.folder, 'client.cnf'), _CLIENT.format(**facts))

    def _install(self) -> None:
        """The system tables, made beside and moved: a start that was killed here begins anew."""
        if os.path.isdir(self._data):
            return
        new = self._data + '.new'
        temporary = os.path.join(new, 'tmp')  # of its own: in a shared one each start removes the files of all others
        shutil.rmtree(new, ignore_errors=True)
        os.makedirs(temporary, 0o700)
        command = [_program('mariadb-install-db'), '--no-defaults', f'--datadir={new}', *_as_root(),
                   '--auth-root-authentication-method=socket', '--skip-test-db', '--skip-name-resolve']  # fmt: skip
        ran = subprocess.run(
            command, env={**os.environ, 'TMPDIR': temporary}, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )  # fmt: skip
        if ran.returncode:
            raise Unavailable(f'mariadb-install-db failed in {new}: {ran.stdout.decode(errors="replace").strip()}')
        shutil.rmtree(temporary)
        os.rename(new, self._data)


def _as_root() -> list[str]:
    return ['--user=root'] if os.geteuid() == 0 else []


def _program(name: str) -> str:
    found = shutil.which(name, path=os.pathsep.join([os.environ.get('PATH', os.defpath), '/usr/sbin', '/sbin']))
    if found is None:
        raise Unavailable(f'{name} is not installed: package mariadb-server-core')
    return found
