"""Logging by oslo.log: every line of a flow carries request, operation and step; JSON on demand."""

import contextlib
import logging
from collections.abc import Iterator

from oslo_config import cfg
from oslo_context import context
from oslo_log import log

_FORMAT = '%(asctime)s.%(msecs)03d %(levelname)s %(name)s [%(about)s] %(message)s'
_PLAIN = '%(asctime)s.%(msecs)03d %(levelname)s %(name)s [-] %(message)s'
# TaskFlow calls every held flow an error; what a hold means is told by the operation's events
_QUIET = [
    'taskflow=CRITICAL',
    'oslo_messaging=WARN',
    'kazoo=ERROR',
    'sqlalchemy=WARN',
    'urllib3=WARN',
    'waitress=WARN',
    'keystonemiddleware=WARN',
    'keystoneauth=WARN',
    'stevedore=WARN',
]


class About(context.RequestContext):
    """What a log line is about, kept per thread."""

    def __init__(self, request_id: str | None, operation: str = '', step: str = ''):
        super().__init__(request_id=request_id or '-', overwrite=True)
        self.operation, self.step = operation, step

    def to_dict(self) -> dict[str, str]:
        words = [self.request_id, self.operation, self.step]
        return {
            'request_id': self.request_id,
            'operation': self.operation,
            'step': self.step,
            'about': ' '.join(word for word in words if word),
        }

    get_logging_values = to_dict


def register(conf: cfg.ConfigOpts) -> None:
    """oslo.log's own options; before the command line and files are read."""
    log.register_options(conf)
    log.set_defaults(logging_context_format_string=_FORMAT, default_log_levels=_QUIET)
    conf.set_default('logging_default_format_string', _PLAIN)


def setup(conf: cfg.ConfigOpts) -> None:
    log.setup(conf, 'dbaas')
    logging.captureWarnings(True)


@contextlib.contextmanager
def about(request_id: str | None, operation: str = '', step: str = '') -> Iterator[None]:
    """Everything this thread logs inside carries these words."""
    before = context.get_current()
    About(request_id, operation, step)
    try:
        yield
    finally:
        (before or About(None)).update_store()
