"""A real HTTP server with canned answers, for what only a badly behaved API would say."""

import contextlib
import http.server
import json
import threading
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qsl, urlsplit

Answer = tuple[int, Any] | tuple[int, Any, dict[str, str]]  # status; JSON, or bytes as they are; headers
Ask = Callable[['Request'], Answer]


class Request:
    def __init__(self, method: str, target: str, headers: Any, body: bytes):
        self.method, self.path = method, urlsplit(target).path
        self.query = dict(parse_qsl(urlsplit(target).query))
        self.headers, self.body = headers, json.loads(body or b'null')


class Canned:
    """url: the endpoint to give to clients; asked: every request so far."""

    def __init__(self, url: str):
        self.url = url
        self.asked: list[Request] = []


@contextlib.contextmanager
def serving(answer: Ask) -> Iterator[Canned]:
    class Handler(http.server.BaseHTTPRequestHandler):
        def _do(self) -> None:
            body = self.rfile.read(int(self.headers.get('Content-Length') or 0))
            request = Request(self.command, self.path, self.headers, body)
            canned.asked.append(request)
            status, content, *headers = answer(request)
            sent = content if isinstance(content, bytes) else json.dumps(content).encode()
            self.send_response(status)
            for name, value in (headers[0] if headers else {}).items():
                self.send_header(name, value)
            self.send_header('Content-Length', str(len(sent)))
            self.end_headers()
            self.wfile.write(sent)

        do_GET = do_POST = _do

        def log_message(self, *_: Any) -> None: ...

    server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler)
    canned = Canned(f'http://127.0.0.1:{server.server_port}/v1.0/demo')
    thread = threading.Thread(target=server.serve_forever, kwargs={'poll_interval': 0.01}, daemon=True)
    thread.start()
    try:
        yield canned
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
