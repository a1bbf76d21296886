"""The server: prepared, started, watched, stopped, wiped. Every verb bears repeating."""

import os
import threading
import time
from typing import Any

import pymysql

from guestagent.contract import processes
from guestagent.datastores.mariadb import account, binaries, config, databases, datadir, template, users
from guestagent.failure import CommandError
from guestagent.place import Place
from guestagent.runtime.base import Runtime
from guestagent.runtime.runtimes import Runtimes
from guestagent.system import disk, files

LOOK_EVERY = 0.005  # seconds between tries while the server starts
START_WITHIN = 600.0  # seconds, for a recovery after a crash of a large database
LINES = 8  # of the error log in a reason
TOO_MANY_CONNECTIONS = 1040


class Service:
    def __init__(self, place: Place, runtimes: Runtimes) -> None:
        self._place, self._runtimes = place, runtimes
        self._script = os.path.join(place.home, 'first.sql')
        self._config = os.path.join(place.home, 'server.cnf')

    def warm(self, server_binary: str | None, install_binary: str | None) -> None:
        template.ensure(self._runtime, self._place.templates, server_binary, install_binary)

    def prepare(self, args: dict[str, Any]) -> dict[str, Any]:
        place = self._place
        source, version = template.ensure(
            self._runtime, place.templates, args.get('server_binary'), args.get('install_binary')
        )
        _check_version(args.get('version'), version)
        disk.attach(place)
        self._make_folders()
        if not args.get('used'):
            datadir.fill(place, source)
        elif not os.path.isdir(place.data):
            raise CommandError(f'{place.data} had a database and is gone: restore a backup into a new instance')
        text = config.render(
            place, args.get('flavor') or place.flavor, args.get('address') or place.address,
            int(args.get('port') or place.port),
        )  # fmt: skip
        files.write(self._config, text, place.identity)
        return {'version': version}

    def start(
        self, server_binary: str | None, databases_: list[dict[str, Any]], users_: list[dict[str, Any]]
    ) -> dict[str, Any]:
        wanted = [*databases.statements(databases_), *users.statements(users_)]
        disk.attach(self._place)
        try:
            if self._runtime.adopt():
                datadir.settle(self._place)
                self._await_ready(files.size(self._place.error_log))
                account.run(self._place, wanted)
            else:
                self._launch(binaries.server(self._runtime, server_binary), wanted)
            with account.session(self._place) as cursor:
                cursor.execute('SELECT @@version')
                return {'version': str((cursor.fetchone() or [''])[0]).partition('-')[0]}
        finally:
            files.remove(self._script)

    def stop(self, timeout: float) -> None:
        self._runtime.adopt()
        self._runtime.stop(timeout)

    def wipe(self) -> None:
        self.stop(30)
        datadir.empty(self._place)
        for name in ('tmp', 'log', 'files', 'server.cnf', 'first.sql'):
            files.remove(os.path.join(self._place.home, name))
        files.remove(self._place.sockets)
        disk.detach(self._place)

    def adopt(self) -> bool:
        return self._runtime.adopt()

    def pidfd(self) -> int | None:
        return self._runtime.open()

    def ill(self) -> str | None:
        try:
            with account.session(self._place, account.PATIENCE) as cursor:
                cursor.execute('SELECT 1')
        except (pymysql.MySQLError, OSError) as error:
            full = error.args and error.args[0] == TOO_MANY_CONNECTIONS  # busy, not dead
            return None if full else f'{type(error).__name__}: {error}'
        return None

    def set_read_only(self, on: bool) -> None:
        """A long write of a client delays it: CommandError after a second, to be tried again."""
        try:
            with account.session(self._place, account.PATIENCE) as cursor:
                cursor.execute('SET lock_wait_timeout=1')
                cursor.execute(f'SET GLOBAL read_only={int(on)}')
        except (pymysql.MySQLError, OSError) as error:
            raise CommandError(f'read_only={int(on)} failed: {error}') from error

    @property
    def _runtime(self) -> Runtime:
        return self._runtimes.current

    def _make_folders(self) -> None:
        place = self._place
        for path in ('tmp', 'files', 'log'):
            files.folder(os.path.join(place.home, path), place.identity)
        files.folder(place.sockets, place.identity, 0o711)

    def _launch(self, binary: str, wanted: list[str]) -> None:
        """The server runs and has what is wanted: it reads that from an init-file before it serves anyone."""
        place = self._place
        if not os.path.isdir(place.data) or not os.path.exists(self._config):
            raise CommandError(f'{place.data} has no database: prepare it first')
        self._make_folders()  # the runtime folder does not survive a boot
        command = [binary, f'--defaults-file={self._config}']
        if wanted:
            script = ''.join(f'{line};\n' for line in [account.UNLOGGED, *wanted])
            files.write(self._script, script, place.identity, 0o400)
            command.append(f'--init-file={self._script}')
        begin = files.size(place.error_log)
        settled = threading.Thread(target=datadir.settle, args=(place,), name='settle')
        settled.start()  # while the server starts
        try:
            self._runtime.start(command)
            self._await_ready(begin)
        finally:
            settled.join()
        if wanted and any(line.startswith('ERROR: ') for line in files.tail(place.error_log, begin)):
            account.run(place, wanted)  # a bad init-file stops no server: so its error comes to us

    def _await_ready(self, begin: int) -> None:
        began = time.monotonic()
        while (waited := time.monotonic() - began) < START_WITHIN:
            pause = LOOK_EVERY if waited < 2 else 20 * LOOK_EVERY  # a recovery takes long: do not compete with it
            pidfd = self._runtime.open()
            if pidfd is None:
                raise CommandError(self._why_ended(begin))
            try:
                if processes.gone(pidfd, pause):
                    continue
                with account.session(self._place, START_WITHIN) as cursor:
                    cursor.execute('SELECT 1')
                    return
            except pymysql.OperationalError as error:
                if error.args[0] not in _NOT_YET:
                    raise CommandError(f'the server refuses its agent: {error}') from error
            finally:
                os.close(pidfd)
        raise CommandError(f'mariadbd answers no query within {START_WITHIN:.0f} s: {self._said(begin)}')

    def _why_ended(self, begin: int) -> str:
        status = self._runtime.ended_with
        how = '' if status is None else f' with status {status}'
        return f'mariadbd ended{how} while starting: {self._said(begin)}'

    def _said(self, begin: int) -> str:
        lines = files.tail(self._place.error_log, begin)
        worst = [line for line in lines if 'ERROR' in line or 'Fatal' in line]
        return ' | '.join((worst or lines)[-LINES:]) or 'its error log is empty'


# CR_CONNECTION_ERROR, CR_CONN_HOST_ERROR, CR_SERVER_GONE, CR_SERVER_LOST: no socket yet, or it just closed
_NOT_YET = (2002, 2003, 2006, 2013)


def _check_version(wanted: str | None, found: str) -> None:
    """'10.11' fits 10.11.19 and not 10.1."""
    if wanted and found.split('.')[: wanted.count('.') + 1] != wanted.split('.'):
        raise CommandError(f'the server program here is MariaDB {found}; {wanted} is wanted')
