"""One call to a dbaas-simulator: repeated while its failure may pass, since every call is found or made."""

import contextlib
import http.client
import json
import socket
import threading
import weakref
from typing import Any
from urllib.parse import urlsplit

import tenacity

from dbaas import exceptions
from dbaas.cloud import haste

PASSING = (429, 500, 503)
# the names that the program answers with -> what is raised here
ERRORS: dict[str, type[exceptions.DbaasError]] = {
    'CloudError': exceptions.CloudError,
    'CommandRefused': exceptions.CommandRefused,
    'GuestUnreachable': exceptions.GuestUnreachable,
    'NotFound': exceptions.NotFound,
}


class Wire:
    """Thread-safe, a connection per thread. timeout: seconds for one try; patience: seconds for all tries."""

    def __init__(self, url: str, timeout: float = 5.0, patience: float = 30.0):
        """Raises CloudError when the URL is none."""
        parts = urlsplit(url)
        if parts.scheme != 'http' or not parts.hostname or not parts.port:
            raise exceptions.CloudError(f'{url} is no URL of a simulator: http://host:port; see [simulated] url')
        self.url, self._host, self._port = url, parts.hostname, parts.port
        self._timeout, self._patience = timeout, patience
        self._local, self._lock = threading.local(), threading.Lock()
        self._open: weakref.WeakSet[http.client.HTTPConnection] = weakref.WeakSet()

    def call(self, name: str, /, **arguments: Any) -> Any:
        """Raises CloudUnavailable when patience is at its end, and at once what cannot pass."""
        return self._retrying()(self._once, 'POST', f'/{name}', arguments)

    def get(self, path: str, timeout: float | None = None) -> Any:
        """One try. Raises CloudUnavailable."""
        return self._once('GET', path, None, timeout)

    def _retrying(self) -> tenacity.Retrying:
        return tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(exceptions.CloudUnavailable),
            stop=tenacity.stop_after_delay(haste.left(self._patience)),
            wait=tenacity.wait_random_exponential(multiplier=0.05, max=1),
            reraise=True,
        )

    def _once(self, method: str, path: str, arguments: Any, timeout: float | None = None) -> Any:
        try:
            status, content = self._exchange(method, path, arguments, timeout or self._timeout)
        except (OSError, http.client.HTTPException, ValueError) as error:
            self._forget()
            why = str(error) or type(error).__name__
            raise exceptions.CloudUnavailable(f'no answer from the simulator at {self.url}: {why}') from error
        if status == 200:
            return content['result']
        if status in PASSING:
            raise exceptions.CloudUnavailable(f'the simulator answered {status}: {content["message"]}')
        raise ERRORS.get(content['error'], exceptions.CloudError)(content['message'])

    def _exchange(self, method: str, path: str, arguments: Any, timeout: float) -> tuple[int, Any]:
        connection = self._connection(timeout)
        body = None if arguments is None else json.dumps(arguments)
        connection.request(method, path, body, {'Content-Type': 'application/json'})
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())

    def _connection(self, timeout: float) -> http.client.HTTPConnection:
        connection: http.client.HTTPConnection | None = getattr(self._local, 'connection', None)
        if connection is None:
            connection = http.client.HTTPConnection(self._host, self._port, timeout=timeout)
            connection.connect()
            connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._local.connection = connection
            with self._lock:
                self._open.add(connection)
        elif connection.sock is not None:
            connection.sock.settimeout(timeout)
        return connection

    def _forget(self) -> None:
        """This thread's connection is of no use any more; the next call makes another."""
        connection: http.client.HTTPConnection | None = getattr(self._local, 'connection', None)
        self._local.connection = None
        if connection is not None:
            with self._lock:
                self._open.discard(connection)
            connection.close()

    def cut(self) -> None:
        """From any thread: calls under way end as if the connection was lost."""
        with self._lock:
            for connection in self._open:
                with contextlib.suppress(OSError, AttributeError):  # it is being closed right now
                    connection.sock.shutdown(socket.SHUT_RDWR)
