"""[database]: the control plane's own database."""

from oslo_config import cfg

GROUP = 'database'
OPTIONS = [
    cfg.StrOpt('connection', secret=True, help='SQLAlchemy URL; default: SQLite in the state directory.'),
    cfg.IntOpt('reruns', default=10, min=1, help='Tries of a unit of work after a deadlock or a busy database.'),
]
