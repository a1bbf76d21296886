"""Both ends of the bus: transport, targets, servers and clients as we want them of oslo.messaging.

conf.messaging.prepare() comes before the import of this module, register(conf) before its calls.
"""

from concurrent import futures
from typing import Any

import oslo_messaging
from oslo_messaging.rpc import dispatcher, server

REPORTS = 'reports'


class QuietServer(server.RPCServer):
    """futurist's pool wakes each of its threads every second; the standard library's sleeps."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._executor_cls = futures.ThreadPoolExecutor
        self.target = self._target  # 18.3 reads it when listen() fails: AttributeError without


def connect(conf: Any, url: str) -> Any:
    return oslo_messaging.get_rpc_transport(conf, url)


def guest_target(instance: str) -> Any:
    """An exchange of its own: on a shared one a guest's rights would reach every other guest."""
    name = f'guest.{instance}'
    return oslo_messaging.Target(exchange=name, topic=name, server=instance)


def reports_target(receiver: str | None = None) -> Any:
    """amq.topic needs no right to configure; it is used for reports and nothing else."""
    return oslo_messaging.Target(exchange='amq.topic', topic=REPORTS, server=receiver)


def serve(transport: Any, target: Any, endpoint: Any, workers: int) -> QuietServer:
    """A started server whose `endpoint` answers its exposed methods, `workers` of them side by side."""
    policy = dispatcher.ExplicitRPCAccessPolicy
    made = oslo_messaging.get_rpc_server(transport, target, [endpoint], server_cls=QuietServer, access_policy=policy)
    made.start(override_pool_size=workers)
    return made


def client(transport: Any, target: Any, timeout: float, retry: int = 1) -> Any:
    """`retry` is always given: oslo's default waits for ever."""
    return oslo_messaging.get_rpc_client(transport, target, timeout=timeout, retry=retry)
