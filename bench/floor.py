"""The floor of a create: nothing but a template copy, a mariadbd with an init-file, and a user who works over TCP."""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pymysql

from guestagent.contract.verifiers import mysql_native

ADDRESS = '127.64.255.9'
PASSWORD = 'bench-password'
VERIFIER = mysql_native(PASSWORD)
FIRST = (
    'SET sql_log_bin=0;\n'
    'CREATE DATABASE app;\n'
    f"CREATE USER app@'%' IDENTIFIED BY PASSWORD '{VERIFIER}';\n"
    "GRANT ALL ON app.* TO app@'%';\n"
)


class Floor:
    """folder: on the disk that the product uses, too."""

    def __init__(self, folder: str):
        self._folder = folder
        self._template = os.path.join(folder, 'template')
        self._as = () if os.geteuid() else ('--user=root',)
        _run(
            'mariadb-install-db', '--no-defaults', f'--datadir={self._template}', '--skip-test-db',
            '--auth-root-authentication-method=socket', '--auth-root-socket-user=root',
            '--innodb-log-file-size=8M', *self._as,
        )  # fmt: skip

    def seconds(self) -> float:
        """From nothing to a row that the application's user has written and read."""
        began = time.perf_counter()
        with self._server():
            work(ADDRESS, 3306, 'app', PASSWORD, 'app')
            return time.perf_counter() - began

    @contextmanager
    def _server(self) -> Iterator[None]:
        data, first = os.path.join(self._folder, 'data'), os.path.join(self._folder, 'first.sql')
        _run('cp', '-a', '--reflink=auto', self._template, data)
        with open(first, 'w') as out:
            out.write(FIRST)
        server = subprocess.Popen(
            (
                shutil.which('mariadbd') or '/usr/sbin/mariadbd',
                '--no-defaults',
                f'--datadir={data}',
                f'--socket={self._folder}/sock',
                f'--pid-file={self._folder}/pid',
                f'--bind-address={ADDRESS}',
                f'--log-error={self._folder}/log',
                f'--init-file={first}',
                '--skip-name-resolve',
                '--innodb-buffer-pool-size=128M',
                '--innodb-log-file-size=8M',
                '--performance-schema=OFF',
                *self._as,
            )
        )
        try:
            yield
        finally:
            server.send_signal(signal.SIGTERM)
            server.wait()
            shutil.rmtree(data)


def work(address: str, port: int, user: str, password: str, database: str) -> None:
    """Connect as soon as the server lets us, make a table, write and read. Gives up after 30 s."""
    give_up = time.monotonic() + 30
    while True:
        with suppress(pymysql.err.OperationalError):
            connection = pymysql.connect(
                host=address, port=port, user=user, password=password, database=database, connect_timeout=2
            )
            break
        if time.monotonic() > give_up:
            raise TimeoutError(f'{address}:{port} does not let {user} in')
        time.sleep(0.003)
    with connection, connection.cursor() as cursor:
        cursor.execute('CREATE TABLE t (n INT)')
        cursor.execute('INSERT INTO t VALUES (1)')
        cursor.execute('SELECT n FROM t')
        assert cursor.fetchall() == ((1,),)


def _run(*command: str) -> None:
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
