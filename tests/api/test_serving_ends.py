"""The end of the real server: requests in work are finished, nobody new is let in, patience has an end."""

import socket
import threading
from collections.abc import Iterator
from typing import Any

import flask
import pytest
import requests

import conf as options
from dbaas.api.serving import Server
from tests.waiting import until


class Slow:
    """One route, which answers when it is let go."""

    def __init__(self) -> None:
        app = flask.Flask('slow')
        self.entered, self.go = threading.Event(), threading.Event()
        app.add_url_rule('/', view_func=self._view)
        conf = options.load()
        conf.set_override('bind_port', 0, group='api')
        self.server = Server(app, conf)
        self.answers: list[Any] = []
        self.running = threading.Thread(target=self.server.run)
        self.asking = threading.Thread(target=self._ask)

    def _view(self) -> str:
        self.entered.set()
        self.go.wait(30)
        return 'done'

    def _ask(self) -> None:
        try:
            self.answers.append(requests.get(f'http://127.0.0.1:{self.server.port}/', timeout=30).text)
        except requests.ConnectionError as error:
            self.answers.append(error)

    def refuses(self) -> bool:
        try:
            socket.create_connection(('127.0.0.1', self.server.port), 5).close()
        except ConnectionError:  # refused; or reset, when it came in the moment the door was shut
            return True
        return False


@pytest.fixture
def slow() -> Iterator[Slow]:
    made = Slow()
    made.running.start()
    made.asking.start()
    assert made.entered.wait(30)
    yield made
    made.go.set()
    made.server.close()
    made.asking.join()
    made.running.join()


def test_a_request_in_work_is_finished_and_nobody_new_is_let_in(slow: Slow) -> None:
    closing = threading.Thread(target=slow.server.close, args=(30,))
    closing.start()
    until(slow.refuses, 30, 'nobody is let in')
    assert closing.is_alive()
    slow.go.set()
    closing.join(30)
    slow.asking.join(30)
    assert slow.answers == ['done']
    assert not closing.is_alive()


def test_what_takes_too_long_is_cut(slow: Slow) -> None:
    slow.server.close(0.01)
    slow.asking.join(30)
    assert isinstance(slow.answers[0], requests.ConnectionError)
