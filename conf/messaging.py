"""[messaging]: the bus between control plane and guests, and what oslo.messaging needs before it is imported."""

import sys
from typing import Any

from oslo_config import cfg

GROUP = 'messaging'
OPTIONS = [
    cfg.StrOpt(
        'transport_url', secret=True, help='oslo.messaging URL, unix:// or rabbit://; default: unix:// in runtime_dir.'
    ),
    cfg.StrOpt(
        'management_url',
        secret=True,
        help='RabbitMQ: http(s)://user:password@host:port of its management API, which makes a user per guest.',
    ),
    cfg.StrOpt('management_ca_file', help="Who signed the management API's certificate; default: the system's."),
    cfg.ListOpt('guest_hosts', help='RabbitMQ: host:port of it as guests see it; default: those of transport_url.'),
    cfg.FloatOpt('call_timeout', default=5.0, min=0.1, help='Longest wait, in seconds, for the answer of a guest.'),
    cfg.IntOpt('workers', default=4, min=1, help='Reports of guests that are handled at the same time.'),
]

RABBIT = 'oslo_messaging_rabbit'
# what differs from oslo.messaging's own defaults; [oslo_messaging_rabbit] of the file wins
_RABBIT_DEFAULTS: dict[str, Any] = {
    'amqp_durable_queues': True,  # rabbit_quorum_queue is for clusters: docs/adr/0014
    'rabbit_interval_max': 5,  # seconds between tries to reach a broker that is away
    'rabbit_transient_queues_ttl': 600,  # queues of answers that nobody reads any more
    'kombu_missing_consumer_retry_timeout': 5,  # an answer whose asker is gone
    'kombu_reconnect_delay': 0.2,
    'heartbeat_timeout_threshold': 30,
}
_SMALL_POOL = {'rpc_conn_pool_size': 3, 'conn_pool_min_size': 1}


def brokered(conf: cfg.ConfigOpts) -> bool:
    """Whether guests speak through a broker, where each has a user of its own."""
    return (conf.messaging.transport_url or '').startswith('rabbit')


def prepare() -> None:
    """Keep eventlet out of this process. Call it before the first import of oslo_messaging; repeatable.

    Raises RuntimeError when oslo.service already runs on eventlet: then it was called too late.
    """
    sys.modules.setdefault('eventlet', None)  # type: ignore[arg-type]  # oslo.utils only tries it
    from oslo_service import backend

    # a hook, not init_backend(): a program that never gets to messaging does not load the backend
    backend.register_backend_default_hook(lambda: backend.BackendType.THREADING)
    if 'oslo_messaging' in sys.modules and backend.get_backend_type() is not backend.BackendType.THREADING:
        raise RuntimeError('oslo_messaging was imported before conf.messaging.prepare(): it runs on eventlet')


def register(conf: cfg.ConfigOpts, url: str = '', small: bool = False) -> None:
    """Register what oslo.messaging 18 registers on the global CONF only; without it the first send fails.

    url: for rabbit:// our defaults are set, too. small: few connections, for an agent.
    """
    from oslo_messaging._metrics import client as metrics
    from oslo_messaging._tracing import client as tracing

    conf.register_opts(metrics.oslo_messaging_metrics, group='oslo_messaging_metrics')
    conf.register_opts(tracing.oslo_messaging_tracing, group='oslo_messaging_tracing')
    if url.startswith('rabbit'):
        from oslo_messaging import opts  # here: it loads kombu

        conf.register_opts(dict(opts.list_opts())[RABBIT], group=RABBIT)
        for name, value in {**_RABBIT_DEFAULTS, **(_SMALL_POOL if small else {})}.items():
            conf.set_default(name, value, group=RABBIT)


def bare_conf(**overrides: Any) -> cfg.ConfigOpts:
    """A ConfigOpts of no file for a program that has none, such as an agent: ready for oslo.messaging."""
    prepare()
    conf = cfg.ConfigOpts()
    register(conf)
    conf([], project='dbaas', default_config_files=[], default_config_dirs=[])
    for name, value in overrides.items():
        conf.set_override(name, value)
    return conf
