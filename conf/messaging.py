"""[messaging]: the bus between control plane and guests, and what oslo.messaging needs before it is imported."""

import sys
from typing import Any

from oslo_config import cfg

GROUP = 'messaging'
OPTIONS = [
    cfg.StrOpt('transport_url', secret=True, help='oslo.messaging URL; default: unix:// in the runtime directory.'),
    cfg.FloatOpt('call_timeout', default=5.0, min=0.1, help='Longest wait, in seconds, for the answer of a guest.'),
    cfg.IntOpt('workers', default=4, min=1, help='Reports of guests that are handled at the same time.'),
]


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


def register(conf: cfg.ConfigOpts) -> None:
    """Register what oslo.messaging 18 registers on the global CONF only; without it the first send fails."""
    from oslo_messaging._metrics import client as metrics
    from oslo_messaging._tracing import client as tracing

    conf.register_opts(metrics.oslo_messaging_metrics, group='oslo_messaging_metrics')
    conf.register_opts(tracing.oslo_messaging_tracing, group='oslo_messaging_tracing')


def bare_conf(**overrides: Any) -> cfg.ConfigOpts:
    """A ConfigOpts of no file for a program that has none, such as an agent: ready for oslo.messaging."""
    prepare()
    conf = cfg.ConfigOpts()
    register(conf)
    conf([], project='dbaas', default_config_files=[], default_config_dirs=[])
    for name, value in overrides.items():
        conf.set_override(name, value)
    return conf
