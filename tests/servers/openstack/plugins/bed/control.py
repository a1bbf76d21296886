"""The fault proxy's own API: POST /rules, GET /rules, DELETE /rules[/<id>], GET /calls/<serial>; JSON."""

import http.server
import json
import threading

from .rules import Rule, Rules


def serve(port: int, rules: Rules) -> None:
    """In a thread, until the process ends."""

    class Control(http.server.BaseHTTPRequestHandler):
        protocol_version = 'HTTP/1.1'

        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers['Content-Length'])))
            try:
                self._answer(201, {'id': rules.add(Rule(**asked))})
            except (TypeError, ValueError) as problem:
                self._answer(400, {'error': str(problem)})

        def do_GET(self) -> None:
            self._answer(200, rules.calls(self._number() or 0) if self.path.startswith('/calls') else rules.all())

        def do_DELETE(self) -> None:
            rules.remove(self._number())
            self._answer(200, {})

        def _number(self) -> int | None:
            last = self.path.rpartition('/')[2]
            return int(last) if last.isdigit() else None

        def _answer(self, status: int, what: object) -> None:
            body = json.dumps(what).encode()
            self.send_response(status)
            self.send_header('Content-Length', str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(('127.0.0.1', port), Control)
    threading.Thread(target=server.serve_forever, daemon=True).start()
