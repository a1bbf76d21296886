"""A read of an object that broke off goes on where it was, and nowhere else. The server is a few lines of HTTP."""

import contextlib
import http.server
import threading
from collections.abc import Iterator
from types import SimpleNamespace

import pytest
from keystoneauth1.noauth import NoAuth
from keystoneauth1.session import Session

from dbaas.cloud.openstack.objects import SwiftObjects
from dbaas.cloud.openstack.service import Service
from dbaas.cloud.openstack.tries import Tries
from dbaas.exceptions import CloudError

DATA = bytes(range(256)) * 4096  # of which a half is whole pieces of a read
HALF = len(DATA) // 2


class Swift(http.server.BaseHTTPRequestHandler):
    """Breaks off in the middle at first; then it answers as `server.second` says: status and first byte."""

    def do_HEAD(self) -> None:
        self._begin(200, 0)

    def do_GET(self) -> None:
        self.server.asked.append(self.headers['Range'])  # type: ignore[attr-defined]
        if len(self.server.asked) == 1:  # type: ignore[attr-defined]
            self._begin(206, 0)
            self.wfile.write(DATA[:HALF])
        else:
            status, first = self.server.second  # type: ignore[attr-defined]
            self._begin(status, first)
            with contextlib.suppress(ConnectionError):  # who does not want it hangs up
                self.wfile.write(DATA[first:])

    def _begin(self, status: int, first: int) -> None:
        self.send_response(status)
        self.send_header('ETag', 'same')
        self.send_header('Content-Length', str(len(DATA) - first))
        if status == 206:
            self.send_header('Content-Range', f'bytes {first}-{len(DATA) - 1}/{len(DATA)}')
        self.end_headers()

    def log_message(self, *_: object) -> None: ...


@pytest.fixture
def swift() -> Iterator[http.server.HTTPServer]:
    server = http.server.HTTPServer(('127.0.0.1', 0), Swift)
    server.asked = []  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, kwargs={'poll_interval': 0.05}, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    thread.join(30)
    server.server_close()


def _read(server: http.server.HTTPServer, status: int, first: int) -> bytes:
    server.second = status, first  # type: ignore[attr-defined]
    url = f'http://127.0.0.1:{server.server_port}'
    objects = Service(Session(auth=NoAuth(endpoint=url)), 'Swift', 'object-store', url)
    return b''.join(SwiftObjects(SimpleNamespace(objects=objects), None, Tries(1)).get('c', 'o'))  # type: ignore[arg-type]


def test_it_goes_on_where_it_broke_off(swift: http.server.HTTPServer) -> None:
    assert _read(swift, 206, HALF) == DATA
    assert swift.asked == ['bytes=0-', f'bytes={HALF}-']  # type: ignore[attr-defined]


@pytest.mark.parametrize(('status', 'first'), [(200, 0), (206, 0), (206, HALF + 1)])
def test_an_answer_that_begins_elsewhere_is_not_put_behind_it(
    swift: http.server.HTTPServer, status: int, first: int
) -> None:
    with pytest.raises(CloudError, match=f'from byte {HALF}: the answer .{status}. begins at byte {first}'):
        _read(swift, status, first)
