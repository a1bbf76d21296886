"""What a process counts and measures, and the port where Prometheus reads it.

Labels take few values: never an id, a name that a user chose, or a path. What SQL knows is not counted here but read at
each scrape by a collector that the composition root hands to `serve`.
"""

import logging
import threading
from typing import Any
from wsgiref.simple_server import WSGIServer

import prometheus_client
from oslo_config import cfg
from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.registry import Collector

LOG = logging.getLogger(__name__)
REGISTRY = CollectorRegistry()  # this process's; a forked child starts with a copy

_MOMENTS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60)
_ANSWERS = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10)

ACCEPT_TO_CLAIM = Histogram(
    'dbaas_accept_to_claim_seconds',
    'From the acceptance of an operation to its first claim; standing in line included.',
    buckets=_MOMENTS,
    registry=REGISTRY,
)
CLAIM_TO_FIRST_STEP = Histogram(
    'dbaas_claim_to_first_step_seconds',
    'From a claim to the start of the first step of that run.',
    buckets=_MOMENTS,
    registry=REGISTRY,
)
STEPS = Counter(
    'dbaas_steps',
    'Ends of steps by type of operation and outcome: done, undone, parked, failed, undo-failed.',
    ['type', 'outcome'],
    registry=REGISTRY,
)
FENCED_WRITES = Counter(
    'dbaas_fenced_writes',
    'Writes, and calls just before them, of runs that another run had overtaken: refused, nothing was changed.',
    registry=REGISTRY,
)
BOARD_ROUND_TRIPS = Counter(
    'dbaas_board_round_trips',
    'Requests to the servers of the board, by kind; the embedded board has none.',
    ['request'],
    registry=REGISTRY,
)
HEARTBEATS = Counter('dbaas_guest_heartbeats', 'Heartbeats of guests that this process received.', registry=REGISTRY)
API_REQUESTS = Counter(
    'dbaas_api_requests',
    'Answered requests by method, route (as in the OpenAPI document) and status.',
    ['method', 'route', 'status'],
    registry=REGISTRY,
)
API_SECONDS = Histogram(
    'dbaas_api_request_seconds',
    'From the first look at a request to its answer, by method and route.',
    ['method', 'route'],
    buckets=_ANSWERS,
    registry=REGISTRY,
)


class Served:
    """A running /metrics."""

    def __init__(self, server: WSGIServer, thread: threading.Thread):
        self._server, self._thread = server, thread
        self.port: int = server.server_port

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def serve(conf: cfg.ConfigOpts, *collectors: Collector) -> Served | None:
    """Show REGISTRY, this process's use of the machine and `collectors` on [metrics] port; None when that is 0.

    Raises OSError naming the address when it cannot listen there.
    """
    options = conf.metrics
    if not options.port:
        return None
    registry = CollectorRegistry()
    prometheus_client.ProcessCollector(registry=registry)
    every: list[Any] = [REGISTRY, *collectors]
    for one in every:
        registry.register(one)
    try:
        server, thread = prometheus_client.start_http_server(options.port, options.bind_host, registry)
    except OSError as error:
        message = f'cannot serve metrics on {options.bind_host}:{options.port}: {error.strerror}; see [metrics] port'
        raise OSError(error.errno, message) from error
    LOG.info('metrics on http://%s:%d/metrics', options.bind_host, options.port)
    return Served(server, thread)
