"""A web server before an API: what it is asked it asks there, and says of itself what it is told to say."""

import contextlib
import http.server
import threading
from collections.abc import Iterator, Mapping

import requests


@contextlib.contextmanager
def front(api: str, said: Mapping[str, str], hidden: tuple[str, ...] = ()) -> Iterator[str]:
    """-> its URL. said: headers that it sets, {host} is its own; hidden: paths that it does not pass on."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            headers = {name: value.format(host=self.headers['Host']) for name, value in said.items()}
            answer = None if self.path in hidden else requests.get(api + self.path, headers=headers, timeout=30)
            body = b'' if answer is None else answer.content
            self.send_response(404 if answer is None else answer.status_code)
            self.send_header('Content-Length', str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None: ...

    server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={'poll_interval': 0.05}, daemon=True)
    thread.start()
    try:
        yield f'http://127.0.0.1:{server.server_port}'
    finally:
        server.shutdown()
        thread.join(30)
        server.server_close()
