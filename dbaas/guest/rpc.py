"""The bus as the control plane opens it; oslo.messaging is imported here and not before."""

from typing import Any

from oslo_config import cfg

from conf import messaging


def connect(conf: cfg.ConfigOpts, url: str) -> Any:
    """A bus (guestagent.contract.wire.bus.Bus), without eventlet. `.cleanup()` closes it."""
    messaging.prepare()
    messaging.register(conf, url)
    from guestagent.contract.wire import bus

    return bus.connect(conf, url)
