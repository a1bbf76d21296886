"""A real ZooKeeper server as a plain process, from Debian's jars; it listens on the loopback interface only."""

import os
import socket
from collections.abc import Sequence

from dbaas.cli.cluster.process import Process
from dbaas.exceptions import Unavailable
from guestagent.contract import programs

JARS = '/usr/share/java'
PACKAGE = 'zookeeper'
# ZooKeeper's jar names the others in its manifest, but for a logger and what TLS needs
_CLASSPATH = ('zookeeper', 'slf4j-simple', 'netty-codec', 'netty-resolver', 'netty-transport-native-unix-common')
_JVM = (
    '-Xms16m', '-Xmx128m', '-Xss512k', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-XX:-UsePerfData',
    '-Dzookeeper.admin.enableServer=false', '-Dzookeeper.preAllocSize=4096', '-Djava.net.preferIPv4Stack=true',
    '-Dzookeeper.nio.numWorkerThreads=0',  # few clients: a request is not handed on from thread to thread
    '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn', '-Dorg.slf4j.simpleLogger.showDateTime=true',
)  # fmt: skip


class ZooKeeper:
    """One server. Its data lies in `<state>/<name>/` and outlives stop().

    extra: more lines of its configuration (TLS); ensemble: lines `server.N=…` of all members, number: which it is;
    durable: False spares the disk, for tests. Ticks of 0.5 s: sessions may time out after 1 s.
    """

    def __init__(
        self,
        state: str,
        port: int,
        *,
        name: str = 'zookeeper',
        extra: Sequence[str] = (),
        ensemble: Sequence[str] = (),
        number: int = 1,
        durable: bool = True,
    ):
        self.port, self.hosts = port, f'127.0.0.1:{port}'
        self.folder = os.path.join(state, name)
        self._configuration = os.path.join(self.folder, 'zoo.cfg')
        self._process = Process(state, name, mark=self._configuration)
        self._name, self._extra, self._ensemble, self._number = name, extra, ensemble, number
        self._durable = durable

    @property
    def pid(self) -> int | None:
        return self._process.pid

    @property
    def url(self) -> str:
        """What [board] hosts takes."""
        return self.hosts

    def start(self, timeout: float = 60) -> None:
        """Returns when it serves. Raises Unavailable, with the last line of its log."""
        self.launch()
        self.await_ready(timeout)

    def launch(self) -> None:
        """Without waiting: a member of an ensemble serves only when most of them run."""
        data = os.path.join(self.folder, 'data')
        os.makedirs(data, 0o700, exist_ok=True)
        _write(self._configuration, self._lines(data))
        if self._ensemble:
            _write(os.path.join(data, 'myid'), [str(self._number)])
        self._process.start(self._command())

    def await_ready(self, timeout: float = 60) -> None:
        what = f'ZooKeeper ({self._name}, port {self.port})'
        self._process.await_(lambda: 'Mode:' in self.ask('srvr'), timeout, what)

    def ask(self, word: str) -> str:
        """The answer to a four-letter word (ruok, srvr, mntr, cons); empty: there is none."""
        try:
            with socket.create_connection(('127.0.0.1', self.port), timeout=2) as connection:
                connection.sendall(word.encode())
                return b''.join(iter(lambda: connection.recv(65536), b'')).decode()
        except OSError:
            return ''

    def stop(self) -> None:
        self._process.stop(timeout=10)

    def _lines(self, data: str) -> list[str]:
        return [
            f'dataDir={data}', 'clientPortAddress=127.0.0.1', f'clientPort={self.port}', 'maxClientCnxns=0',
            'tickTime=500', 'minSessionTimeout=1000', 'maxSessionTimeout=120000', 'initLimit=40', 'syncLimit=20',
            'autopurge.snapRetainCount=3', 'autopurge.purgeInterval=1',
            '4lw.commands.whitelist=ruok,srvr,mntr,cons',
            *self._ensemble, *self._extra,
        ]  # fmt: skip

    def _command(self) -> list[str]:
        try:
            java = programs.find(('java',), None, package=PACKAGE, option='PATH')
        except programs.ProgramMissing as error:
            raise Unavailable(f'ZooKeeper cannot start: {error}') from None
        jars = [os.path.join(JARS, f'{jar}.jar') for jar in _CLASSPATH]
        if not os.path.exists(jars[0]):
            raise Unavailable(f'ZooKeeper cannot start: {jars[0]} is not there: install {PACKAGE}')
        sync = [] if self._durable else ['-Dzookeeper.forceSync=no']
        main = 'org.apache.zookeeper.server.quorum.QuorumPeerMain'
        return [java, *_JVM, *sync, '-cp', ':'.join(jars), main, self._configuration]


def _write(path: str, lines: Sequence[str]) -> None:
    with open(path, 'w') as text:
        text.write('\n'.join(lines) + '\n')
