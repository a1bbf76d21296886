"""Serving metrics: off by default, one line when the port is taken, useful while the database is away."""

import socket

import pytest
import requests

import conf as options
from dbaas import metrics
from dbaas.db.gauges import Gauges
from dbaas.db.session import Database
from tests.scrape import scrape
from tests.servers.ports import free_port


def test_nothing_is_served_by_default() -> None:
    assert metrics.serve(options.load()) is None


def test_it_listens_where_it_was_told_to_until_it_is_closed() -> None:
    conf = options.load()
    conf.set_override('port', free_port(), group='metrics')
    served = metrics.serve(conf)
    assert served is not None and served.port == conf.metrics.port
    url = f'http://127.0.0.1:{served.port}/metrics'
    assert 'process_resident_memory_bytes' in requests.get(url, timeout=10).text
    served.close()
    with pytest.raises(requests.ConnectionError):
        requests.get(url, timeout=10)


def test_a_port_that_is_taken_is_named() -> None:
    conf = options.load()
    with socket.create_server(('127.0.0.1', 0)) as other:
        conf.set_override('port', other.getsockname()[1], group='metrics')
        with pytest.raises(OSError, match=r'cannot serve metrics on 127\.0\.0\.1:\d+: .*; see \[metrics\] port'):
            metrics.serve(conf)


def test_two_in_one_process_do_not_mix(db: Database) -> None:
    """What is counted belongs to the process, what SQL says to the one who was given the database."""
    assert 'dbaas_operations' not in scrape().text
    assert 'dbaas_operations' in scrape(Gauges(db)).text


def test_an_empty_deployment(db: Database) -> None:
    found = scrape(Gauges(db))
    assert found('dbaas_database_up') == 1 and found('dbaas_oldest_runnable_seconds') == 0
    assert len(found.labels('dbaas_operations')) == 8


def test_without_a_database_the_rest_is_shown(caplog: pytest.LogCaptureFixture) -> None:
    found = scrape(Gauges(Database('sqlite:////nowhere/dbaas.sqlite')))
    assert found('dbaas_database_up') == 0 and found.labels('dbaas_database_up') == [{}]
    assert 'dbaas_operations' not in found.text and 'dbaas_fenced_writes_total' in found.text
    assert 'metrics: the database does not answer' in caplog.text
