"""The HTTP server: waitress, whose own refusals (a malformed request, an endless body) are Trove's faults too."""

import contextlib
import json
import time
import uuid
from collections.abc import Callable
from typing import Any

import flask
from oslo_config import cfg
from waitress import server, wasyncore
from waitress.channel import HTTPChannel
from waitress.task import ErrorTask

from dbaas.api.errors import fault

BODIES = 64  # a body up to this many times [api] max_body is read and refused by our guards, a larger one at once


CONNECTIONS = 800  # open ones; below the usual limit of 1024 files
IDLE = 30  # seconds without a byte after which a connection is closed


class FaultTask(ErrorTask):
    """Answers a request that never reached the application."""

    def execute(self) -> None:
        error = self.request.error
        content, code = fault(error.code, f'{error.reason}: {error.body}')
        body = json.dumps(content).encode()
        self.status = f'{code} {error.reason}'
        self.response_headers += [
            ('Content-Type', 'application/json'),
            ('x-openstack-request-id', f'req-{uuid.uuid4()}'),
            ('Connection', 'close'),
        ]
        self.close_on_finish = True
        self.content_length = len(body)
        self.write(body)


class FaultChannel(HTTPChannel):
    error_task_class = FaultTask


class Server:
    """Listens from the moment it is made. Raises OSError when it cannot."""

    def __init__(self, app: flask.Flask, conf: cfg.ConfigOpts):
        self._sockets: dict[int, Any] = {}  # listeners (one for each address of the host), connections, a trigger
        self._server = server.create_server(
            app,
            map=self._sockets,
            host=conf.api.bind_host,
            port=conf.api.bind_port,
            threads=conf.api.threads,
            max_request_body_size=BODIES * conf.api.max_body,
            ident='',
            clear_untrusted_proxy_headers=not conf.api.proxies,  # else the application reads them
            connection_limit=CONNECTIONS,
            channel_timeout=IDLE,
            cleanup_interval=5,
        )
        self._listeners = [s for s in self._sockets.values() if isinstance(s, server.BaseWSGIServer)]
        for listener in self._listeners:
            listener.channel_class = FaultChannel
        self.port = int(self._listeners[0].getsockname()[1])

    def run(self) -> None:
        """Serve until close() is called, or SystemExit or KeyboardInterrupt arrives."""
        self._server.run()
        self._server.task_dispatcher.shutdown()

    def close(self, patience: float = 0) -> None:
        """From any thread: nobody new is let in; requests in work have `patience` seconds, then run() returns."""
        self._on_the_loop(self._refuse)
        give_up = time.monotonic() + patience
        while self._in_work() and time.monotonic() < give_up:
            time.sleep(0.005)
        self._on_the_loop(self._cut)

    def _on_the_loop(self, work: Callable[[], None]) -> None:
        with contextlib.suppress(OSError):  # it has been closed before
            self._listeners[0].trigger.pull_trigger(work)

    def _refuse(self) -> None:
        for listener in self._listeners:
            wasyncore.dispatcher.close(listener)  # its own close() would end the trigger, too

    def _in_work(self) -> bool:
        """Whether a request is being answered, or an answer is not all sent."""
        return any(
            one.requests or one.total_outbufs_len
            for one in list(self._sockets.values())
            if isinstance(one, HTTPChannel)
        )

    def _cut(self) -> None:
        for one in list(self._sockets.values()):
            one.close()
