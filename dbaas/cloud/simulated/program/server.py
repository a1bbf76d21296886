"""The simulated world over HTTP: POST /<call> with a JSON object of arguments; GET /reports for what guests say.

Answers: 200 {"result": …}; a refusal of the world's own {"error": class, "message": text} with 4xx; faults on demand
as 429, 500, 503, or no answer at all.
"""

import json
import logging
import select
import socket
import threading
import time
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from dbaas import exceptions
from dbaas.cloud.simulated.program import calls, rules
from dbaas.cloud.simulated.program.mailbox import Mailbox
from dbaas.cloud.simulated.world import World

LOG = logging.getLogger(__name__)
# class of an error -> its status here: none of those that clients repeat
REFUSALS: Mapping[type[Exception], int] = {
    exceptions.CommandRefused: 403,
    exceptions.NotFound: 404,
    exceptions.GuestUnreachable: 410,
    exceptions.CloudError: 409,
}
GLANCE = 0.2  # seconds between looks whether a waiting client is still there
LONG = 3600.0  # seconds of a hang or hold that names none


class Dropped(Exception):
    """The connection ends here, without an answer."""


class Injected(Exception):
    """This status is the answer."""


class Server(ThreadingHTTPServer):
    """Listens from the moment it is made. Raises OSError when it cannot."""

    daemon_threads = True
    request_queue_size = 512

    def __init__(self, world: World, port: int, lease: float = 5.0):
        """lease: seconds that a receiver has to acknowledge what it was given."""
        self.rules, self.mailbox = rules.Rules(), Mailbox(world.state, lease)
        world.mail = self.mailbox
        world.faults.watchers.append(self._inside)
        self.calls = calls.table(world, self.rules, self.mailbox)
        self.closing = threading.Event()
        super().__init__(('127.0.0.1', port), Handler)

    def _inside(self, call: str, when: str, facts: dict[str, Any]) -> None:
        """A hold: the call stays between its look and its effect, until the fault is cleared or its time is over.

        It goes on whether its caller lives or not: that is a late call.
        """
        name = f'guest.{call}' if call in ('submit', 'ask', 'ping') else f'cloud.{call}'
        if when != rules.BEFORE or name not in self.calls:
            return
        _, rule, seconds = self.rules.strike(name, rules.INSIDE, facts.get('instance'))
        deadline = time.monotonic() + (seconds or LONG)
        while rule is not None and self.rules.lasts(rule) and time.monotonic() < deadline:
            if self.closing.wait(GLANCE):
                return

    def handle_error(self, request: Any, client_address: Any) -> None:
        LOG.debug('a client went away', exc_info=True)


class Handler(BaseHTTPRequestHandler):
    """One per connection, in a thread of its own."""

    server: Server
    protocol_version = 'HTTP/1.1'
    disable_nagle_algorithm = True
    wbufsize = -1  # head and body in one packet

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        if url.path == '/healthcheck':
            self._answer(200, {'result': 'OK'})
        elif url.path == '/reports':
            self._reports(parse_qs(url.query))
        elif f'control.{url.path[1:]}' in ('control.snapshot', 'control.effects', 'control.faults'):
            self._call(f'control.{url.path[1:]}', {})
        else:
            self._answer(404, {'error': 'NotFound', 'message': f'{url.path} is nothing'})

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get('Content-Length', 0)))
        name = self.path[1:]
        if name not in self.server.calls:
            self._answer(404, {'error': 'NotFound', 'message': f'{name} is no call'})
            return
        try:
            data = json.loads(body or b'{}')
        except ValueError:
            self._answer(400, {'error': 'BadRequest', 'message': 'the body is not JSON'})
            return
        self._call(name, data)

    def log_message(self, format: str, *args: Any) -> None:
        LOG.debug(format, *args)

    # -- calls
    def _call(self, name: str, data: dict[str, Any]) -> None:
        try:
            self._answer(200, {'result': self._struck(name, data)})
        except Dropped:
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
        except Injected as fault:
            self._answer(int(str(fault)), {'error': 'Injected', 'message': f'{name}: fault on demand'})
        except exceptions.DbaasError as error:
            code = next((code for kind, code in REFUSALS.items() if isinstance(error, kind)), 400)
            self._answer(code, {'error': type(error).__name__, 'message': str(error)})
        except (KeyError, TypeError, ValueError) as error:
            LOG.warning('%s is not understood', name, exc_info=True)
            self._answer(400, {'error': type(error).__name__, 'message': f'{name}: {error}'})

    def _struck(self, name: str, data: dict[str, Any]) -> Any:
        """The call, with the faults that strike it before and after."""
        given, instance = calls.arguments(data), calls.instance_in(data)
        self._suffer(name, rules.BEFORE, instance)
        done = calls.result(self.server.calls[name](**given))
        self._suffer(name, rules.AFTER, instance)
        return done

    def _suffer(self, name: str, when: str, instance: str | None) -> None:
        if name.startswith('control.'):
            return
        latency, fault, seconds = self.server.rules.strike(name, when, instance)
        if latency:
            self.server.closing.wait(latency)
        if fault is None:
            return
        if fault.effect == rules.UNREACHABLE:
            raise exceptions.GuestUnreachable(f'the guest of instance {instance} does not answer: fault on demand')
        if fault.effect == rules.REFUSED:
            raise exceptions.CommandRefused(f'the guest of instance {instance} refused: fault on demand')
        if fault.effect == rules.HANG:
            self._hang(seconds or LONG)
        if fault.effect in rules.STATUSES:
            raise Injected(fault.effect)
        raise Dropped

    def _hang(self, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and not self._gone() and not self.server.closing.wait(GLANCE):
            pass

    # -- reports
    def _reports(self, query: dict[str, list[str]]) -> None:
        """acknowledge=ids of the poll before; wait=seconds; most=letters."""
        mailbox = self.server.mailbox
        mailbox.acknowledge(query.get('acknowledge', []))
        deadline = time.monotonic() + float(query.get('wait', ['0'])[0])
        most = int(query.get('most', ['20'])[0])
        while not self._gone():
            letters = mailbox.take(most)
            left = deadline - time.monotonic()
            if letters or left <= 0 or self.server.closing.is_set():
                self._answer(200, {'result': letters})
                return
            mailbox.wait(min(left, GLANCE))
        self.close_connection = True

    def _gone(self) -> bool:
        """Whether the client has closed its end: what it would be given is better given to another."""
        readable, _, _ = select.select([self.connection], [], [], 0)
        try:
            return bool(readable) and self.connection.recv(1, socket.MSG_PEEK) == b''
        except OSError:
            return True

    def _answer(self, code: int, content: Any) -> None:
        body = json.dumps(content).encode()
        self.send_response_only(code)
        self.send_header('Content-Type', 'application/json')
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()
