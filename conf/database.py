"""[database]: the control plane's own database."""

from oslo_config import cfg

GROUP = 'database'
OPTIONS = [
    cfg.StrOpt('connection', secret=True, help='SQLAlchemy URL; default: SQLite in the state directory.'),
    cfg.IntOpt('reruns', default=10, min=1, help='Tries of a unit of work after a deadlock or a busy database.'),
    cfg.IntOpt('pool_size', default=10, min=1, help='Connections that each process keeps open.'),
    cfg.IntOpt('max_overflow', default=10, min=0, help='Connections that it may open beyond those for a moment.'),
    cfg.FloatOpt(
        'answer_within', default=15.0, min=1, help='Seconds after which a statement without an answer is given up.'
    ),
]
