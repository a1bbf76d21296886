"""The bus as the control plane opens it; oslo.messaging is imported here and not before."""

from typing import Any

from oslo_config import cfg

from conf import messaging


def connect(conf: cfg.ConfigOpts, url: str) -> Any:
    """A transport of oslo.messaging, without eventlet. `.cleanup()` closes it."""
    messaging.prepare()
    messaging.register(conf)
    from guestagent.contract.wire import bus

    return bus.connect(conf, url)
