"""The connection with ZooKeeper: one client that never gives up, its requests counted, its states told."""

import logging
import math
import threading
from collections.abc import Callable
from typing import Any

from kazoo import exceptions, security
from kazoo.client import KazooClient
from kazoo.protocol.states import KazooState, KeeperState
from oslo_config import cfg

from dbaas import metrics
from dbaas.exceptions import Unavailable

LOG = logging.getLogger(__name__)
# the answer never came, and the request may have been done all the same
AWAY = (
    exceptions.ConnectionLoss, exceptions.SessionExpiredError, exceptions.ConnectionClosedError,
    exceptions.OperationTimeoutError, exceptions.SessionMovedError,
)  # fmt: skip
RESTART_AFTER = 1.0  # seconds after kazoo itself has ended
LONGEST_PAUSE = 1.0  # seconds between two tries to connect
SHARES = 3  # of the session's time-out: a try to connect takes one at most
GOODBYE = 0.5  # seconds for the end of a session


class Connection:
    """options: the group [board]. on_lost, on_connected: called from kazoo's thread, must not wait."""

    def __init__(self, options: cfg.ConfigOpts, on_lost: Callable[[], None], on_connected: Callable[[], None]):
        self.hosts, _, chroot = options.hosts.partition('/')
        self.root = '/' + '/'.join(filter(None, (chroot.strip('/'), options.root.strip('/'))))
        self.timeout = options.session_timeout
        self._options = options
        self._on_lost, self._on_connected = on_lost, on_connected
        self._lock = threading.Lock()
        self._started = self._closed = self._told = False
        self.client = _client(options)
        self.client.add_listener(self._listen)

    # -- states --------------------------------------------------------------------------------------------------------
    def start(self) -> None:
        with self._lock:
            if self._started or self._closed:
                return
            self._started = self._told = True
        self.client.start_async()
        self._later(self.timeout, self._not_yet)  # a first connection takes its moment: that is no outage

    @property
    def connected(self) -> bool:
        return self.client.state == KazooState.CONNECTED

    @property
    def session(self) -> int | None:
        """The number of the session; None: there is none now."""
        found = self.client.client_id
        return None if found is None else found[0]

    def complain(self) -> None:
        """Say once per outage that ZooKeeper cannot be reached."""
        if not (self._told or self._closed):
            self._told = True
            LOG.warning('ZooKeeper (%s) is away; operations are accepted, and run when it is back', self.hosts)

    def _not_yet(self) -> None:
        if not self.connected:
            self._told = False
            self.complain()

    def _listen(self, state: str) -> None:
        if state == KazooState.CONNECTED:
            LOG.info('connected with ZooKeeper (%s)', self.hosts)
            self._told = False
            self._on_connected()
        elif not self._closed:
            self.complain()
            if state == KazooState.LOST:
                LOG.warning('the session with ZooKeeper (%s) is over: its claims are free for others', self.hosts)
                self._on_lost()
                self._later(RESTART_AFTER, self._restart)
            else:
                self._later(self.timeout, self._is_refused)

    @staticmethod
    def _later(seconds: float, call: Callable[[], None]) -> None:
        timer = threading.Timer(seconds, call)
        timer.daemon = True
        timer.start()

    def _restart(self) -> None:
        """kazoo reconnects by itself, unless an error that it does not know, or we, have ended its thread."""
        with self._lock:
            if not self._closed and self.client.client_state == KeeperState.CLOSED:
                LOG.warning('the connection with ZooKeeper (%s) is made anew', self.hosts)
                self.client.start_async()

    def _is_refused(self, known_to_be: bool = False) -> None:
        """An ensemble that was set up anew refuses for ever who has seen more than it knows: then a new session."""
        if self.connected or self._closed or self.client.client_state == KeeperState.CLOSED:
            return
        refused = self._others_get_in()
        if refused and known_to_be and not self.connected:
            LOG.warning('ZooKeeper (%s) takes others in, but not our session: it has been set up anew', self.hosts)
            self.client.stop()
        else:  # once more: our next try may be under way
            self._later(self.timeout, lambda: self._is_refused(refused))

    def _others_get_in(self) -> bool:
        other = _client(self._options)
        try:
            other.start(self.timeout)
        except self.client.handler.timeout_exception:
            return False
        finally:
            other.stop()
            other.close()
        return True

    def close(self) -> None:
        """Ends the session: what it claimed is free at once. A server that does not answer is not waited for."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
        thread = threading.Thread(target=self._end, name='zookeeper-end', daemon=True)
        thread.start()
        thread.join(GOODBYE)

    def _end(self) -> None:
        self.client.stop()
        self.client.close()

    # -- requests ------------------------------------------------------------------------------------------------------
    def ask(self, request: str, *args: Any, **options: Any) -> Any:
        """Start a request of kazoo's (`create`, `get`, `get_children`, `delete`…). -> its result to come."""
        metrics.BOARD_ROUND_TRIPS.labels(request).inc()
        return getattr(self.client, f'{request}_async')(*args, **options)

    def commit(self, request: str, *steps: tuple[Any, ...]) -> Any:
        """Start a transaction of (method, arguments…). -> its list of results to come."""
        metrics.BOARD_ROUND_TRIPS.labels(request).inc()
        transaction = self.client.transaction()
        for method, *args in steps:
            getattr(transaction, method)(*args)
        return transaction.commit_async()

    def answer(self, result: Any) -> Any:
        """What comes of a request. Raises one of AWAY, or what the server says."""
        try:
            return result.get(timeout=self.timeout)
        except self.client.handler.timeout_exception:
            raise exceptions.OperationTimeoutError(f'no answer in {self.timeout:g} s') from None

    def make(self, path: str) -> Any:
        """A node and its parents, unless they are there. -> the result to come."""
        return self.ask('ensure_path', path)


def _client(options: cfg.ConfigOpts) -> KazooClient:
    secure = {}
    if options.ca_file:
        for name in filter(None, (options.ca_file, options.cert_file, options.key_file)):
            _readable(name)
        secure = {
            'use_ssl': True, 'verify_certs': True, 'check_hostname': True,
            'ca': options.ca_file, 'certfile': options.cert_file, 'keyfile': options.key_file,
        }  # fmt: skip
    if options.username:
        secure['auth_data'] = [('digest', f'{options.username}:{options.password or ""}')]
        secure['default_acl'] = [security.make_digest_acl(options.username, options.password or '', all=True)]
    # kazoo cannot make the nodes of a chroot: they go into the root
    servers = options.hosts.partition('/')[0].split(',')
    # kazoo shares the time-out out among the servers it is told; one that is just starting may never answer a connect
    hosts = ','.join(servers * math.ceil(min(SHARES, options.session_timeout) / len(servers)))
    retry = {'max_tries': -1, 'delay': 0.05, 'max_delay': LONGEST_PAUSE, 'max_jitter': 0.2}
    return KazooClient(hosts, timeout=options.session_timeout, connection_retry=retry, **secure)


def _readable(path: str) -> None:
    """kazoo would try for ever with a certificate that is not there."""
    try:
        with open(path):
            pass
    except OSError as error:
        raise Unavailable(f'[board]: {path} cannot be read: {error.strerror}; give a PEM file') from None
