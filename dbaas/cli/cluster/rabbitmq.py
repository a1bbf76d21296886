"""A RabbitMQ of our own: one node whose files, ports and cookie are private. It outlives who started it.

Nothing is shared with a broker that the machine may run: own node, epmd, cookie, ports and folders.
"""

import contextlib
import json
import os
import secrets
import shutil
import signal
import socket
from collections.abc import Mapping
from urllib import parse

from dbaas.cli.cluster.process import Process
from dbaas.exceptions import Unavailable
from dbaas.guest.management import Management
from guestagent.contract import processes

NAME = 'rabbitmq'
SCRIPT = '/usr/lib/rabbitmq/bin/rabbitmq-server'  # the bare one; the one on the PATH of Debian changes the user
ADMIN = 'dbaas'
READY_WITHIN = 120.0  # seconds; an idle machine needs five
STOP_WITHIN = 30.0
# it shares the machine with what it serves
SMALL = '+S 1:1 +SDcpu 1:1'

Tls = Mapping[str, str]  # ca, cert, key: files


class RabbitMQ:
    """Ports that are not given are chosen at the first start and kept; tls: one more listener, for amqps.

    listen: the address that guests reach it at; its management stays on loopback.
    """

    def __init__(
        self, state: str, port: int | None = None, management_port: int | None = None, tls: Tls | None = None,
        listen: str = '127.0.0.1',
    ):  # fmt: skip
        self._state, self._listen = os.path.abspath(state), listen
        self.folder = os.path.join(self._state, NAME)
        self._tls = dict(tls or {})
        self._ports_file, self._password_file = self._in('ports.json'), self._in('password')
        os.makedirs(self.folder, 0o700, exist_ok=True)
        os.chmod(self.folder, 0o700)
        self._ports = self._settle(port=port, management=management_port)
        self._process = Process(self._state, NAME, mark=self.folder)

    @property
    def pid(self) -> int | None:
        """Of the Erlang machine."""
        return self._process.pid

    @property
    def port(self) -> int:
        return self._ports['port']

    @property
    def tls_port(self) -> int:
        return self._ports['tls']

    @property
    def url(self) -> str:
        """rabbit://…// of the administrator: a secret."""
        return f'rabbit://{self._login}@127.0.0.1:{self.port}//'

    @property
    def management_url(self) -> str:
        """http://… of the administrator: a secret."""
        return f'http://{self._login}@127.0.0.1:{self._ports["management"]}'

    def start(self) -> None:
        """Returns when it serves; repeatable. Raises Unavailable with what it said last."""
        if self.pid is None:
            if not os.access(SCRIPT, os.X_OK):
                raise Unavailable(f'{SCRIPT} not found: install rabbitmq-server')
            self._make_way()
            self._write()
            self._start_epmd()
            self._process.start([SCRIPT, *self._arguments()], self._environment())
        self._process.await_(self._ready, READY_WITHIN, 'RabbitMQ')

    def _make_way(self) -> None:
        """Another port for those that nobody has to know, where a stranger has them by now."""
        ours = {'epmd'} if self._epmd.pid is not None else set()
        lost = [name for name in ('epmd', 'dist') if name not in ours and _listens(self._ports[name])]
        if lost:
            self._ports |= dict(zip(lost, _free(len(lost)), strict=True))
            processes.replace(self._ports_file, json.dumps(self._ports))

    @property
    def _epmd(self) -> Process:
        return Process(self._state, f'{NAME}-epmd', mark=str(self._ports['epmd']))

    def stop(self, how: int = signal.SIGTERM) -> None:
        """The node and its epmd; its data stays. Repeatable."""
        self._process.stop(how, STOP_WITHIN)
        self._epmd.stop()

    def log(self) -> str:
        """All that it has said."""
        with open(self._process.log, errors='replace') as text:
            return text.read()

    # -- what it is started with ---------------------------------------------------------------------------------
    def _arguments(self) -> list[str]:
        """The first pair means nothing to Erlang: by it the process is known to be ours."""
        return ['-dbaas', self.folder, '-kernel', 'inet_dist_use_interface', '{127,0,0,1}']

    def _environment(self) -> dict[str, str]:
        """Nothing of ours but the PATH. RUNNING_UNDER_SYSTEMD: the script becomes the machine, it forks none."""
        return {
            'PATH': os.environ.get('PATH', os.defpath),
            'LANG': 'C.UTF-8',
            'HOME': self.folder,  # of the cookie
            'ERL_EPMD_ADDRESS': '127.0.0.1',
            'ERL_EPMD_PORT': str(self._ports['epmd']),
            'ERL_CRASH_DUMP_SECONDS': '0',
            'RUNNING_UNDER_SYSTEMD': '1',
            'RABBITMQ_NODENAME': f'{NAME}@localhost',
            'RABBITMQ_NODE_IP_ADDRESS': self._listen,
            'RABBITMQ_NODE_PORT': str(self.port),
            'RABBITMQ_DIST_PORT': str(self._ports['dist']),
            'RABBITMQ_MNESIA_BASE': self._in('data'),
            'RABBITMQ_LOG_BASE': self._in('log'),
            'RABBITMQ_LOGS': '-',
            'RABBITMQ_CONFIG_FILE': self._in('rabbitmq.conf'),
            'RABBITMQ_ADVANCED_CONFIG_FILE': self._in('none.config'),
            'RABBITMQ_ENABLED_PLUGINS_FILE': self._in('plugins'),
            'RABBITMQ_CONF_ENV_FILE': self._in('none.conf'),
            'RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS': SMALL,
        }

    def _write(self) -> None:
        processes.replace(self._in('plugins'), '[rabbitmq_management].\n')
        processes.replace(self._in('rabbitmq.conf'), '\n'.join(self._lines()) + '\n')

    def _lines(self) -> list[str]:
        """The first start makes the administrator, and so no user `guest`."""
        lines = [
            f'listeners.tcp.default = {self._listen}:{self.port}',
            'management.tcp.ip = 127.0.0.1',
            f'management.tcp.port = {self._ports["management"]}',
            f'default_user = {ADMIN}',
            f'default_pass = {self._password}',
            'default_user_tags.administrator = true',
            'loopback_users = none',
            'log.console.level = warning',
            'disk_free_limit.absolute = 64MB',
            'raft.wal_max_size_bytes = 64000000',
            'management.rates_mode = none',
        ]
        if self._tls:
            lines += [
                f'listeners.ssl.default = 127.0.0.1:{self.tls_port}',
                f'ssl_options.cacertfile = {self._tls["ca"]}',
                f'ssl_options.certfile = {self._tls["cert"]}',
                f'ssl_options.keyfile = {self._tls["key"]}',
                'ssl_options.verify = verify_none',
            ]
        return lines

    def _start_epmd(self) -> None:
        """Ours from the start: the one that Erlang would start by itself has no pid file and outlives its node."""
        program = shutil.which('epmd') or '/usr/bin/epmd'
        self._epmd.start([program, '-address', '127.0.0.1', '-port', str(self._ports['epmd'])])
        self._epmd.await_(lambda: _listens(self._ports['epmd']), READY_WITHIN, 'epmd')

    def _ready(self) -> bool:
        with contextlib.suppress(Unavailable):
            return _listens(self.port) and Management(self.management_url).get('whoami') is not None
        return False

    # -- what is kept --------------------------------------------------------------------------------------------
    def _in(self, name: str) -> str:
        return os.path.join(self.folder, name)

    def _settle(self, **given: int | None) -> dict[str, int]:
        kept: dict[str, int] = {}
        with contextlib.suppress(FileNotFoundError), open(self._ports_file) as text:
            kept = json.load(text)
        wanted = kept | {name: port for name, port in given.items() if port}
        missing = [name for name in ('port', 'management', 'epmd', 'dist', 'tls') if name not in wanted]
        wanted |= dict(zip(missing, _free(len(missing)), strict=True))
        if wanted != kept:
            processes.replace(self._ports_file, json.dumps(wanted))
        return wanted

    @property
    def _login(self) -> str:
        return f'{ADMIN}:{parse.quote(self._password, safe="")}'

    @property
    def _password(self) -> str:
        with contextlib.suppress(FileNotFoundError), open(self._password_file) as text:
            return text.read().strip()
        processes.replace(self._password_file, secrets.token_hex(16) + '\n')
        return self._password


def _free(count: int) -> list[int]:
    """Ports that nobody listens on now, all different, and not of those that outgoing connections get."""
    found: list[int] = []
    with contextlib.ExitStack() as held:
        while len(found) < count:
            port = 20000 + secrets.randbelow(10000)
            with contextlib.suppress(OSError):
                held.enter_context(socket.create_server(('127.0.0.1', port)))
                found.append(port)
    return found


def _listens(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(('127.0.0.1', port), 1):
        return True
    return False
