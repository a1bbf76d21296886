"""What a conductor is called."""

import os
import socket

from oslo_config import cfg


def name_of(conf: cfg.ConfigOpts) -> str:
    """[conductor] name, or host and process id."""
    return conf.conductor.name or f'{socket.gethostname()}-{os.getpid()}'
